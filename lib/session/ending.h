#pragma once

#include <utility>

#include "uvspdy/error.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// How far the end of a session has come, from either side.
class Ending {
 public:
  const Error& error() const { return error_; }

  bool is_open() const { return state_ == State::kOpen; }
  bool is_closing() const { return state_ == State::kClosing; }
  /// Nothing comes in or goes out any more.
  bool is_over() const { return state_ == State::kEnded; }
  /// Whether what the peer sends still matters.
  bool takes_input() const { return is_open() || is_closing(); }

  /// This side has closed it, with `reason` if it did so by itself. The rest of the output leaves,
  /// and a GOAWAY behind it.
  void close(wire::GoAwayStatus status, const Error& reason) {
    state_ = State::kClosing;
    goaway_status_ = status;
    error_ = reason;
  }

  /// The peer has broken the protocol, or a limit: GOAWAY, and no more.
  void fail(const Error& error) {
    state_ = State::kFailed;
    error_ = error;
    goaway_status_ = wire::GoAwayStatus::kProtocolError;
    goaway_sent_ = false;  // that of a graceful shutdown said something else
  }

  void finish() { state_ = State::kEnded; }

  // The graceful end.

  bool is_shutting_down() const { return shutting_down_; }
  /// False if it was already.
  bool begin_shutdown() { return !std::exchange(shutting_down_, true); }

  // GOAWAY.

  /// Whether ours was sent, or is queued.
  bool goaway_sent() const { return goaway_sent_; }
  /// Whether one has still to go behind the rest of the output.
  bool wants_goaway() const {
    return (state_ == State::kClosing || state_ == State::kFailed) && !goaway_sent_;
  }
  /// Its status; it counts as sent.
  wire::GoAwayStatus take_goaway() {
    goaway_sent_ = true;
    return goaway_status_;
  }

  bool peer_gone_away() const { return peer_gone_away_; }
  /// False if the peer's has come before.
  bool note_peer_gone_away() { return !std::exchange(peer_gone_away_, true); }

 private:
  enum class State { kOpen, kClosing, kFailed, kEnded };

  State state_ = State::kOpen;
  Error error_;
  bool shutting_down_ = false;
  wire::GoAwayStatus goaway_status_ = wire::GoAwayStatus::kOk;
  bool goaway_sent_ = false;
  bool peer_gone_away_ = false;
};

}  // namespace uvspdy::session
