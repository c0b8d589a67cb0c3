#pragma once

#include <algorithm>
#include <chrono>

#include "uvspdy/limits.h"
#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// A token bucket: Rate::burst tokens when full, refilled with Rate::per_second.
class TokenBucket {
 public:
  /// Takes `tokens`, even if the bucket has fewer. Returns how long it takes until none is missing;
  /// 0 if the bucket had enough.
  std::chrono::nanoseconds take(double tokens, const Rate& rate, Time now) {
    const auto per_second = static_cast<double>(rate.per_second);
    if (now > last_) {
      const std::chrono::duration<double> passed = now - last_;
      spent_ = std::max(spent_ - passed.count() * per_second, 0.0);
    }
    last_ = now;
    spent_ += tokens;
    const double missing = spent_ - static_cast<double>(rate.burst);
    if (missing <= 0) return {};
    const std::chrono::duration<double> wait(missing / per_second);
    return wait < kLongest ? std::chrono::ceil<std::chrono::nanoseconds>(wait) : kLongest;
  }

 private:
  // A wait of a rate of 0. Added to a Time, the sum is one.
  static constexpr std::chrono::hours kLongest{24 * 365};

  double spent_ = 0;  // tokens that the bucket lacks until it is full
  Time last_{};
};

}  // namespace uvspdy::session
