#pragma once

#include <uv.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/httpstream/coroutine/task.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream::co {

namespace detail {

/// The outermost frame of a Run.
struct Detached {
  struct promise_type final : PromiseBase {
    Detached get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const {}
    [[noreturn]] void unhandled_exception() const { std::terminate(); }
  };
  std::coroutine_handle<promise_type> frame;
};

inline Detached detach(Task<void> task) { co_await std::move(task); }

template <class T>
Detached detach(Task<T> task, OnceCallback<void(T)> handler) {
  handler(co_await std::move(task));
}

class TaskGroupState : public std::enable_shared_from_this<TaskGroupState> {
 public:
  explicit TaskGroupState(uv_loop_t* loop) : wakeup_(loop, [this] { turn(); }) {}

  void add(Detached task) {
    auto run = std::make_shared<Run>(task.frame, [this](Run& over) {
      runs_.erase(&over);
      wake_when_empty();
    });
    task.frame.promise().run = run.get();
    starting_.push_back(run);
    runs_.emplace(run.get(), std::move(run));
    wakeup_.schedule();
  }

  void cancel() {
    const auto keep = shared_from_this();
    for (const auto& [address, run] : std::exchange(runs_, {})) run->abandon();
    wake_when_empty();
  }

  std::size_t size() const { return runs_.size(); }
  Waiter*& joiner() { return joiner_; }

 private:
  void turn() {
    const auto keep = shared_from_this();
    for (const auto& weak : std::exchange(starting_, {})) {
      const auto run = weak.lock();
      if (run && runs_.count(run.get()) > 0) run->start();
    }
    if (runs_.empty()) wake(joiner_);
  }
  // Resumes the joiner from the loop, since the last task may end inside a call of `cancel`.
  void wake_when_empty() {
    if (runs_.empty() && joiner_ != nullptr) wakeup_.schedule();
  }

  std::unordered_map<Run*, std::shared_ptr<Run>> runs_;
  std::vector<std::weak_ptr<Run>> starting_;
  Waiter* joiner_ = nullptr;
  net::Wakeup wakeup_;
};

}  // namespace detail

/// Tasks that run concurrently on one loop, and end with the group at the latest. From
/// docs/examples/coroutine_echo.cpp:
///
///     co::Task<> serve(uv_loop_t* loop, co::Connection connection) {
///       co::TaskGroup streams(loop);
///       while (Result<co::NewStream> incoming = co_await connection.accept()) {
///         incoming->decision.accept();
///         streams.spawn(echo(std::move(incoming->stream)), report);
///       }
///     }
///
/// Destroying the group, like `cancel`, destroys every unfinished task, which cancels the operation
/// that it waits for and closes what it owns. A task may do that to its own group: the task then
/// goes on until it waits next, and is destroyed there; until then it must not use what was
/// destroyed with the group.
///
/// An exception that leaves a spawned task calls std::terminate, because nobody can catch it.
class TaskGroup {
 public:
  explicit TaskGroup(uv_loop_t* loop) : state_(std::make_shared<detail::TaskGroupState>(loop)) {}
  ~TaskGroup() { state_->cancel(); }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task in the loop's next turn, never inside this call.
  void spawn(Task<void> task) { state_->add(detail::detach(std::move(task))); }

  /// Starts a task in the loop's next turn; `handler` gets its result, from the loop. It is not
  /// called for a task that is cancelled.
  template <class T>
  void spawn(Task<T> task, std::type_identity_t<OnceCallback<void(T)>> handler) {
    state_->add(detail::detach<T>(std::move(task), std::move(handler)));
  }

  /// Destroys every task. The group may be used again.
  void cancel() { state_->cancel(); }

  /// The number of unfinished tasks.
  std::size_t size() const { return state_->size(); }

  class JoinAwaiter;
  /// Waits until no task is left; a task of the group itself must not wait here. The error is
  /// UV_EBUSY if another coroutine waits.
  JoinAwaiter join();

 private:
  std::shared_ptr<detail::TaskGroupState> state_;
};

class [[nodiscard]] TaskGroup::JoinAwaiter : PlacedWaiter {
 public:
  explicit JoinAwaiter(const std::shared_ptr<detail::TaskGroupState>& state)
      : PlacedWaiter(state, state->joiner()), state_(*state) {}

  bool await_ready() {
    busy_ = is_taken();
    return busy_ || state_.size() == 0;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits_here(handle);
  }
  Error await_resume() const {
    return busy_ ? net::uv_error(UV_EBUSY, "another task waits for this TaskGroup") : Error();
  }

 private:
  detail::TaskGroupState& state_;
  bool busy_ = false;
};

inline TaskGroup::JoinAwaiter TaskGroup::join() { return JoinAwaiter(state_); }

}  // namespace uvspdy::httpstream::co
