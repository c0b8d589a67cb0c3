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

  /// Whether windows count, the peer's and ours. Until we know they do.
  bool keeps_to_windows() const { return found_ != PeerFlowControl::kNone; }

  /// Whether there may be any: not with `none`.
  bool has_windows() const { return mode_ != FlowControl::kNone; }

  /// Whether sending past a window is an error.
  bool is_strict() const { return mode_ == FlowControl::kStandard; }

  /// A SETTINGS or WINDOW_UPDATE has come. True when it comes late: we have sent without windows.
  bool windows_seen() {
    if (mode_ != FlowControl::kAutomatic) return false;
    const bool late = found_ == PeerFlowControl::kNone;
    found_ = PeerFlowControl::kWindows;
    return late;
  }

  /// The opening PING is answered, or the peer has sent past a window of ours. True when that is
  /// how we know that it has none.
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
