#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace uvspdy {

/// What a TokenBucket admits: `burst` events at once, and then so many in each second.
struct TokenRate {
  /// None after the burst if `each_second` is 0.
  static TokenRate per_second(std::size_t each_second, std::size_t burst) {
    return {static_cast<double>(each_second), static_cast<double>(burst)};
  }
  static TokenRate per_minute(std::size_t each_minute, std::size_t burst) {
    return {static_cast<double>(each_minute) / 60, static_cast<double>(burst)};
  }

  double tokens_per_second;
  double burst;
};

/// A token bucket. A new one is full. The caller passes the same rate to each call.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Takes a token; false if there is none.
  bool take(const TokenRate& rate, Time now) {
    if (!has_token(rate, now)) return false;
    (void)charge(1, rate, now);
    return true;
  }

  bool has_token(const TokenRate& rate, Time now) const {
    return spent(rate, now) + 1 <= rate.burst;
  }

  bool is_full(const TokenRate& rate, Time now) const { return spent(rate, now) <= 0; }

  /// Takes `tokens`, even if the bucket has fewer. Returns how long it takes until none is missing;
  /// 0 if the bucket had enough.
  std::chrono::nanoseconds charge(double tokens, const TokenRate& rate, Time now) {
    spent_ = spent(rate, now) + tokens;
    last_ = std::max(last_, now);
    const double missing = spent_ - rate.burst;
    if (missing <= 0) return {};
    const std::chrono::duration<double> wait(missing / rate.tokens_per_second);
    return wait < kLongest ? std::chrono::ceil<std::chrono::nanoseconds>(wait) : kLongest;
  }

 private:
  // A wait of a rate of 0. Added to a Time, the sum is one.
  static constexpr std::chrono::hours kLongest{24 * 365};

  // What the bucket lacks until it is full.
  double spent(const TokenRate& rate, Time now) const {
    if (now <= last_) return spent_;
    const std::chrono::duration<double> passed = now - last_;
    return std::max(spent_ - passed.count() * rate.tokens_per_second, 0.0);
  }

  double spent_ = 0;  // at `last_`
  Time last_{};
};

}  // namespace uvspdy
