#pragma once

#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"

namespace uvspdy::session {

/// Detects whether the peer has flow control. Frames on a connection stay in order: the answer to a
/// PING that we send first comes after the SETTINGS or WINDOW_UPDATE with which a peer with flow
/// control begins. So no clock is needed.
class PeerFlowControlFinder {
 public:
  explicit PeerFlowControlFinder(FlowControl mode)
      : mode_(mode),
        found_(mode == FlowControl::kAutomatic  ? PeerFlowControl::kUnknown
               : mode == FlowControl::kStandard ? PeerFlowControl::kWindows
                                                : PeerFlowControl::kNone) {}

  PeerFlowControl found() const { return found_; }

  /// Whether both sides respect windows; true until the contrary is known.
  bool keeps_to_windows() const { return found_ != PeerFlowControl::kNone; }

  /// Whether the peer may turn out to have windows: not with FlowControl::kNone.
  bool has_windows() const { return mode_ != FlowControl::kNone; }

  /// Whether sending past a window is an error.
  bool is_strict() const { return mode_ == FlowControl::kStandard; }

  /// A SETTINGS or WINDOW_UPDATE has arrived. Returns true if it comes late: we have already sent
  /// without regard to windows.
  bool windows_seen() {
    if (mode_ != FlowControl::kAutomatic) return false;
    const bool late = found_ == PeerFlowControl::kNone;
    found_ = PeerFlowControl::kWindows;
    return late;
  }

  /// The opening PING was answered, or the peer has sent past one of our windows. Returns true if
  /// this shows that it has no flow control.
  bool no_windows_seen() {
    if (found_ != PeerFlowControl::kUnknown) return false;
    found_ = PeerFlowControl::kNone;
    return true;
  }

 private:
  FlowControl mode_;
  PeerFlowControl found_;
};

}  // namespace uvspdy::session
