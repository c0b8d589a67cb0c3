#pragma once

#include <chrono>
#include <cstdint>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// What a Session tells. It calls these only from inside `receive`, `receive_end` and `advance`,
/// never from inside any other function of the Session. A handler may call every function of the
/// Session except those three and its destructor.
///
/// A stream has two directions, and each ends once, with success (FLAG_FIN) or an Error that says
/// why it broke off: on_received is the end of what the peer sends, on_sent that of what we send.
/// on_stream_closed comes behind both, as the last call for a stream. A stream that the peer
/// creates, uses and ends:
///
///     on_stream, on_data ..., on_received (success), on_sent (success), on_stream_closed (success)
///
/// and one created here:
///
///     on_reply, on_data ..., on_received, on_sent, on_stream_closed       (accepted)
///     on_sent, on_received, on_stream_closed, all with kStreamRefused or kStreamReset  (rejected)
///
/// on_received comes behind all data that arrived before, and like that data not while the reader
/// has paused. A pause ends by `resume`; by `discard`, `reset`, `close` and `abort`, which drop
/// what is held; and when the peer does not accept a stream that was created here, for which
/// nothing can be held. on_sent waits for no reader. When both directions break off at once on_sent
/// is told first. on_headers may stand between any of them, on_reply_sent and on_writable likewise.
///
/// The direction that a unidirectional stream does not have ends with success from the start. These
/// functions must not throw: the session would be left in the middle of a change.
class UVSPDY_EXPORT Handler {
 public:
  /// The peer has created a stream. Answer, now or later, with `reply` or `reset`. The frame is
  /// the handler's to move from.
  virtual void on_stream(wire::SynStreamFrame&& frame) = 0;

  /// The peer's SYN_REPLY to a stream created here: data may flow.
  virtual void on_reply(wire::StreamId id, Headers&& headers) = 0;

  /// A HEADERS frame in mid-stream. It is told when it comes, ahead of data that is held for a
  /// paused reader.
  virtual void on_headers(wire::StreamId id, Headers&& headers) = 0;

  /// Payload, in order. The view is valid during the call.
  virtual void on_data(wire::StreamId id, Bytes bytes) = 0;

  /// The peer's direction is over: FLAG_FIN has come (success), or why nothing more comes. Once for
  /// each stream.
  virtual void on_received(wire::StreamId id, const Error& how) = 0;

  /// Our direction is over. Success: the FLAG_FIN that `end` asked for has gone out, and all data
  /// before it; whatever is written from now on, to any stream, reaches the peer later. Else why
  /// what was queued did not all leave, or nothing more can. Once for each stream.
  virtual void on_sent(wire::StreamId id, const Error& how) = 0;

  /// The last call for a stream, behind its on_received and on_sent: success when both were, else
  /// what went wrong first.
  virtual void on_stream_closed(wire::StreamId id, const Error& how) = 0;

  /// What was queued on a stream past Limits::write_high_water has gone down to half of it. Not
  /// called any more once on_sent was.
  virtual void on_writable(wire::StreamId id) = 0;

  /// The SYN_REPLY given with `reply` is with the transport.
  virtual void on_reply_sent(wire::StreamId id) = 0;

  /// A SETTINGS frame of the peer's, each id once (section 2.6.4: the first value counts). It has
  /// taken effect already: the initial window and MAX_CONCURRENT_STREAMS are the session's
  /// business. Keeping values that are flagged kFlagPersistValue is the handler's, on clients; what
  /// a client asks a server to keep is not told.
  virtual void on_settings(const wire::SettingsFrame& frame) = 0;

  /// The answer to a `ping`.
  virtual void on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) = 0;

  /// The peer's first GOAWAY; later ones change nothing. Streams of ours above the last good id
  /// that have no reply yet are closed with kGoneAway after this call; the others go on.
  virtual void on_goaway(const wire::GoAwayFrame& frame) = 0;

 protected:
  ~Handler() = default;
};

}  // namespace uvspdy::session
