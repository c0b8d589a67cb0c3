#pragma once

#include <string_view>

namespace uvspdy::command {

/// The completion script of a shell: "bash", "zsh" or "fish"; empty for another one. The scripts
/// ask `uvspdy __complete` (see complete.h).
std::string_view completion_script(std::string_view shell);

}  // namespace uvspdy::command
