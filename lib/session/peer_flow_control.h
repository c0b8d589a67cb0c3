#pragma once

#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"

namespace uvspdy::session {

/// Which of the two worlds the peer lives in, and how that is found out. Frames are in order on
/// one connection, so the answer to a PING sent at the start comes after whatever a peer with flow
/// control sent at its start: no clock is asked.
class PeerFlowControlFinder {
 public:
  explicit PeerFlowControlFinder(FlowControl mode)
      : mode_(mode),
        found_(mode == FlowControl::kAutomatic  ? PeerFlowControl::kUnknown
               : mode == FlowControl::kStandard ? PeerFlowControl::kWindows
                                                : PeerFlowControl::kNone) {}

  PeerFlowControl found() const { return found_; }

  /// Whether we keep to the peer's windows. Until we know we do.
  bool sends_in_windows() const { return found_ != PeerFlowControl::kNone; }

  /// Whether we give windows to the peer. None of the frames that do that are for a peer that
  /// has no flow control.
  bool gives_windows() const { return found_ != PeerFlowControl::kNone; }

  /// Whether sending past a window is an error.
  bool is_strict() const { return mode_ == FlowControl::kStandard; }

  /// Whether the session begins with SETTINGS and a PING.
  bool has_opening() const { return mode_ != FlowControl::kNone; }

  /// A SETTINGS or WINDOW_UPDATE has come. True when that is news to us: after we had sent without
  /// windows, both sides can only start them afresh.
  bool windows_seen() {
    if (mode_ != FlowControl::kAutomatic) return false;
    const bool late = found_ == PeerFlowControl::kNone;
    found_ = PeerFlowControl::kWindows;
    return late;
  }

  /// The opening PING is answered. True when the peer has shown no window until then.
  bool opening_answered() {
    if (found_ != PeerFlowControl::kUnknown) return false;
    found_ = PeerFlowControl::kNone;
    return true;
  }

 private:
  FlowControl mode_;
  PeerFlowControl found_;
};

}  // namespace uvspdy::session
