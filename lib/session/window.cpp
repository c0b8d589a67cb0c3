#include "session/window.h"

#include <algorithm>

#include "uvspdy/wire/frame.h"

namespace uvspdy::session {
namespace {

// A window of which less than half was used in so many round trips, and so long, is too large.
constexpr int kLongest = 16;
constexpr std::chrono::seconds kLeastLongest{1};
// From 1 MiB on, a WINDOW_UPDATE returns a sixteenth of the window. One of a half would let a
// window as large as bandwidth times delay carry two thirds of the bandwidth.
constexpr std::int64_t kWorthAFrame = 64 * 1024;

}  // namespace

bool SendWindow::move(std::int64_t difference) {
  if (available_ + difference > std::int64_t{wire::kMaxWindow}) return false;
  available_ += difference;
  return true;
}

void ReceiveWindow::taken(std::size_t bytes) {
  taken_ += static_cast<std::int64_t>(bytes);
  used_ = static_cast<std::uint32_t>(std::min<std::size_t>(used_ + bytes, wire::kMaxWindow));
}

std::int64_t ReceiveWindow::wanted_size(Time now,
                                        std::optional<std::chrono::nanoseconds> round_trip,
                                        std::int64_t times) {
  const bool half_used = 2 * std::int64_t{used_} >= size();
  const bool measured = round_trip && since_ != kNever;
  const auto passed = measured ? now - since_ : Time::duration();
  // Bytes that come in bursts, as after a wait of the loop, say nothing about a shorter time.
  if (half_used && measured && passed < *round_trip / 2) return goal_;
  const bool long_unused = measured && passed >= kLongest * *round_trip && passed >= kLeastLongest;
  if (!half_used && !long_unused) return goal_;
  since_ = now;
  used_ = 0;
  if (!half_used) return goal_ / 2;
  return measured && passed < 2 * *round_trip ? times * size() : goal_;
}

void ReceiveWindow::resize(std::int64_t size) {
  goal_ = static_cast<std::uint32_t>(size);
  if (size <= this->size()) return;
  const std::int64_t more = size - this->size();
  size_ = goal_;
  taken_ += more;
}

std::uint32_t ReceiveWindow::give_back(std::size_t held) {
  const std::int64_t withheld = std::min(taken_, size() - std::int64_t{goal_});
  if (withheld > 0) {
    size_ -= static_cast<std::uint32_t>(withheld);
    taken_ -= withheld;
  }
  // Buffered bytes do not count: what they leave of the window would be used up before half of the
  // whole were taken, and nothing more would come.
  const std::int64_t usable = size() - static_cast<std::int64_t>(held);
  const std::int64_t worth_a_frame =
      std::min((usable + 1) / 2, std::max(usable / 16, kWorthAFrame));
  if (taken_ < worth_a_frame) return 0;
  const std::int64_t delta = std::min(taken_, std::int64_t{wire::kMaxWindow} - available_);
  taken_ -= delta;
  available_ += delta;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(delta, 0, wire::kMaxWindow));
}

void ReceiveWindow::move(std::int64_t difference) {
  size_ = static_cast<std::uint32_t>(size() + difference);
  goal_ = static_cast<std::uint32_t>(std::int64_t{goal_} + difference);
  available_ += difference;
}

void ReceiveWindow::restart(std::size_t held) {
  available_ = std::max<std::int64_t>(0, size() - static_cast<std::int64_t>(held));
  taken_ = 0;
  since_ = kNever;
  used_ = 0;
}

}  // namespace uvspdy::session
