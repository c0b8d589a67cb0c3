#pragma once

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "support/catch.h"
#include "support/mentions.h"

namespace uvspdy::test {

#ifdef NDEBUG
inline constexpr bool kThreadsAreChecked = false;
#else
inline constexpr bool kThreadsAreChecked = true;
#endif

/// Runs a function in a process of its own. What that process says on stderr when a signal ends it;
/// empty if none does.
inline std::string says_when_called(const std::function<void()>& call) {
  std::array<int, 2> output{};
  REQUIRE(pipe(output.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(output[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);  // Catch's own handler would tell a story
    call();
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

/// The same on a thread of its own.
inline std::string says_when_called_elsewhere(const std::function<void()>& call) {
  return says_when_called([&call] {
    std::thread([&call] {
      pthread_setname_np(pthread_self(), "elsewhere");
      call();
    }).join();
  });
}

/// Whether it names the object then, and what to do.
inline bool says(const std::string& object, const std::function<void()>& call) {
  const std::string text = says_when_called_elsewhere(call);
  return mentions(text, {object.c_str(), "was made on thread", "elsewhere", "Poster::post"});
}

}  // namespace uvspdy::test
