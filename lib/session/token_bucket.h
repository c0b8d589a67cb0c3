#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "uvspdy/limits.h"
#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// A token bucket: Rate::burst tokens when full, refilled with Rate::per_second.
class TokenBucket {
 public:
  /// Takes `tokens`, even if the bucket has fewer. Returns how long it takes until none is missing;
  /// 0 if the bucket had enough.
  std::chrono::nanoseconds take(double tokens, const Rate& rate, Time now) {
    const Nanoseconds each =
        std::min(Nanoseconds(std::chrono::seconds(1)) / static_cast<double>(rate.per_second),
                 Nanoseconds(kNever));
    full_at_ = std::max(full_at_, now) + bounded(each * tokens);
    const auto missing = (full_at_ - now) - bounded(each * static_cast<double>(rate.burst));
    return std::max<std::chrono::nanoseconds>(missing, std::chrono::nanoseconds(0));
  }

 private:
  using Nanoseconds = std::chrono::duration<double, std::nano>;

  // A token of a rate of 0.
  static constexpr std::chrono::hours kNever{24};
  // The sum of two of these fits into Time.
  static constexpr std::chrono::hours kLongest{24 * 365 * 100};

  static std::chrono::nanoseconds bounded(Nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::min(time, Nanoseconds(kLongest)));
  }

  Time full_at_{};  // when the bucket will be full again
};

}  // namespace uvspdy::session
