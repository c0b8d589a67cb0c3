#pragma once

#include <string>
#include <vector>

#include "flags/cli_app.h"

namespace uvspdy::command {

// One function per command: it adds the subcommand with its flags to `app` and, when the
// subcommand is the one called, sets `exit_code`.

// `command` has the words after the first "--" of the command line, for a subcommand that runs
// them.
void add_serve(CLI::App& app, const std::vector<std::string>& command, int& exit_code);
void add_exec(CLI::App& app, const std::vector<std::string>& command, int& exit_code);
void add_cp(CLI::App& app, int& exit_code);
void add_port_forward(CLI::App& app, int& exit_code);
void add_attach(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_dump(CLI::App& app, int& exit_code);

}  // namespace uvspdy::command
