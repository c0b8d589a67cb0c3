#pragma once

#include "flags/cli_app.h"

namespace uvspdy::command {

/// Prints the manual page uvspdy(1), in the language man(7), of the texts of --help. Returns the
/// exit code.
int print_man_page(const CLI::App& app);

}  // namespace uvspdy::command
