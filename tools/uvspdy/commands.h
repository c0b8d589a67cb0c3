#pragma once

#include <CLI/CLI.hpp>

// One function per command: it adds the subcommand with its flags to `app` and, when the
// subcommand is the one called, sets `exit_code`.

void add_serve(CLI::App& app, int& exit_code);
void add_exec(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
