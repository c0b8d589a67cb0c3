#pragma once

#include <uv.h>

#include <chrono>
#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// The libuv loop of a command.
class Loop {
 public:
  /// Makes a loop. Errors: libuv's, when the process may open too few descriptors.
  static Result<Loop> open();

  /// Like open, for a command that needs libuv's threads, to resolve names and for standard input
  /// and output. Errors: also when the user may start too few threads.
  static Result<Loop> open_with_threads();

  uv_loop_t* get() { return loop_.get(); }

  /// Runs until no handle is active, or uv_stop.
  void run() { uv_run(loop_.get(), UV_RUN_DEFAULT); }

  /// Runs at a command's end, while connections are being closed. Since a peer may be gone, it runs
  /// for `limit` at most, and then calls `before_exit` and ends the process with `exit_code`.
  void run_out(std::chrono::milliseconds limit, int exit_code,
               OnceCallback<void()> before_exit = {});

 private:
  struct Close {
    void operator()(uv_loop_t* loop) const;
  };

  Loop() = default;

  std::unique_ptr<uv_loop_t, Close> loop_;
};

}  // namespace uvspdy::command
