#pragma once

#include <functional>
#include <string>

namespace uvspdy::command {

/// Removes a folder with everything below it, also what is deeper than a path can name, and what
/// its owner may not write to. `breathe` is called again and again meanwhile. Whatever cannot be
/// removed stays.
///
/// Only for a folder that nobody else can enter: others could exchange its content for links.
void remove_tree(const std::string& folder, const std::function<void()>& breathe);

}  // namespace uvspdy::command
