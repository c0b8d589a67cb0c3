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
  /// By how much their windows have grown, in bytes.
  std::int64_t growth() const { return growth_; }

  /// Bytes of a stream were taken. `growth` is that of its window so far.
  void used(ReceiveWindow& window, std::int64_t growth) {
    window.recently_used = true;
    if (std::exchange(window.active, true)) return;
    ++count_;
    growth_ += growth;
  }

  /// The window of an active stream has grown, or shrunk, by `difference`.
  void resized(std::int64_t difference) { growth_ += difference; }

  void forget(ReceiveWindow& window, std::int64_t growth) {
    if (!std::exchange(window.active, false)) return;
    --count_;
    growth_ -= growth;
  }

  /// Whether it is time to call `look` for each stream.
  bool look_is_due(Time now) {
    if (now - looked_ < kIdle) return false;
    looked_ = now;
    return true;
  }

  /// Forgets a stream that has received nothing since the last look.
  void look(ReceiveWindow& window, std::int64_t growth) {
    if (!std::exchange(window.recently_used, false)) forget(window, growth);
  }

 private:
  static constexpr std::chrono::seconds kIdle{2};

  std::int64_t count_ = 0;
  std::int64_t growth_ = 0;
  Time looked_{};
};

}  // namespace uvspdy::session
