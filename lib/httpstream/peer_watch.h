#pragma once

#include <chrono>
#include <optional>

#include "uvspdy/error.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// When the system is to be asked for a peer that we may not hear: every five seconds in which we
/// do not read, or in which the peer has not acknowledged all that we have sent.
///
/// Whether it has costs a system call, too. So what is sent only makes a question due, and what
/// there is to ask is looked at then.
class PeerWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kPeriod{5};

  /// To be called whenever it changes. At first nothing is read.
  void set_reading(bool reading, Time now) {
    reading_ = reading;
    if (!reading_) arm(now);
  }

  void note_sent(Time now) { arm(now); }

  /// When `ask` is to be called.
  std::optional<Time> due() const { return due_; }
  bool is_due(Time now) const { return due_ && *due_ <= now; }

  /// The error of a peer that is gone (Transport::check_peer), or success. One that is gone is
  /// asked for again in each period.
  Error ask(const net::Transport& transport, Time now);

  /// The same for who has a reason to ask.
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
