#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "uvspdy/session/options.h"

// The windows of section 2.6.8, a stream's and the connection's alike: DATA payload counts, heads
// do not. Each stream has two, so they are small.

namespace uvspdy::session {

/// What we may still send. Negative when the peer has made its windows smaller.
class SendWindow {
 public:
  explicit SendWindow(std::int64_t size) : available_(size) {}

  std::int64_t available() const { return available_; }
  bool is_open() const { return available_ > 0; }
  void sent(std::size_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

  /// A WINDOW_UPDATE, or the difference that a SETTINGS makes. False, and nothing done, when the
  /// window would pass 2^31-1.
  bool move(std::int64_t difference);

  void restart(std::int64_t size) { available_ = size; }

 private:
  std::int64_t available_;
};

/// What the peer may still send. Credit is given back as the application consumes, once half of
/// the window has been used; for a reader that keeps up the window then grows.
class ReceiveWindow {
 public:
  /// Starts with `size` bytes, 1 to 2^31-1.
  explicit ReceiveWindow(std::int64_t size)
      : available_(size), size_(static_cast<std::uint32_t>(size)), growth_(0), overrun_(false) {}

  std::int64_t size() const { return size_; }
  std::int64_t available() const { return available_; }

  void received(std::size_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

  /// The application has taken `bytes`. Returns the delta of the WINDOW_UPDATE that is now due, or
  /// 0. The window doubles when half of it was used within two round trips: a sender that is that
  /// fast waits for the window, not for its data. It grows by no more than `most_growth`.
  std::uint32_t consumed(std::size_t bytes, Time now,
                         std::optional<std::chrono::nanoseconds> round_trip,
                         std::int64_t most_growth);

  /// How much it has grown.
  std::int64_t growth() const { return growth_; }

  /// The peer has sent more than it could, by whatever it knew of the window: it counts none.
  void note_overrun() { overrun_ = true; }
  bool was_overrun() const { return overrun_; }

  /// `consumed` while no WINDOW_UPDATE can be sent: the credit is kept.
  void withhold(std::size_t bytes) { consumed_ += static_cast<std::int64_t>(bytes); }

  /// Moves the window by the difference that a SETTINGS of ours makes.
  void move(std::int64_t difference);

  /// Begins anew, with `held` bytes that the application has not taken yet.
  void restart(std::size_t held);

 private:
  static constexpr Time kNever = Time::min();

  std::int64_t available_;
  std::int64_t consumed_ = 0;  // and not given back yet
  Time last_update_ = kNever;
  std::uint32_t size_;  // all of it
  std::uint32_t growth_ : 31;
  std::uint32_t overrun_ : 1;
};

}  // namespace uvspdy::session
