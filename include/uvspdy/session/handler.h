#pragma once

#include <chrono>
#include <cstdint>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// What a Session tells. It calls these only from inside `receive`, `receive_end` and `advance`,
/// never from inside any other function of the Session. A handler may call every function of the
/// Session except those three and its destructor.
///
/// The order of calls for a stream that the peer creates, uses and ends:
///
///     on_stream, on_data ..., on_fin, on_stream_closed
///
/// and for one created here:
///
///     on_reply, on_data ..., on_fin, on_stream_closed       (accepted)
///     on_stream_closed with kStreamRefused or kStreamReset  (rejected)
///
/// on_headers may stand between any of them, on_reply_sent, on_writable and on_fin_sent likewise.
/// on_fin and on_stream_closed come after all data that arrived before them, a paused reader's too.
class Handler {
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

  /// The peer sends no more on this stream (FLAG_FIN).
  virtual void on_fin(wire::StreamId id) = 0;

  /// The last call for a stream: both directions are done (success), it was reset by either side,
  /// or the session is over.
  virtual void on_stream_closed(wire::StreamId id, const Error& error) = 0;

  /// What was queued on a stream past Limits::write_high_water has gone down to half of it, or was
  /// dropped because the stream has ended while its reader is paused: one that has paused until it
  /// can write may read on, and `write` tells it the rest.
  virtual void on_writable(wire::StreamId id) = 0;

  /// The SYN_REPLY given with `reply` is with the transport.
  virtual void on_reply_sent(wire::StreamId id) = 0;

  /// The FIN asked for with `close_stream` has gone out, and all data before it: whatever is
  /// written from now on, to any stream, reaches the peer later.
  virtual void on_fin_sent(wire::StreamId id) = 0;

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
