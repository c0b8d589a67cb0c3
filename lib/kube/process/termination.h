#pragma once

#include <uv.h>

#include <chrono>

#include "kube/process/process.h"
#include "uvspdy/callback.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// Ends a command and its process group: by a first signal and, after some time to end in order, by
/// SIGKILL. No event shows when a process group that has outlived its leader is gone, so it is
/// polled.
class Termination {
 public:
  /// `on_over` runs once, from the loop, when no process is left, unless is_under_way() has already
  /// returned false for that. `process` must outlive this object.
  Termination(uv_loop_t* loop, Process& process, OnceCallback<void()> on_over);
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;

  /// Sends the first signal to the group. Only the first call counts.
  void begin(int signal, std::chrono::milliseconds grace);

  bool has_begun() const { return state_ != State::kNone; }

  /// Whether it has begun and a process is left. After SIGKILL only the command itself counts,
  /// until it is collected.
  bool is_under_way();

 private:
  enum class State { kNone, kTold, kKilled, kOver };

  void kill();
  void look();

  Process& process_;
  State state_ = State::kNone;
  net::Timer kill_timer_;
  net::Timer look_timer_;
  OnceCallback<void()> on_over_;
};

}  // namespace uvspdy::kube
