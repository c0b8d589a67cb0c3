#pragma once

#include <uv.h>

#include <chrono>
#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// A libuv loop of a command's own.
class Loop {
 public:
  /// Errors: libuv's, for a process that may have too few descriptors.
  static Result<Loop> open();

  /// The same for a command that needs libuv's threads: to look names up, and for standard input
  /// and output. Errors: also for a user who may have too few processes.
  static Result<Loop> open_with_threads();

  uv_loop_t* get() { return loop_.get(); }

  /// Runs until nothing is active any more.
  void run() { uv_run(loop_.get(), UV_RUN_DEFAULT); }

  /// The same at a command's end, when all that matters is done: what is left is connections that
  /// are being closed. The peer may be gone, so this runs for `limit` at most, and then ends the
  /// process with `exit_code`; `before_exit` is called before that.
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
