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

/// Bytes that the peer may still send. Credit is given back as the user takes data, once half of
/// the window has been used; the window of a reader that keeps up also grows.
class ReceiveWindow {
 public:
  /// Starts with `size` bytes, 1 to 2^31-1.
  explicit ReceiveWindow(std::int64_t size)
      : available_(size), size_(static_cast<std::uint32_t>(size)), growth_(0), overrun_(false) {}

  std::int64_t size() const { return size_; }
  std::int64_t available() const { return available_; }

  void received(std::size_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

  /// The user has taken `bytes`. Returns the delta of a WINDOW_UPDATE to send now, or 0. The window
  /// doubles if half of it was used within two round trips: so fast a sender waits for the window,
  /// not for its own data. It grows by no more than `most_growth`.
  std::uint32_t consumed(std::size_t bytes, Time now,
                         std::optional<std::chrono::nanoseconds> round_trip,
                         std::int64_t most_growth);

  /// The growth so far, in bytes.
  std::int64_t growth() const { return growth_; }

  /// The peer has sent more than any window it may know of allows: it has no flow control.
  void note_overrun() { overrun_ = true; }
  bool was_overrun() const { return overrun_; }

  /// Like `consumed` while no WINDOW_UPDATE can be sent: the credit is kept for later.
  void withhold(std::size_t bytes) { consumed_ += static_cast<std::int64_t>(bytes); }

  /// Applies the change that SETTINGS of ours make.
  void move(std::int64_t difference);

  /// Restarts the window, less `held` bytes that the user has not taken yet.
  void restart(std::size_t held);

 private:
  static constexpr Time kNever = Time::min();

  std::int64_t available_;
  std::int64_t consumed_ = 0;  // taken, and not yet given back
  Time last_update_ = kNever;
  std::uint32_t size_;  // the whole window
  std::uint32_t growth_ : 31;
  std::uint32_t overrun_ : 1;
};

}  // namespace uvspdy::session
