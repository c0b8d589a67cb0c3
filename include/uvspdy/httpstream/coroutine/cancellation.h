#pragma once

#include <uv.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/httpstream/coroutine/task.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream::co {

namespace detail {

/// A task under a guard, which may end it.
class Guard : public Waiter {
 public:
  virtual void give_up(Error error) = 0;

 protected:
  Guard() = default;
  ~Guard() = default;
};

class CancellationState : public std::enable_shared_from_this<CancellationState> {
 public:
  explicit CancellationState(uv_loop_t* loop) : wakeup_(loop, [this] { turn(); }) {}

  void cancel() {
    cancelled_ = true;
    if (!guards_.empty()) wakeup_.schedule();
  }
  bool is_cancelled() const { return cancelled_; }
  void add(Guard& guard) { guards_.push_back(&guard); }
  void remove(const Guard& guard) { std::erase(guards_, &guard); }
  static Error error() { return net::uv_error(UV_ECANCELED, "the task was cancelled"); }

 private:
  void turn() {
    const auto keep = shared_from_this();
    while (!guards_.empty()) {
      Guard* guard = guards_.front();
      guards_.erase(guards_.begin());
      guard->give_up(error());
    }
  }

  std::vector<Guard*> guards_;
  bool cancelled_ = false;
  net::Wakeup wakeup_;
};

}  // namespace detail

/// Ends tasks from elsewhere: each that runs under `with_cancellation` is destroyed, and its
/// awaiter goes on with UV_ECANCELED. Copies stand for the same.
class Cancellation {
 public:
  explicit Cancellation(uv_loop_t* loop)
      : state_(std::make_shared<detail::CancellationState>(loop)) {}

  /// Ends them in the loop's next turn, never inside this call; it may be made by one of them.
  /// Tasks that come under it later end at once.
  void cancel() const { state_->cancel(); }
  bool is_cancelled() const { return state_->is_cancelled(); }

 private:
  template <class>
  friend class Guarded;
  std::shared_ptr<detail::CancellationState> state_;
};

/// Runs a task until it has ended, or a time has passed, or it is cancelled. By with_timeout and
/// with_cancellation.
template <class T>
class [[nodiscard]] Guarded final : detail::Guard {
 public:
  Guarded(Task<T> task, uv_loop_t* loop, std::chrono::milliseconds timeout)
      : task_(std::move(task)), timeout_(timeout) {
    timer_.emplace(loop, [this] {
      give_up(Error(Errc::kTimeout,
                    "not done within " + std::to_string(timeout_.count()) + " milliseconds"));
    });
  }
  Guarded(Task<T> task, const Cancellation& cancellation)
      : task_(std::move(task)), cancellation_(cancellation.state_) {}
  ~Guarded() { leave(); }

  bool await_ready() {
    if (cancellation_ && cancellation_->is_cancelled()) error_ = cancellation_->error();
    return error_.has_value();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    waits(handle);
    if (!task_.run(handle)) return false;
    if (timer_) timer_->start(timeout_);
    if (cancellation_) cancellation_->add(*this);
    // The task itself may have asked for it.
    if (cancellation_ && cancellation_->is_cancelled()) cancellation_->cancel();
    return true;
  }
  T await_resume() {
    leave();
    return error_ ? T(std::move(*error_)) : task_.take();
  }

 private:
  void leave() {
    timer_.reset();
    if (cancellation_) cancellation_->remove(*this);
  }
  // From the loop, so the task waits.
  void give_up(Error error) override {
    error_ = std::move(error);
    task_.destroy();
    resume();
  }

  Task<T> task_;
  std::chrono::milliseconds timeout_{};
  std::optional<net::Timer> timer_;
  std::shared_ptr<detail::CancellationState> cancellation_;
  std::optional<Error> error_;
};

/// Awaits a task for so long at most; then the task is destroyed and the error is kTimeout. T is
/// Error or a Result. A timeout of 0 or less ends a task that waits in the loop's next turn;
/// milliseconds::max() never.
template <class T>
Guarded<T> with_timeout(uv_loop_t* loop, std::chrono::milliseconds timeout, Task<T> task) {
  return Guarded<T>(std::move(task), loop, timeout);
}

/// Awaits a task that `cancellation` can end; the error is then UV_ECANCELED. T as above.
template <class T>
Guarded<T> with_cancellation(const Cancellation& cancellation, Task<T> task) {
  return Guarded<T>(std::move(task), cancellation);
}

}  // namespace uvspdy::httpstream::co
