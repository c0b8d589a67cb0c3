#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uvspdy::command {

/// The name that someone who typed `wrong` may have meant: the one with the fewest letters added,
/// left out, changed or swapped, at most two and fewer than half of them; or the only one that
/// begins with `wrong`. Empty if there is none.
std::string nearest(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace uvspdy::command
