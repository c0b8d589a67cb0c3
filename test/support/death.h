#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "support/catch.h"

namespace uvspdy::test {

/// Runs a function in a process of its own. What that process says on stderr when SIGABRT ends it;
/// empty if it comes back, or ends otherwise.
template <class Function>
std::string text_if_it_dies(const Function& function) {
  std::array<int, 2> output{};
  REQUIRE(pipe(output.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(output[1], STDERR_FILENO);
    // Catch2 has a handler of its own, which would tell of a failed test.
    std::signal(SIGABRT, SIG_DFL);
    function();
    _exit(0);
  }
  close(output[1]);
  std::string text;
  std::array<char, 512> piece{};
  for (ssize_t size; (size = read(output[0], piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  close(output[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? text : "";
}

/// The same of a function that is to die: one that does not, or says nothing, fails the test.
template <class Function>
std::string text_of_death(const Function& function) {
  const std::string text = text_if_it_dies(function);
  CHECK_FALSE(text.empty());
  return text;
}

}  // namespace uvspdy::test
