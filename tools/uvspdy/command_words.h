#pragma once

#include <string>

#include "flags/cli_app.h"

namespace uvspdy::command {

/// Shows these words at the end of the usage of a subcommand that takes a command after "--",
/// which the parser never sees.
void show_command_words(CLI::App& command, std::string words);

}  // namespace uvspdy::command
