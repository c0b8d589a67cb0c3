#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// The round trips that PINGs have measured. Windows follow the least one of the last 10 to 20
/// seconds: a PING that waited behind data, in a queue of ours or of the network, says how long the
/// queue is. A window that followed that would make the queue longer.
class RoundTrips {
 public:
  void note(std::chrono::nanoseconds round_trip, Time now) {
    if (now - since_ >= kGeneration) {
      // Values older than two generations no longer count.
      before_ = now - since_ < 2 * kGeneration ? least_ : std::nullopt;
      least_.reset();
      since_ = now;
    }
    least_ = least_ ? std::min(*least_, round_trip) : round_trip;
    newest_ = now;
  }

  std::optional<std::chrono::nanoseconds> least() const {
    if (!before_ || !least_) return least_;
    return std::min(*before_, *least_);
  }

  /// Whether one is known and the newest is so old that another should be measured while much is
  /// received. It lasts a second, or a round trip if that is longer.
  bool is_old(Time now) const {
    const auto known = least();
    return known && now - newest_ >= std::max<std::chrono::nanoseconds>(kOld, *known);
  }

 private:
  static constexpr std::chrono::seconds kGeneration{10};
  static constexpr std::chrono::seconds kOld{1};

  std::optional<std::chrono::nanoseconds> least_;   // of this generation
  std::optional<std::chrono::nanoseconds> before_;  // of the one before
  Time since_{};
  Time newest_{};
};

}  // namespace uvspdy::session
