#pragma once

#include <charconv>
#include <string>
#include <system_error>
#include <type_traits>

namespace uvspdy::command {

/// A check for CLI11: what is wrong with the value of an option that is a whole number; empty:
/// nothing. CLI11's own take an empty value for 0, and numbers that are too large for others.
template <class Number>
std::string check_whole_number(const std::string& text) {
  Number number{};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc() && end == last) return {};
  const bool is_too_large = error == std::errc::result_out_of_range && end == last;
  return "'" + text + "' is " + (is_too_large ? "too large" : "no number") +
         ": give a whole number" + (std::is_unsigned_v<Number> ? ", of at least 0" : "");
}

}  // namespace uvspdy::command
