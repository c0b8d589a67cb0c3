#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/error.h"

/// A libuv loop of a command's own.
class Loop {
 public:
  /// Errors: libuv's, for a process that may have too few descriptors.
  static uvspdy::Result<Loop> open();

  /// The same for a command that needs libuv's threads: to look names up, and for standard input
  /// and output. Errors: also for a user who may have too few processes.
  static uvspdy::Result<Loop> open_with_threads();

  uv_loop_t* get() { return loop_.get(); }

  /// Runs until nothing is active any more.
  void run() { uv_run(loop_.get(), UV_RUN_DEFAULT); }

 private:
  struct Close {
    void operator()(uv_loop_t* loop) const;
  };

  Loop() = default;

  std::unique_ptr<uv_loop_t, Close> loop_;
};
