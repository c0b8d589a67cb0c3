#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace uvspdy::kube {

/// For how long, in all, others may still be held up for one client. It regains a tenth of the time
/// that passes. Times are the loop's (uv_now).
class Patience {
 public:
  Patience(std::chrono::milliseconds most, std::uint64_t now)
      : most_(most), left_(most), counted_(now) {}

  std::chrono::milliseconds left(std::uint64_t now) {
    const std::uint64_t regained = (now - counted_) / kRegain;
    counted_ += regained * kRegain;  // what is too short to count is kept for the next time
    left_ = std::min(most_, left_ + std::chrono::milliseconds(regained));
    return left_;
  }

  /// They were held up from `from`, when `left` was asked for, until `now`.
  void spend(std::uint64_t from, std::uint64_t now) {
    left_ -= std::chrono::milliseconds(now - from);
    counted_ += now - from;
  }

 private:
  static constexpr std::uint64_t kRegain = 10;

  std::chrono::milliseconds most_;
  std::chrono::milliseconds left_;
  std::uint64_t counted_;  // what has passed until then
};

}  // namespace uvspdy::kube
