#pragma once

#include <uv.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "uvspdy/callback.h"

namespace uvspdy::command {

// The end of a command's time, by --timeout. A command is asked to end then as by a signal, for
// which it has this number, and ends with the exit code of timeout(1).
inline constexpr int kTimeIsUp = SIGALRM;
inline constexpr int kTimeIsUpCode = 124;

// How long a command may take to end in order when its time is over. Each command has a limit of
// its own for that, which is less.
inline constexpr std::chrono::seconds kTimeToEndInOrder{20};

/// Sets the time that this process has from now on; 0: as long as it takes. Until a DeadlineWatch
/// has started, the process ends as soon as its time is over, with a line and kTimeIsUpCode: a file
/// may be read meanwhile that never ends. From then on, the watch asks it to end, and a process
/// that has not ended kTimeToEndInOrder later is ended all the same.
void start_deadline(const std::string& command, std::chrono::milliseconds time);

/// The exit code of a command that was asked to end by a signal or by kTimeIsUp.
int exit_code_of_stop(int signal);

/// Calls a handler, from the loop, when the time of start_deadline is over, and writes the line. It
/// does not keep the loop alive.
class DeadlineWatch {
 public:
  DeadlineWatch() = default;
  DeadlineWatch(const DeadlineWatch&) = delete;
  DeadlineWatch& operator=(const DeadlineWatch&) = delete;

  /// Starts watching, once; does nothing if there is no deadline.
  void start(uv_loop_t* loop, Callback<void()> on_time_is_up);

  /// From here on, the handler is not called and no line written.
  void stop();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace uvspdy::command
