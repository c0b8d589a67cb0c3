#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace uvspdy {

/// What a TokenBucket admits: `burst` events at once, and then one in each interval.
class TokenRate {
 public:
  /// None after the burst if `each_second` is 0.
  static TokenRate per_second(std::size_t each_second, std::size_t burst) {
    return {interval(std::chrono::seconds(1), each_second, burst), burst};
  }
  static TokenRate per_minute(std::size_t each_minute, std::size_t burst) {
    return {interval(std::chrono::minutes(1), each_minute, burst), burst};
  }

 private:
  friend class TokenBucket;

  static constexpr std::chrono::nanoseconds kNever = std::chrono::hours(24 * 365);
  // Short enough to be added to the clock's times without overflow.
  static constexpr double kLongest = 1e18;

  static std::chrono::nanoseconds interval(std::chrono::nanoseconds time, std::size_t events,
                                           std::size_t burst) {
    if (events == 0) {  // as long as the whole burst still fits into kLongest
      const double longest = kLongest / static_cast<double>(std::max<std::size_t>(burst, 1));
      return std::min(kNever, std::chrono::nanoseconds(static_cast<std::int64_t>(longest)));
    }
    // In 64 bits also where a size has 32.
    const auto nanoseconds = static_cast<std::uint64_t>(time.count()) / events;
    return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(nanoseconds));
  }

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
