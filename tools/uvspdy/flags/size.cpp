#include "flags/size.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace uvspdy::command {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array kUnits = {
    Unit{"", 1},         Unit{"k", 1000},     Unit{"M", 1000 * 1000}, Unit{"G", 1000 * 1000 * 1000},
    Unit{"Ki", 1 << 10}, Unit{"Mi", 1 << 20}, Unit{"Gi", 1 << 30}};
constexpr std::uint64_t kMost = std::uint64_t{1} << 63;

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(),
                                        [text](const Unit& each) { return each.name == text; });
  if (unit == kUnits.end() || number > kMost / unit->bytes) return std::nullopt;
  return number * unit->bytes;
}

}  // namespace uvspdy::command
