#pragma once

#include <cstdio>
#include <string>
#include <string_view>

/// One line on stderr that says which command failed and what to do; returns the exit code.
inline int report_error(std::string_view command, const std::string& message, int exit_code = 1) {
  std::fprintf(stderr, "uvspdy %.*s: %s\n", static_cast<int>(command.size()), command.data(),
               message.c_str());
  return exit_code;
}
