#pragma once

#include <string>
#include <vector>

#include "flags/cli_app.h"

namespace uvspdy::command {

// One function per command: it adds the subcommand with its flags to `app` and, when the
// subcommand is the one called, sets `exit_code`.

// `command` has the words behind "--", for a subcommand that runs them. It must outlive `app`: the
// words are there when the command line has been parsed.
void add_serve(CLI::App& app, const std::vector<std::string>& command, int& exit_code);
void add_exec(CLI::App& app, const std::vector<std::string>& command, int& exit_code);
void add_cp(CLI::App& app, int& exit_code);
void add_port_forward(CLI::App& app, int& exit_code);
void add_attach(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_dump(CLI::App& app, int& exit_code);
void add_completion(CLI::App& app);
void add_help(CLI::App& app);
void add_version(CLI::App& app);

}  // namespace uvspdy::command
