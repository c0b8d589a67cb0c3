#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace uvspdy::kube {

/// The loop's time (uv_now) `duration` from now; now for a negative duration, and INT64_MAX for one
/// that would exceed it.
inline std::uint64_t loop_time_after(const uv_loop_t* loop, std::chrono::milliseconds duration) {
  const std::uint64_t now = uv_now(loop);
  if (duration.count() <= 0) return now;
  const auto count = static_cast<std::uint64_t>(duration.count());
  constexpr auto kLast = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return count < kLast - now ? now + count : kLast;
}

}  // namespace uvspdy::kube
