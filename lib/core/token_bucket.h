#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace uvspdy {

/// What a TokenBucket admits: `burst` events at once, and then one in each interval.
class TokenRate {
 public:
  /// `each_second` 0: none after the burst.
  static TokenRate per_second(std::size_t each_second, std::size_t burst) {
    return {each_second == 0 ? kNever : std::chrono::nanoseconds(kSecond / each_second), burst};
  }
  static TokenRate per_minute(std::size_t each_minute, std::size_t burst) {
    return {each_minute == 0 ? kNever : std::chrono::nanoseconds(60 * kSecond / each_minute),
            burst};
  }

 private:
  friend class TokenBucket;

  static constexpr std::size_t kSecond = 1'000'000'000;
  static constexpr std::chrono::nanoseconds kNever = std::chrono::hours(24 * 365);
  // Short enough to be added to the clock's times without overflow.
  static constexpr double kLongest = 1e18;

  TokenRate(std::chrono::nanoseconds interval, std::size_t burst)
      : interval_(interval),
        empty_(burst == 0),
        spread_(static_cast<std::chrono::nanoseconds::rep>(
            std::min(kLongest, static_cast<double>(interval.count()) *
                                   static_cast<double>(std::max<std::size_t>(burst, 1) - 1)))) {}

  std::chrono::nanoseconds interval_;
  bool empty_;                       // with a burst of 0 nothing is admitted
  std::chrono::nanoseconds spread_;  // of the burst's other events
};

/// A token bucket, stored as the time at which it is full again. A new one is full.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Takes a token; false if there is none.
  bool take(const TokenRate& rate, Time now) {
    if (!has_token(rate, now)) return false;
    full_at_ = std::max(full_at_, now) + rate.interval_;
    return true;
  }

  bool has_token(const TokenRate& rate, Time now) const {
    return !rate.empty_ && std::max(full_at_, now) - now <= rate.spread_;
  }

  bool is_full(Time now) const { return full_at_ <= now; }

 private:
  Time full_at_{};
};

}  // namespace uvspdy
