#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::httpstream::co {

/// Awaits a call whose handler is called once. If the awaiter is destroyed before, it cancels the
/// call's Attempt, and a result that still comes is destroyed: T must own what it stands for.
template <class T>
class [[nodiscard]] OneShot : Waiter {
 public:
  using Handler = OnceCallback<void(Result<T>)>;
  using Start = std::function<net::Attempt(Handler)>;

  explicit OneShot(Start start) : start_(std::move(start)) {}
  ~OneShot() {
    if (!shared_) return;
    shared_->waiter = nullptr;
    if (!shared_->result) attempt_.cancel();
  }

  bool await_ready() const { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits(handle);
    shared_ = std::make_shared<Shared>();
    shared_->waiter = this;
    attempt_ = start_([shared = shared_](Result<T> result) {
      if (shared->waiter == nullptr) return;
      shared->result.emplace(std::move(result));
      wake(shared->waiter);
    });
  }
  Result<T> await_resume() { return std::move(*shared_->result); }

 private:
  struct Shared {
    Waiter* waiter = nullptr;
    std::optional<Result<T>> result;
  };

  Start start_;
  std::shared_ptr<Shared> shared_;
  net::Attempt attempt_;
};

}  // namespace uvspdy::httpstream::co
