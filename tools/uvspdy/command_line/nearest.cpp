#include "command_line/nearest.h"

#include <algorithm>
#include <cstddef>

namespace uvspdy::command {
namespace {

constexpr std::size_t kMostChanges = 2;
constexpr std::size_t kLongest = 64;

// How many letters have to be added, left out, changed, or swapped with their neighbour (the
// optimal string alignment distance).
std::size_t changes(std::string_view from, std::string_view to) {
  std::vector<std::vector<std::size_t>> table(from.size() + 1,
                                              std::vector<std::size_t>(to.size() + 1));
  for (std::size_t i = 0; i <= from.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= to.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = table[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, changed});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[from.size()][to.size()];
}

}  // namespace

std::string nearest(std::string_view wrong, const std::vector<std::string>& names) {
  if (wrong.empty() || wrong.size() > kLongest) return {};
  std::string found;
  std::size_t fewest = std::min(kMostChanges, (wrong.size() - 1) / 2) + 1;
  for (const std::string& name : names) {
    const std::size_t count = changes(wrong, name);
    if (count >= fewest) continue;
    fewest = count;
    found = name;
  }
  if (!found.empty()) return found;
  const auto begins = [wrong](const std::string& name) { return name.starts_with(wrong); };
  if (std::count_if(names.begin(), names.end(), begins) != 1) return {};
  return *std::find_if(names.begin(), names.end(), begins);
}

}  // namespace uvspdy::command
