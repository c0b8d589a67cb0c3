#pragma once

#include <cstdio>
#include <string_view>

#include "uvspdy/printable.h"

/// One line on stderr, printable whoever its words are from.
inline void report_line(std::string_view line) {
  std::fprintf(stderr, "%s\n", uvspdy::printable(line).c_str());
}

/// The same, which says which command failed and what to do; returns the exit code.
inline int report_error(std::string_view command, std::string_view message, int exit_code = 1) {
  report_line("uvspdy " + std::string(command) + ": " + std::string(message));
  return exit_code;
}
