#pragma once

#include <uv.h>

/// A libuv loop of a command's own.
class Loop {
 public:
  Loop() { uv_loop_init(&loop_); }
  ~Loop() {
    run();  // what its users closed last is let go of in one more turn
    uv_loop_close(&loop_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* get() { return &loop_; }

  /// Runs until nothing is active any more.
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }

 private:
  uv_loop_t loop_;
};
