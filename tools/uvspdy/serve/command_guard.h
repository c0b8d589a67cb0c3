#pragma once

#include <cstdint>
#include <memory>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// Ends the commands of this process when this process is killed (SIGKILL, the kernel out of
/// memory) and cannot end them itself. It is a small process of its own: it is told of each
/// command, sees by the end of a pipe that this process has gone, and then sends SIGHUP to the
/// sessions of the commands that are left, and SIGKILL after five seconds, as a LocalRuntime that
/// stops.
///
/// It does not reach: a command started in the instant before this process is killed; processes
/// that have begun a session of their own (setsid, daemons), which a LocalRuntime does not reach
/// either; processes that now run as another user (sudo), which get no more than the hang-up of
/// their terminal; and anything, when it is killed itself before this process is.
class CommandGuard {
 public:
  /// Starts it. Call it before there is a thread, a loop or an open file: it shares nothing of
  /// them. Errors: libuv's, when there are too few descriptors or processes.
  static Result<std::unique_ptr<CommandGuard>> start();

  /// Lets it end, after it has ended the commands that are left.
  ~CommandGuard();
  CommandGuard(const CommandGuard&) = delete;
  CommandGuard& operator=(const CommandGuard&) = delete;

  /// A command leads the session `pid`; and it is over. False once, when the guard has gone and
  /// commands would be left behind.
  [[nodiscard]] bool started(int pid) { return tell(pid); }
  [[nodiscard]] bool over(int pid) { return tell(-pid); }

  CommandGuard(int pipe, int pid) : pipe_(pipe), pid_(pid) {}  // use `start`

 private:
  bool tell(std::int32_t message);

  int pipe_;
  int pid_;
};

}  // namespace uvspdy::command
