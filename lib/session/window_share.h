#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "session/share_of_rest.h"
#include "uvspdy/session/window_budget.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// What one session has taken of a WindowBudget. Its destructor gives all of it back.
class WindowShare {
 public:
  /// Of a budget of its own, if `budget` is null.
  explicit WindowShare(std::shared_ptr<WindowBudget> budget)
      : budget_(budget ? std::move(budget) : std::make_shared<WindowBudget>()) {}
  ~WindowShare() { resize(0); }
  WindowShare(const WindowShare&) = delete;
  WindowShare& operator=(const WindowShare&) = delete;

  std::size_t size() const { return size_; }

  /// The most that this session may have now.
  std::size_t most() const {
    return std::min<std::size_t>(share_of_rest(size_ + budget_->remaining(), kTimes),
                                 wire::kMaxWindow);
  }

  /// Takes more, or gives some back. Never takes more than is free.
  void resize(std::size_t size) {
    if (size == size_) return;
    std::size_t remaining = budget_->remaining();
    std::size_t taken = 0;
    do {
      taken = std::min(size, size_ + remaining);
    } while (!budget_->remaining_.compare_exchange_weak(remaining, remaining + size_ - taken,
                                                        std::memory_order_relaxed));
    size_ = taken;
  }

 private:
  static constexpr std::size_t kTimes = 16;

  std::shared_ptr<WindowBudget> budget_;
  std::size_t size_ = 0;
};

}  // namespace uvspdy::session
