#pragma once

#include <cstddef>
#include <cstdint>

#include "session/peer_flow_control.h"
#include "session/stream.h"
#include "session/window.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"

namespace uvspdy::session {

/// Flow control of a session: whether the peer has any, the connection's windows, and what those of
/// streams begin with and may grow to. Nothing is sent here: who gives a window back gets the delta
/// to send.
class Windows {
 public:
  explicit Windows(const Options& options);

  // Which kind of peer it is.

  PeerFlowControl found() const { return finder_.found(); }
  bool keeps_to_windows() const { return finder_.keeps_to_windows(); }
  bool has_windows() const { return finder_.has_windows(); }
  bool is_strict() const { return finder_.is_strict(); }

  /// True when that is how we know that the peer has none.
  bool no_windows_seen() { return finder_.no_windows_seen(); }
  /// True when it comes late. Windows that were passed without complaint then have to begin anew:
  /// see `restart`.
  bool windows_seen() { return finder_.windows_seen(); }

  // What we may send.

  std::int64_t send_available() const { return send_.available(); }
  bool may_send() const { return !keeps_to_windows() || send_.is_open(); }
  bool may_send(const Stream& stream) const {
    return !keeps_to_windows() || stream.sending.window.is_open();
  }
  /// How much of `most` bytes both windows let pass.
  std::size_t room(const Stream& stream, std::size_t most) const;
  void sent(Stream& stream, std::size_t bytes);
  /// A WINDOW_UPDATE of the connection; false when it would pass 2^31-1.
  bool raise_send(std::uint32_t delta) { return send_.move(delta); }
  /// The peer's INITIAL_WINDOW_SIZE; how much it has moved those of its streams.
  std::int64_t set_peer_initial(std::uint32_t size);
  std::uint32_t peer_initial() const { return peer_initial_; }

  // What the peer may send.

  std::int64_t receive_available() const { return receive_.available(); }
  std::int64_t receive_available(const Stream& stream) const {
    return stream.receiving.window.available() + slack_;
  }
  /// A DATA frame counts, in error or not; false when it passes the connection's window.
  bool count(std::size_t bytes);
  /// One that nobody reads any more counts all the same.
  void note_received(std::size_t bytes) { receive_.received(bytes); }
  /// The same of a stream's window.
  bool count(Stream& stream, std::size_t bytes);
  /// The most that may come for a stream, read or not.
  std::int64_t most_unread(const Stream& stream) const {
    return stream.receiving.window.size() + slack_;
  }

  /// What a window is given back with.
  struct Moment {
    Time now;
    std::optional<std::chrono::nanoseconds> round_trip;
    bool may_send = true;         ///< else the credit is kept
    bool peer_is_silent = false;  ///< it has sent nothing since it came to the end of a window
  };
  /// The connection's, or a stream's, bytes were taken or dropped. Returns the delta of the
  /// WINDOW_UPDATE that is now due, or 0.
  std::uint32_t give_back(std::size_t bytes, const Moment& moment);
  std::uint32_t give_back(Stream& stream, std::size_t bytes, const Moment& moment);
  /// Whether the peer, which has shown no windows, has come to the very end of one: it may have
  /// windows after all, and wait.
  bool may_have_stopped() const { return may_have_stopped(receive_); }
  bool may_have_stopped(const Stream& stream) const {
    return may_have_stopped(stream.receiving.window);
  }
  /// Nothing more comes for the stream: what its window has grown by is free for others.
  void closed(const Stream& stream) { growth_ -= stream.receiving.window.growth(); }

  /// Raises the connection's window to all that we hold, and returns by how much.
  std::uint32_t open();
  /// Our next INITIAL_WINDOW_SIZE; how much it moves the windows of streams.
  std::int64_t set_own_initial(std::uint32_t size);
  std::uint32_t own_initial() const { return own_initial_; }
  /// The peer has seen all of our SETTINGS.
  void settings_seen() { slack_ = 0; }

  SendWindow new_send_window() const { return SendWindow(peer_initial_); }
  ReceiveWindow new_receive_window() const { return ReceiveWindow(own_initial_); }

  /// Windows begin anew, where they were passed by a peer that did not count them. `held` bytes of
  /// all streams have not been taken.
  void restart(std::size_t held);
  void restart(Stream& stream) const;

 private:
  static bool stands_at_end(const ReceiveWindow& window) {
    return window.available() <= 0 && !window.was_overrun();
  }
  bool may_have_stopped(const ReceiveWindow& window) const {
    return found() != PeerFlowControl::kWindows && has_windows() && stands_at_end(window);
  }
  std::uint32_t give(ReceiveWindow& window, std::size_t bytes, std::int64_t limit,
                     const Moment& moment);

  const Limits& limits_;
  PeerFlowControlFinder finder_;
  SendWindow send_;
  ReceiveWindow receive_;
  std::int64_t growth_ = 0;  // of all streams' receive windows
  std::uint32_t peer_initial_;
  std::uint32_t own_initial_;
  std::int64_t slack_;  // what a peer may send that has not seen our SETTINGS yet
};

}  // namespace uvspdy::session
