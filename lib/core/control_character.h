#pragma once

namespace uvspdy {

/// Whether a byte is one of ASCII's control characters, NUL and DEL among them.
constexpr bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

/// Whether an ASCII control character is white space: a tab, or one that ends a line or page.
constexpr bool is_space_control(char c) { return c >= '\t' && c <= '\r'; }

}  // namespace uvspdy
