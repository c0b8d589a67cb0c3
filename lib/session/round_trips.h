#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// The round trips that PINGs have measured. Windows follow the least one: a PING that waited
/// behind data, in a queue of ours or of the network, says how long the queue is, and a window that
/// followed that would make the queue longer. A long transfer may leave no PING without such a
/// wait, so the least one counts for as long as the connection lives.
class RoundTrips {
 public:
  void note(std::chrono::nanoseconds round_trip, Time now) {
    // Windows do not grow for a peer that takes longer to answer.
    round_trip = std::min<std::chrono::nanoseconds>(round_trip, kLongest);
    least_ = least_ ? std::min(*least_, round_trip) : round_trip;
    newest_ = now;
  }

  std::optional<std::chrono::nanoseconds> least() const { return least_; }

  /// Much has been received.
  void want() { wanted_ = true; }
  /// Whether that is so since the last call, and the newest is so old that another one should be
  /// measured.
  bool take_due(Time now) {
    return std::exchange(wanted_, false) && least_ && now - newest_ >= kOld;
  }

 private:
  static constexpr std::chrono::seconds kLongest{1};
  static constexpr std::chrono::seconds kOld{1};

  std::optional<std::chrono::nanoseconds> least_;
  Time newest_{};
  bool wanted_ = false;
};

}  // namespace uvspdy::session
