#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "uvspdy/printable.h"

namespace uvspdy::command {

/// The exit code for a command line that is wrong, whatever the machine and the server.
constexpr int kUsageError = 2;

// These wait for whoever reads stderr, as a command's last words must, and those before it begins.
// What a command says while others wait for it goes through a LineWriter.

/// One line on stderr, printable whoever its words are from.
inline void report_line(std::string_view line) {
  std::fprintf(stderr, "%s\n", printable(line).c_str());
}

/// The same, which says which command failed and what to do; returns the exit code.
inline int report_error(std::string_view command, std::string_view message, int exit_code = 1) {
  report_line("uvspdy " + std::string(command) + ": " + std::string(message));
  return exit_code;
}

/// The same for a command line that is wrong.
inline int report_usage_error(std::string_view command, std::string_view message) {
  return report_error(command, message, kUsageError);
}

}  // namespace uvspdy::command
