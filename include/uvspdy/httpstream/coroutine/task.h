#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "uvspdy/httpstream/coroutine/run.h"

namespace uvspdy::httpstream::co {

template <class T = void>
class Task;

namespace detail {

// Continues the awaiter. If the awaiter has called this task and is still inside that call, it is
// continued by returning: so a task that never waits takes no stack, however often it is awaited.
struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
    const PromiseBase& promise = handle.promise();
    if (promise.called || !promise.continuation) return std::noop_coroutine();
    return promise.continuation;
  }
  void await_resume() const noexcept {}
};

struct TaskPromiseBase : PromiseBase {
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() { exception = std::current_exception(); }
  void rethrow() const {
    if (exception) std::rethrow_exception(exception);
  }
  std::exception_ptr exception;
};

template <class T>
struct TaskPromise final : TaskPromiseBase {
  Task<T> get_return_object();
  template <class U = T>
  requires std::constructible_from<T, U>
  void return_value(U&& value) { result.emplace(std::forward<U>(value)); }
  T take() {
    rethrow();
    return std::move(*result);
  }
  std::optional<T> result;
};

template <>
struct TaskPromise<void> final : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() const {}
  void take() const { rethrow(); }
};

}  // namespace detail

/// A coroutine that computes a T. It is lazy: it begins when it is awaited, or spawned in a
/// TaskGroup. From docs/examples/coroutine_echo.cpp:
///
///     co::Task<Error> hello_in_time(uv_loop_t* loop, Dialer dialer) {
///       constexpr std::chrono::seconds kPatience(10);
///       co_return co_await co::with_timeout(loop, kPatience, hello(std::move(dialer)));
///     }
///
/// A Task owns its frame. Destroying a Task that waits, or has not begun, destroys the frame with
/// its variables, and cancels the operation that it waits for. Awaiting moves the Task into the
/// awaiting frame, so that both are destroyed together. An exception that leaves the coroutine (the
/// library throws none) is thrown at the awaiter.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { destroy(); }

  class Awaiter;
  Awaiter operator co_await() && { return Awaiter(std::move(*this)); }

 private:
  friend promise_type;
  template <class>
  friend class Guarded;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  // Runs the task until it waits or has ended. True: it waits, and `continuation` is resumed when
  // it has ended.
  template <class Promise>
  bool run(std::coroutine_handle<Promise> continuation) {
    promise_type& promise = frame_.promise();
    promise.continuation = continuation;
    if constexpr (std::is_base_of_v<PromiseBase, Promise>) promise.run = continuation.promise().run;
    promise.called = true;
    frame_.resume();
    if (frame_.done()) return false;
    promise.called = false;
    return true;
  }
  T take() { return frame_.promise().take(); }
  void destroy() {
    if (const auto frame = std::exchange(frame_, {})) frame.destroy();
  }

  std::coroutine_handle<promise_type> frame_;
};

template <class T>
class Task<T>::Awaiter {
 public:
  explicit Awaiter(Task task) : task_(std::move(task)) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;

  bool await_ready() const { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return task_.run(handle);
  }
  T await_resume() { return task_.take(); }

 private:
  Task task_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> detail::TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace uvspdy::httpstream::co
