#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace uvspdy::command {

/// Calls `each` with every line of a text, without its line feed. The last line may have none.
template <class Each>
void for_each_line(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace uvspdy::command
