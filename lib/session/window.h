#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "uvspdy/session/options.h"

// The windows of section 2.6.8, of streams and of the connection. They count DATA payload without
// the frame heads. Each stream has two, so they are small.

namespace uvspdy::session {

/// Bytes that we may still send. Negative after the peer has made its windows smaller.
class SendWindow {
 public:
  explicit SendWindow(std::int64_t size) : available_(size) {}

  std::int64_t available() const { return available_; }
  bool is_open() const { return available_ > 0; }
  void sent(std::size_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

  /// Applies a WINDOW_UPDATE, or the change made by SETTINGS. Does nothing and returns false if the
  /// window would grow past 2^31-1.
  bool move(std::int64_t difference);

  void restart(std::int64_t size) { available_ = size; }

 private:
  std::int64_t available_;
};

/// Bytes that the peer may still send. Credit is given back as the user takes data. The size
/// follows the peer: see `wanted_size`. A smaller size takes effect as bytes are taken, which are
/// then not given back: a window that was given cannot be taken away.
class ReceiveWindow {
 public:
  /// Starts with `size` bytes, 1 to 2^31-1.
  explicit ReceiveWindow(std::int64_t size)
      : available_(size), size_(static_cast<std::uint32_t>(size)), goal_(size_) {}

  /// The whole window: what is open, what is buffered, and what was taken and not yet given back.
  std::int64_t size() const { return size_; }
  std::int64_t available() const { return available_; }

  void received(std::size_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

  /// The user has taken `bytes`, or they were dropped.
  void taken(std::size_t bytes);

  /// The size that suits the peer, for `resize`. It is `times` times as large once half of the
  /// window was used within two round trips: so fast a sender waits for the window, not for its own
  /// data. It is half as large once half was not used within sixteen round trips, or a second if
  /// that is longer: the window is then eight times as large as one that grows. Else it is the goal
  /// so far.
  std::int64_t wanted_size(Time now, std::optional<std::chrono::nanoseconds> round_trip,
                           std::int64_t times);

  /// Sets the size, at once if it grows, else as bytes are taken.
  void resize(std::int64_t size);

  /// Returns the delta of a WINDOW_UPDATE to send now, or 0 until it is worth a frame. `held` bytes
  /// of the window are buffered for readers that do not take them.
  std::uint32_t give_back(std::size_t held);

  /// The peer has sent more than any window it may know of allows: it has no flow control.
  void note_overrun() { overrun_ = true; }
  bool was_overrun() const { return overrun_; }

  // Of ActiveStreams.
  bool active = false;
  bool recently_used = false;

  /// Applies the change that SETTINGS of ours make.
  void move(std::int64_t difference);

  /// Restarts the window, less `held` bytes that the user has not taken yet.
  void restart(std::size_t held);

 private:
  static constexpr Time kNever = Time::min();

  std::int64_t available_;
  std::int64_t taken_ = 0;  // and not yet given back
  Time since_ = kNever;     // half of the window had been used
  std::uint32_t used_ = 0;  // bytes taken since then
  std::uint32_t size_;
  std::uint32_t goal_;  // less than the size while the window shrinks
  bool overrun_ = false;
};

}  // namespace uvspdy::session
