#pragma once

#include <chrono>
#include <functional>

#include "uvspdy/net/handle.h"

namespace uvspdy::net {

/// Calls a handler once when a time has passed. Destroying the Timer stops it, also from inside
/// its handler.
class Timer {
 public:
  Timer(uv_loop_t* loop, std::function<void()> handler);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Starts, or starts again, with the time from now.
  void start(std::chrono::milliseconds delay);
  void stop();

 private:
  Handle<uv_timer_t> timer_;
  std::shared_ptr<std::function<void()>> handler_;
};

/// Calls a handler once from the loop, as soon as the loop comes round: for what must not happen
/// inside the caller's call. Scheduling it twice before it runs is scheduling it once.
///
/// While one is scheduled the loop does not block; otherwise it does not keep the loop alive.
class Wakeup {
 public:
  Wakeup(uv_loop_t* loop, std::function<void()> handler);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void schedule();
  void cancel();

 private:
  Handle<uv_idle_t> idle_;
  std::shared_ptr<std::function<void()>> handler_;
};

}  // namespace uvspdy::net
