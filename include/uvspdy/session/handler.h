#pragma once

#include <chrono>
#include <cstdint>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// Receives what a Session reports. The Session calls these functions only from inside `receive`,
/// `receive_end` and `advance`, never from inside any other call. They may call every function of
/// the Session except those three and its destructor.
///
/// A stream has two directions, and each ends once, with success (FLAG_FIN) or with the Error that
/// broke it off: on_received reports the end of the peer's direction, on_sent that of ours, and
/// on_stream_closed is the last call for a stream, after both. For a stream that the peer creates,
/// uses and ends:
///
///     on_stream, on_data ..., on_received (success), on_sent (success), on_stream_closed (success)
///
/// For a stream created here:
///
///     on_reply, on_data ..., on_received, on_sent, on_stream_closed       (accepted)
///     on_sent, on_received, on_stream_closed, all with kStreamRefused or kStreamReset  (rejected)
///
/// on_received comes after all data that arrived before the end, and, like on_data, not while the
/// reader has paused. `resume` ends a pause; so do `discard`, `reset`, `close` and `abort`, which
/// drop the buffered data, and a peer that rejects a stream created here, which has none. on_sent
/// waits for no reader. When both directions break off at once, on_sent comes first. on_headers,
/// on_reply_sent and on_writable may come between any of these calls.
///
/// The missing direction of a unidirectional stream ends with success at once. These functions must
/// not throw: that would leave the session in the middle of a change.
class UVSPDY_EXPORT Handler {
 public:
  /// The peer has created a stream (SYN_STREAM). Answer it, now or later, with `reply` (unless it
  /// is unidirectional) or `reset`. The function may move from `frame`.
  virtual void on_stream(wire::SynStreamFrame&& frame) = 0;

  /// The peer's SYN_REPLY has accepted a stream created here; written data is sent from now on.
  virtual void on_reply(wire::StreamId id, Headers&& headers) = 0;

  /// The peer has sent a HEADERS frame. It is reported when it arrives, before data that is still
  /// buffered for a paused reader.
  virtual void on_headers(wire::StreamId id, Headers&& headers) = 0;

  /// Payload, in order. The view is valid during the call.
  virtual void on_data(wire::StreamId id, Bytes bytes) = 0;

  /// The peer's direction has ended: success for FLAG_FIN, else the reason why no more data comes.
  /// Called once for each stream.
  virtual void on_received(wire::StreamId id, const Error& how) = 0;

  /// Our direction has ended. Success: the transport has taken all data and the FLAG_FIN, so
  /// whatever is written from now on, to any stream, reaches the peer later. Else the reason why
  /// not all data was sent or none can be. Called once for each stream.
  virtual void on_sent(wire::StreamId id, const Error& how) = 0;

  /// The stream has closed; called last, after on_received and on_sent. Success if both were, else
  /// the error that came first.
  virtual void on_stream_closed(wire::StreamId id, const Error& how) = 0;

  /// writable() has turned true again: what is queued has drained to half of
  /// Limits::write_high_water and of Limits::write_buffers, and the connection has room for it.
  /// Never called after on_sent.
  virtual void on_writable(wire::StreamId id) = 0;

  /// writable() has turned false although nothing was written: the streams together have reached
  /// Limits::connection_write_high_water. on_writable follows when it is the stream's turn. It may
  /// come twice without an on_writable in between. A user that asks writable() before each write
  /// needs no such call.
  virtual void on_full(wire::StreamId id) { (void)id; }

  /// The transport has taken the SYN_REPLY that `reply` queued.
  virtual void on_reply_sent(wire::StreamId id) = 0;

  /// The peer has sent SETTINGS; of a repeated id only the first value is reported (section 2.6.4).
  /// INITIAL_WINDOW_SIZE and MAX_CONCURRENT_STREAMS have already been applied. A client should
  /// store values flagged kFlagPersistValue; on a server, which must not, the flag is cleared.
  virtual void on_settings(const wire::SettingsFrame& frame) = 0;

  /// The peer has answered a `ping`.
  virtual void on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) = 0;

  /// The peer has sent its first GOAWAY; later ones are ignored. After this call our streams that
  /// the peer has not processed end with kGoneAway: those above the last good id without a reply,
  /// and those not yet sent. The others go on.
  virtual void on_goaway(const wire::GoAwayFrame& frame) = 0;

 protected:
  ~Handler() = default;
};

}  // namespace uvspdy::session
