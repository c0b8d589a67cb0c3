#pragma once

namespace uvspdy::session {

/// The beginning of a session's output: the opening frames, which announce our windows, and on a
/// server perhaps the wait for the client's first frame before them.
class Opening {
 public:
  Opening(bool waits_for_client, bool has_frames) : held_(waits_for_client), due_(has_frames) {}

  /// Whether all output waits for the client's first frame.
  bool is_held() const { return held_; }
  void release() { held_ = false; }

  /// Whether the opening frames should be sent now.
  bool is_due() const { return due_ && !held_; }
  void note_sent() { due_ = false; }
  /// Whether the opening frames are still to be sent, now or later.
  bool is_missing() const { return due_; }

 private:
  bool held_;
  bool due_;
};

}  // namespace uvspdy::session
