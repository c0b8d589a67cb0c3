#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "uvspdy/callback.h"

namespace uvspdy::httpstream::co {

/// One task of a TaskGroup, with all tasks that it awaits. Every resumption of one of them goes
/// through `resume`. So the task's own code may drop the Run: the frames are destroyed when that
/// code waits next, never while it runs.
class Run : public std::enable_shared_from_this<Run> {
 public:
  /// Takes over the outermost frame. `on_over` is called once, when that frame has run to its end;
  /// not after `abandon`.
  Run(std::coroutine_handle<> frame, OnceCallback<void(Run&)> on_over)
      : frame_(frame), on_over_(std::move(on_over)) {}
  ~Run() { destroy(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void start() { resume(frame_); }

  /// Resumes `inner`, the frame of this run that is suspended.
  void resume(std::coroutine_handle<> inner) {
    const auto keep = shared_from_this();
    running_ = true;
    inner.resume();
    running_ = false;
    if (abandoned_) return destroy();
    if (!frame_.done()) return;
    destroy();
    on_over_(*this);
  }

  /// Destroys all frames: at once, or when the running code that calls this waits next.
  void abandon() {
    on_over_ = {};
    abandoned_ = true;
    if (!running_) destroy();
  }

 private:
  void destroy() {
    if (const auto frame = std::exchange(frame_, {})) frame.destroy();
  }

  std::coroutine_handle<> frame_;
  OnceCallback<void(Run&)> on_over_;
  bool running_ = false;
  bool abandoned_ = false;
};

/// The common part of the promises of this library's coroutines.
struct PromiseBase {
  Run* run = nullptr;                    // outlives the frame
  std::coroutine_handle<> continuation;  // the awaiter
  bool called = false;                   // by an awaiter that is not suspended yet
};

/// A suspended coroutine, for those who resume it. Awaiters derive from it: an awaiter lives in the
/// suspended frame and is destroyed with it, and its destructor removes it from its waiting place.
class Waiter {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Resumes the coroutine, which destroys `this`. From the loop only.
  void resume() {
    const auto handle = handle_;
    if (run_ == nullptr) return handle.resume();
    run_->resume(handle);
  }

 protected:
  Waiter() = default;
  ~Waiter() = default;

  template <class Promise>
  void waits(std::coroutine_handle<Promise> handle) {
    handle_ = handle;
    if constexpr (std::is_base_of_v<PromiseBase, Promise>) run_ = handle.promise().run;
  }

 private:
  std::coroutine_handle<> handle_;
  Run* run_ = nullptr;  // null: a coroutine of a type that is not of this library
};

/// Resumes the coroutine that waits at a place, if there is one, and clears the place.
inline void wake(Waiter*& place) {
  if (Waiter* waiter = std::exchange(place, nullptr)) waiter->resume();
}

/// The coroutines that wait for one event.
class Waiters {
 public:
  void add(Waiter& waiter) { waiting_.push_back(&waiter); }
  void remove(const Waiter& waiter) { std::erase(waiting_, &waiter); }

  /// Resumes each, in the order of `add`. A coroutine that an earlier one destroys is left out.
  void wake_all() {
    while (!waiting_.empty()) {
      Waiter* waiter = waiting_.front();
      waiting_.erase(waiting_.begin());
      waiter->resume();
    }
  }

 private:
  std::vector<Waiter*> waiting_;
};

/// An awaiter at a place in shared state that has room for one awaiter.
class PlacedWaiter : public Waiter {
 protected:
  PlacedWaiter(std::shared_ptr<void> owner, Waiter*& place)
      : owner_(std::move(owner)), place_(place) {}
  ~PlacedWaiter() { leave(); }

  bool is_taken() const { return place_ != nullptr; }
  bool is_waiting() const { return place_ == this; }
  void leave() {
    if (is_waiting()) place_ = nullptr;
  }

  template <class Promise>
  void waits_here(std::coroutine_handle<Promise> handle) {
    waits(handle);
    place_ = this;
  }

 private:
  std::shared_ptr<void> owner_;  // of the place
  Waiter*& place_;
};

}  // namespace uvspdy::httpstream::co
