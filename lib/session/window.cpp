#include "session/window.h"

#include <algorithm>

#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

bool SendWindow::move(std::int64_t difference) {
  if (available_ + difference > std::int64_t{wire::kMaxWindow}) return false;
  available_ += difference;
  return true;
}

std::uint32_t ReceiveWindow::consumed(std::size_t bytes, Time now,
                                      std::optional<std::chrono::nanoseconds> round_trip,
                                      std::int64_t most_growth) {
  consumed_ += static_cast<std::int64_t>(bytes);
  if (2 * consumed_ < size()) return 0;
  const bool fast = round_trip && last_update_ != kNever && now - last_update_ < 2 * *round_trip;
  if (fast && most_growth > 0) {
    const auto growth = static_cast<std::uint32_t>(std::min(size(), most_growth));
    size_ += growth;
    growth_ = (growth_ + growth) & wire::kMaxWindow;
    consumed_ += growth;
  }
  last_update_ = now;
  const std::int64_t delta = std::min(consumed_, std::int64_t{wire::kMaxWindow} - available_);
  consumed_ -= delta;
  available_ += delta;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(delta, 0, wire::kMaxWindow));
}

void ReceiveWindow::move(std::int64_t difference) {
  size_ = static_cast<std::uint32_t>(size() + difference);
  available_ += difference;
}

void ReceiveWindow::restart(std::size_t held) {
  available_ = std::max<std::int64_t>(0, size() - static_cast<std::int64_t>(held));
  consumed_ = 0;
  last_update_ = kNever;
}

}  // namespace uvspdy::session
