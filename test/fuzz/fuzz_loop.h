#pragma once

#include <uv.h>

#include "violation.h"

namespace uvspdy::fuzz {

/// A libuv loop for one input. Its turns never wait, so that an input takes no longer than its
/// work; timers therefore do not run before the time that they are set for has really passed.
class FuzzLoop {
 public:
  FuzzLoop() { require(uv_loop_init(&loop_) == 0, "no loop"); }
  /// Everything that used the loop is gone, and so are its handles.
  ~FuzzLoop() { require(uv_loop_close(&loop_) == 0, "the loop still has handles"); }
  FuzzLoop(const FuzzLoop&) = delete;
  FuzzLoop& operator=(const FuzzLoop&) = delete;

  uv_loop_t* get() { return &loop_; }

  void turns(std::size_t count) {
    for (; count > 0; --count) uv_run(&loop_, UV_RUN_NOWAIT);
  }

  /// Runs the loop until nothing keeps it alive; `what` is the violation if that takes too many
  /// turns.
  void run_out(const char* what) {
    constexpr int kTurns = 20'000;
    for (int i = 0; uv_loop_alive(&loop_) != 0; ++i) {
      require(i < kTurns, what);
      uv_run(&loop_, UV_RUN_NOWAIT);
    }
  }

 private:
  uv_loop_t loop_{};
};

}  // namespace uvspdy::fuzz
