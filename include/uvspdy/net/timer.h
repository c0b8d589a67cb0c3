#pragma once

#include <uv.h>

#include <chrono>
#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

/// Calls a handler once, after a delay; an empty handler is not called. When the loop has been held
/// up and is 50 ms late or more (the process was stopped, or a callback took long), input that has
/// come meanwhile is read once before the handler runs: what came in time is not late. Destroying
/// the Timer stops it, also from inside the handler. The loop frees the handler and the objects
/// that it owns in a later turn, not inside the destructor.
class UVSPDY_EXPORT Timer {
 public:
  Timer(uv_loop_t* loop, Callback<void()> handler);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Starts or restarts the timer. With a `delay` of 0 or less the handler is called in the loop's
  /// next turn, if the loop is not held up until then; with milliseconds::max(), never.
  void start(std::chrono::milliseconds delay);

  /// Stops the timer until the next `start`. Does nothing if it is not running.
  void stop();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;
};

/// Calls a handler once, in the loop's next turn, for work that must not happen inside the caller's
/// call. Scheduling it again before the handler has run has no effect.
///
/// A scheduled Wakeup keeps the loop from blocking; otherwise it does not keep the loop alive. Like
/// a Timer, it may be destroyed at any time, and the loop frees its handler.
class UVSPDY_EXPORT Wakeup {
 public:
  Wakeup(uv_loop_t* loop, Callback<void()> handler);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// The handler is called once, in the loop's next turn, never inside this call.
  void schedule();

  /// The handler is not called until the next `schedule`. Does nothing if none is scheduled.
  void cancel();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace uvspdy::net
