#include "flags/timeout.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace uvspdy::command {
namespace {

struct Unit {
  std::string_view name;
  double milliseconds;
};

constexpr std::array kUnits = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000.0},
                               Unit{"h", 3'600'000.0}};
constexpr double kLongest = 10 * 365 * 24 * 3'600'000.0;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a number without a sign, such as "1.5", off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || (!is_digit(text.front()) && text.front() != '.')) return std::nullopt;
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Takes the name of a unit off the front of `text`; null if there is none.
const Unit* take_unit(std::string_view& text) {
  const std::size_t size = std::min(text.find_first_of("0123456789."), text.size());
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& each) {
    return each.name == text.substr(0, size);
  });
  if (unit == kUnits.end()) return nullptr;
  text.remove_prefix(size);
  return unit;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double total = 0;
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    total = 1000 * take_number(text).value_or(kLongest);
  }
  while (!text.empty()) {
    const std::optional<double> number = take_number(text);
    const Unit* const unit = number ? take_unit(text) : nullptr;
    if (unit == nullptr) return std::nullopt;
    total += *number * unit->milliseconds;
  }
  if (!(total <= kLongest)) return std::nullopt;
  // A time of less than a millisecond is not the 0 that means no limit.
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(total)));
}

}  // namespace uvspdy::command
