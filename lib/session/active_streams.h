#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "session/window.h"

namespace uvspdy::session {

/// The streams that share what the connection's window can carry: each has received something in
/// the last few seconds, and nothing of it waits for a reader. A stream that is idle takes nothing
/// from the others, though its peer may still use the window that it was given.
class ActiveStreams {
 public:
  std::int64_t count() const { return count_; }
  /// By how much the windows of all but one have grown, in bytes; `growth` is that of the one.
  std::int64_t growth_of_others(const ReceiveWindow& window, std::int64_t growth) const {
    return window.active ? growth_ - growth : growth_;
  }

  /// Bytes of a stream were taken. `growth` is that of its window so far.
  void used(ReceiveWindow& window, std::int64_t growth) {
    window.recently_used = true;
    if (std::exchange(window.active, true)) return;
    ++count_;
    growth_ += growth;
  }

  /// A window has grown, or shrunk, by `difference`.
  void resized(const ReceiveWindow& window, std::int64_t difference) {
    if (window.active) growth_ += difference;
  }

  void forget(ReceiveWindow& window, std::int64_t growth) {
    if (!std::exchange(window.active, false)) return;
    --count_;
    growth_ -= growth;
  }

  /// Whether it is time to call `forget_if_idle` for each stream.
  bool idle_check_is_due(Time now) {
    if (now - checked_ < kIdle) return false;
    checked_ = now;
    return true;
  }

  /// Forgets a stream that has received nothing since the last check.
  void forget_if_idle(ReceiveWindow& window, std::int64_t growth) {
    if (!std::exchange(window.recently_used, false)) forget(window, growth);
  }

 private:
  static constexpr std::chrono::seconds kIdle{2};

  std::int64_t count_ = 0;
  std::int64_t growth_ = 0;
  Time checked_{};
};

}  // namespace uvspdy::session
