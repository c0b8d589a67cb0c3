#pragma once

#include <utility>

#include "uvspdy/error.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The stages of a session's end, whichever side begins it.
class Ending {
 public:
  const Error& error() const { return error_; }

  bool is_open() const { return state_ == State::kOpen; }
  bool is_closing() const { return state_ == State::kClosing; }
  /// Nothing is received or sent any more.
  bool is_over() const { return state_ == State::kEnded; }
  /// Whether received frames still matter.
  bool takes_input() const { return is_open() || is_closing(); }

  /// This side closes the session, with an error in `reason` if the session does so by itself. The
  /// rest of the output is sent, then a GOAWAY.
  void close(wire::GoAwayStatus status, const Error& reason) {
    state_ = State::kClosing;
    goaway_status_ = status;
    error_ = reason;
  }

  /// The peer has broken the protocol or a limit: only a GOAWAY is sent.
  void fail(const Error& error) {
    state_ = State::kFailed;
    error_ = error;
    goaway_status_ = wire::GoAwayStatus::kProtocolError;
    goaway_sent_ = false;  // an earlier one, of a graceful shutdown, had another status
  }

  void finish() { state_ = State::kEnded; }

  // The graceful end.

  bool is_shutting_down() const { return shutting_down_; }
  /// Returns false if the shutdown had begun before.
  bool begin_shutdown() { return !std::exchange(shutting_down_, true); }

  // GOAWAY.

  /// Whether our GOAWAY was sent or is queued.
  bool goaway_sent() const { return goaway_sent_; }
  /// Whether our GOAWAY has to follow the rest of the output.
  bool wants_goaway() const {
    return (state_ == State::kClosing || state_ == State::kFailed) && !goaway_sent_;
  }
  /// Returns the status for our GOAWAY, which counts as sent from now on.
  wire::GoAwayStatus take_goaway() {
    goaway_sent_ = true;
    return goaway_status_;
  }

  bool peer_gone_away() const { return peer_gone_away_; }
  /// Returns false if the peer has sent a GOAWAY before.
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
