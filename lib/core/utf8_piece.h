#pragma once

#include <cstddef>
#include <string_view>

namespace uvspdy {

/// The replacement for invalid parts of a text: U+FFFD.
inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

/// The beginning of a text: a character, or an invalid part, which has as many bytes as could have
/// become one (the Unicode Standard, section 3.9, tables 3-7 and 3-8).
struct Utf8Piece {
  std::size_t size = 0;  ///< in bytes, not 0 unless the text is empty
  bool is_character = false;
};

Utf8Piece first_utf8_piece(std::string_view text);

}  // namespace uvspdy
