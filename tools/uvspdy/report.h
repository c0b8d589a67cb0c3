#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "uvspdy/printable.h"

namespace uvspdy::command {

/// The exit code for a wrong command line, as opposed to a failure of the machine or the server.
constexpr int kUsageError = 2;

// These functions block until stderr takes the line: for a command's messages before it begins and
// when it ends. A command that is running uses a LineWriter, which never blocks.

/// Writes one line to stderr; text that others have chosen is made printable.
inline void report_line(std::string_view line) {
  std::fprintf(stderr, "%s\n", printable(line).c_str());
}

/// Writes "uvspdy COMMAND: MESSAGE" to stderr, and returns the exit code.
inline int report_error(std::string_view command, std::string_view message, int exit_code = 1) {
  report_line("uvspdy " + std::string(command) + ": " + std::string(message));
  return exit_code;
}

/// Like report_error, for a wrong command line.
inline int report_usage_error(std::string_view command, std::string_view message) {
  return report_error(command, message, kUsageError);
}

}  // namespace uvspdy::command
