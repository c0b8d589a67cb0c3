#pragma once

#include <uv.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <thread>

#include "support/catch.h"

namespace uvspdy::test {

/// How long a condition may take before its test fails: far more than any of them needs, on a slow
/// machine and with sanitizers too.
inline constexpr std::chrono::seconds kDeadline{30};

/// A libuv loop for one test. At its end it checks that the loop can end (DESIGN: promise 3): no
/// handle is active any more, and none was left unclosed.
///
/// Declare it first, and end a test with `REQUIRE(loop.run_out())` while everything that handlers
/// refer to is still there. In handlers use CHECK: REQUIRE throws, and libuv is C.
class TestLoop {
 public:
  TestLoop() : loop_(std::make_unique<uv_loop_t>()), deadline_(std::make_unique<uv_timer_t>()) {
    uv_loop_init(loop_.get());
    uv_timer_init(loop_.get(), deadline_.get());
    deadline_->data = this;
    // It must not keep the loop alive.
    uv_unref(handle(deadline_.get()));
  }

  ~TestLoop() {
    std::string left;
    if (std::uncaught_exceptions() == 0) {
      left = active_handles();
      CHECK(left.empty());
    }
    // Of a test that failed, handlers may be waiting that refer to what is gone: no more turns.
    if (std::uncaught_exceptions() > 0 || !left.empty()) {
      leak();
      return;
    }
    uv_close(handle(deadline_.get()), nullptr);
    uv_run(loop_.get(), UV_RUN_DEFAULT);
    const int closed = uv_loop_close(loop_.get());
    CHECK(closed == 0);
    if (closed != 0) leak();
  }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;

  uv_loop_t* get() const { return loop_.get(); }

  /// Runs the loop until `condition()` holds. False when the deadline has passed, or when the loop
  /// has nothing to do any more, before it does.
  template <class Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    start_deadline();
    while (!condition()) {
      const bool alive = uv_run(loop_.get(), UV_RUN_ONCE) != 0;
      if (condition()) break;
      if (!alive || late_) {
        UNSCOPED_INFO((late_ ? "the deadline has passed; active: " + active_handles()
                             : std::string("the loop has ended before the condition held")));
        return false;
      }
    }
    uv_timer_stop(deadline_.get());
    return true;
  }

  /// The same for what no event of the loop tells: files that other processes write, and processes
  /// that end.
  template <class Condition>
  [[nodiscard]] bool poll_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      run_turns(1);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  /// Runs the loop until nothing keeps it alive. False when the deadline has passed before.
  [[nodiscard]] bool run_out() {
    return run_until([this] { return uv_loop_alive(loop_.get()) == 0; });
  }

  /// Runs a number of turns without waiting: what is due happens, time need not pass.
  void run_turns(int count) {
    for (int i = 0; i < count; ++i) uv_run(loop_.get(), UV_RUN_NOWAIT);
  }

 private:
  template <class T>
  static uv_handle_t* handle(T* derived) {
    return static_cast<uv_handle_t*>(static_cast<void*>(derived));
  }

  void start_deadline() {
    late_ = false;
    uv_update_time(loop_.get());
    uv_timer_start(
        deadline_.get(),
        [](uv_timer_t* timer) { static_cast<TestLoop*>(timer->data)->late_ = true; },
        static_cast<std::uint64_t>(std::chrono::milliseconds(kDeadline).count()), 0);
  }

  std::string active_handles() const {
    struct Walk {
      const void* own;
      std::string names;
    } walk{deadline_.get(), {}};
    uv_walk(
        loop_.get(),
        [](uv_handle_t* found, void* argument) {
          auto* walking = static_cast<Walk*>(argument);
          if (found == walking->own || uv_is_active(found) == 0 || uv_is_closing(found) != 0)
            return;
          walking->names += std::string(walking->names.empty() ? "" : ", ") +
                            uv_handle_type_name(uv_handle_get_type(found));
        },
        &walk);
    return walk.names;
  }

  // Handles that are still in the loop's list point to it. A chain of such loops keeps the leak
  // checker from reporting all that hangs on them on top of the failure.
  void leak() {
    static uv_loop_t* newest = nullptr;
    loop_->data = newest;
    newest = loop_.release();
    (void)deadline_.release();
  }

  std::unique_ptr<uv_loop_t> loop_;
  std::unique_ptr<uv_timer_t> deadline_;
  bool late_ = false;
};

}  // namespace uvspdy::test
