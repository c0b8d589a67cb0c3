#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "session/active_streams.h"
#include "session/peer_flow_control.h"
#include "session/stream.h"
#include "session/window.h"
#include "session/window_share.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"

namespace uvspdy::session {

/// Flow control of a session: whether the peer has it, the connection's windows, and the initial
/// sizes and the growth of the streams' windows. Nothing is sent here: the caller sends the deltas
/// that are returned.
class Windows {
 public:
  explicit Windows(const Options& options);

  // Detection of the peer's flow control.

  PeerFlowControl found() const { return finder_.found(); }
  bool keeps_to_windows() const { return finder_.keeps_to_windows(); }
  bool has_windows() const { return finder_.has_windows(); }
  bool is_strict() const { return finder_.is_strict(); }

  /// Returns true if this shows that the peer has no flow control.
  bool no_windows_seen() { return finder_.no_windows_seen(); }
  /// Returns true if the peer's flow control shows late. Windows that it has passed must then be
  /// restarted: see `restart`.
  bool windows_seen() { return finder_.windows_seen(); }

  // What we may send.

  std::int64_t send_available() const { return send_.available(); }
  bool may_send() const { return !keeps_to_windows() || send_.is_open(); }
  bool may_send(const Stream& stream) const {
    return !keeps_to_windows() || stream.sending.window.is_open();
  }
  /// The part of `most` bytes that both windows allow.
  std::size_t room(const Stream& stream, std::size_t most) const;
  void sent(Stream& stream, std::size_t bytes);
  /// Applies a WINDOW_UPDATE of the connection; false if it would grow past 2^31-1.
  bool raise_send(std::uint32_t delta) { return send_.move(delta); }
  /// Applies the peer's INITIAL_WINDOW_SIZE; returns the change for the windows of its streams.
  std::int64_t set_peer_initial(std::uint32_t size);
  std::uint32_t peer_initial() const { return peer_initial_; }

  // What the peer may send.

  std::int64_t receive_available() const { return receive_.available(); }
  std::int64_t receive_available(const Stream& stream) const {
    return stream.receiving.window.available() + slack_;
  }
  /// Counts a DATA frame, even one in error; false if it exceeds the connection's window.
  bool count(std::size_t bytes);
  /// Counts a DATA frame that nobody reads any more.
  void note_received(std::size_t bytes) { receive_.received(bytes); }
  /// Counts a DATA frame in its stream's window; false if it exceeds that.
  bool count(Stream& stream, std::size_t bytes);
  /// The most bytes that a stream may have received and its reader not taken.
  std::int64_t most_unread(const Stream& stream) const {
    return stream.receiving.window.size() + slack_;
  }

  /// The circumstances in which a window is given back.
  struct Moment {
    Time now;
    std::optional<std::chrono::nanoseconds> round_trip;
    std::size_t held = 0;         ///< bytes of all streams that are buffered for readers
    bool may_send = true;         ///< if not, the credit is kept
    bool peer_is_silent = false;  ///< it has sent nothing since it used up a window
  };
  /// `bytes` of the connection, or of a stream, were taken or dropped. Returns the delta of a
  /// WINDOW_UPDATE to send now, or 0. Also to be called, with 0 bytes of the connection, when more
  /// is held: its window grows so that held bytes do not stop the streams that are read.
  std::uint32_t give_back(std::size_t bytes, const Moment& moment);
  std::uint32_t give_back(Stream& stream, std::size_t bytes, const Moment& moment);
  /// Whether a peer not known to have flow control has used up exactly a window: it may have flow
  /// control after all, and be waiting.
  bool may_have_stopped() const { return may_have_stopped(receive_); }
  bool may_have_stopped(const Stream& stream) const {
    return may_have_stopped(stream.receiving.window);
  }
  /// The stream receives no more, or bytes of it wait for its reader: its window takes nothing from
  /// the others. What waits does, see Moment::held.
  void forget_active(Stream& stream) {
    active_.forget(stream.receiving.window, growth(stream.receiving.window));
  }
  /// Whether it is time to call `forget_if_idle` for each stream.
  bool idle_check_is_due(Time now) { return active_.idle_check_is_due(now); }
  void forget_if_idle(Stream& stream) {
    active_.forget_if_idle(stream.receiving.window, growth(stream.receiving.window));
  }

  /// The whole window of the connection.
  std::int64_t receive_size() const { return receive_.size(); }
  /// The most bytes that may be held for all readers before OverflowPolicy::kResetStream applies.
  std::size_t most_held() const;
  /// The session is over, and `held` bytes wait for readers: no more than these counts in the
  /// budget any more.
  void over(std::size_t held) { share_.resize(std::min(share_.size(), held)); }

  /// Enlarges the connection's window to all that we may buffer; returns the increase.
  std::uint32_t open();
  /// Sets our INITIAL_WINDOW_SIZE; returns the change for the windows of all streams.
  std::int64_t set_own_initial(std::uint32_t size);
  std::uint32_t own_initial() const { return own_initial_; }
  /// The peer has read all our SETTINGS.
  void settings_seen() { slack_ = 0; }

  SendWindow new_send_window() const { return SendWindow(peer_initial_); }
  ReceiveWindow new_receive_window() const { return ReceiveWindow(own_initial_); }

  /// Restarts windows that the peer has passed because it did not count them. `held` bytes of all
  /// streams have not been taken.
  void restart(std::size_t held);
  void restart(Stream& stream) const;

 private:
  static bool stands_at_end(const ReceiveWindow& window) {
    return window.available() <= 0 && !window.was_overrun();
  }
  bool may_have_stopped(const ReceiveWindow& window) const {
    return found() != PeerFlowControl::kWindows && has_windows() && stands_at_end(window);
  }
  bool gives(const ReceiveWindow& window, const Moment& moment) const;
  bool may_grow() const { return found() == PeerFlowControl::kWindows && receive_.size() >= base_; }
  void resize_connection(const Moment& moment);
  void resize(Stream& stream, const Moment& moment) const;
  std::int64_t growth(const ReceiveWindow& window) const { return window.size() - own_initial_; }

  const Limits& limits_;
  PeerFlowControlFinder finder_;
  SendWindow send_;
  ReceiveWindow receive_;
  std::int64_t base_;  // of the connection's window: what the budget does not pay for
  WindowShare share_;  // of the budget: the growth of the connection's window
  ActiveStreams active_;
  std::uint32_t peer_initial_;
  std::uint32_t own_initial_;
  std::int64_t slack_;  // for a peer that has not read our SETTINGS yet
};

}  // namespace uvspdy::session
