#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace uvspdy::command {

/// Parses a timeout of a command line as kubectl does: "5" is seconds; "1m30s" and "500ms" have
/// their units (ms, s, m, h). Nothing for any other text, or for more than ten years.
std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text);

}  // namespace uvspdy::command
