#pragma once

#include <chrono>
#include <optional>

#include "uvspdy/error.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Decides when to ask the system whether the peer is still there: every five seconds in which we
/// do not read, or the peer has not acknowledged all sent bytes.
///
/// To find out whether all is acknowledged takes a system call, too. So sending only makes a
/// question due, and at that time it is decided whether to ask.
class PeerWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kPeriod{5};

  /// To be called at each change. The initial state is "not reading".
  void set_reading(bool reading, Time now) {
    reading_ = reading;
    if (!reading_) arm(now);
  }

  void note_sent(Time now) { arm(now); }

  /// The time at which `ask` is to be called.
  std::optional<Time> due() const { return due_; }
  bool is_due(Time now) const { return due_ && *due_ <= now; }

  /// Asks if there is a reason. Returns the error of a peer that is gone (Transport::check_peer),
  /// or success. A peer that is gone is asked for again in each period.
  Error ask(const net::Transport& transport, Time now);

  /// Asks without looking for a reason.
  Error ask_at_once(const net::Transport& transport, Time now);

 private:
  void arm(Time now) {
    if (!due_) due_ = now + kPeriod;
  }

  bool reading_ = false;
  bool gone_ = false;
  std::optional<Time> due_;
};

}  // namespace uvspdy::httpstream
