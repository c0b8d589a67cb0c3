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

/// Runs a task and may end it early.
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

/// Ends tasks from outside: each task that runs under `with_cancellation` is destroyed, and its
/// awaiter is resumed with UV_ECANCELED. Copies stand for the same Cancellation.
class Cancellation {
 public:
  explicit Cancellation(uv_loop_t* loop)
      : state_(std::make_shared<detail::CancellationState>(loop)) {}

  /// Ends the tasks in the loop's next turn, never inside this call, which may be made by one of
  /// them. A task that comes under the Cancellation later ends at once.
  void cancel() const { state_->cancel(); }
  bool is_cancelled() const { return state_->is_cancelled(); }

 private:
  template <class>
  friend class Guarded;
  std::shared_ptr<detail::CancellationState> state_;
};

/// The awaiter of with_timeout and with_cancellation: runs a task until it has ended, its time is
/// up, or it is cancelled.
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
    // The task itself may have called `cancel` just now.
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
  // Called from the loop only, so the task is suspended.
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

/// Awaits a task for at most `timeout`; then the task is destroyed, and the result is the error
/// httpstream::Errc::kTimeout. T is Error or a Result. With a timeout of 0 or less a task that
/// waits ends in the loop's next turn; milliseconds::max() is no limit.
template <class T>
Guarded<T> with_timeout(uv_loop_t* loop, std::chrono::milliseconds timeout, Task<T> task) {
  return Guarded<T>(std::move(task), loop, timeout);
}

/// Awaits a task that `cancellation` may end; the result is then the error UV_ECANCELED. T is Error
/// or a Result.
template <class T>
Guarded<T> with_cancellation(const Cancellation& cancellation, Task<T> task) {
  return Guarded<T>(std::move(task), cancellation);
}

}  // namespace uvspdy::httpstream::co
