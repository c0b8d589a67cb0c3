#pragma once

#include <uv.h>

#include <chrono>
#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

/// Calls a handler once when a time has passed; an empty one is nobody, and nothing happens.
/// Destroying the Timer stops it, also from inside its handler. The handler, and what it owns, is
/// freed by the loop, in a later turn.
class UVSPDY_EXPORT Timer {
 public:
  Timer(uv_loop_t* loop, Callback<void()> handler);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Starts, or starts again, with the time from now. With 0 or less the handler runs in the loop's
  /// next turn; with milliseconds::max() never.
  void start(std::chrono::milliseconds delay);

  /// The handler does not run until the next `start`. Harmless when it does not wait.
  void stop();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;
};

/// Calls a handler once from the loop, as soon as the loop comes round: for what must not happen
/// inside the caller's call. Scheduling it twice before it runs is scheduling it once.
///
/// While one is scheduled the loop does not block; otherwise it does not keep the loop alive. It
/// may be destroyed at any time, and its handler is freed, as a Timer's.
class UVSPDY_EXPORT Wakeup {
 public:
  Wakeup(uv_loop_t* loop, Callback<void()> handler);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// The handler runs once, in the loop's next turn, never inside this call.
  void schedule();

  /// It does not run until the next `schedule`. Harmless when none is scheduled.
  void cancel();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace uvspdy::net
