#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace uvspdy::kube {

/// How long in all reading of a process's output may still pause for one client. A tenth of the
/// time that passes is regained. Times are the loop's (uv_now).
class Patience {
 public:
  Patience(std::chrono::milliseconds most, std::uint64_t now)
      : most_(most), left_(most), counted_(now) {}

  std::chrono::milliseconds left(std::uint64_t now) {
    const std::uint64_t regained = (now - counted_) / kRegain;
    counted_ += regained * kRegain;  // the remainder counts at the next call
    left_ = std::min(most_, left_ + std::chrono::milliseconds(regained));
    return left_;
  }

  /// Reading was paused from `from`, when `left` was called, until `now`.
  void spend(std::uint64_t from, std::uint64_t now) {
    left_ -= std::chrono::milliseconds(now - from);
    counted_ += now - from;
  }

 private:
  static constexpr std::uint64_t kRegain = 10;

  std::chrono::milliseconds most_;
  std::chrono::milliseconds left_;
  std::uint64_t counted_;  // the time up to which passed time has been regained
};

}  // namespace uvspdy::kube
