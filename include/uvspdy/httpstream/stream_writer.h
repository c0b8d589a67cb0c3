#pragma once

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/counted.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/stream_half.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

class StreamCore;

/// The half of a Stream that sends bytes to the peer.
///
/// Only the holder of the writer writes, ends and sets its handlers. From
/// docs/examples/backpressure.cpp:
///
///     writer_.on_writable([this] { send_more(); });  // in the next turn, if there is room already
///     writer_.on_sent(report);
///
/// A writer that is dropped before `end` acts as by `end_with_reset`: the peer gets what was
/// written and then a reset, so that it does not take a part for the whole. A reset ends both
/// directions, so the reader ends too. If the peer has created the stream and it is neither
/// accepted nor rejected yet, it is refused at once (REFUSED_STREAM). When a writer is dropped
/// after `end`, what was written still leaves.
///
/// Handlers are called from the loop, never inside a call of these functions, and not after the
/// writer is dropped. They must not throw (see Callback). A writer belongs to the thread of its
/// connection's loop and may be dropped inside any handler, its own included.
class UVSPDY_EXPORT StreamWriter {
 public:
  using WritableHandler = Callback<void()>;
  using SentHandler = OnceCallback<void(const Error&)>;

  /// Makes a writer of no stream: kBroken, and `write` returns session::Errc::kStreamClosed.
  StreamWriter();
  StreamWriter(StreamWriter&& other) noexcept;
  /// Drops the writer that was held before.
  StreamWriter& operator=(StreamWriter&& other) noexcept;
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;
  ~StreamWriter();

  /// Whether this is the writer of a stream.
  explicit operator bool() const { return static_cast<bool>(core_); }

  /// Queues bytes for the peer, without waiting and without copying. The buffer's owner is freed on
  /// the loop's thread once the transport has the bytes (by TLS: once they are encrypted) or they
  /// are dropped; its destructor may call any function of the connection. Bytes that are written
  /// before the stream is accepted leave after the SYN_REPLY. Errors: session::Errc::kStreamClosed
  /// after `end` or after the end of the stream; nothing is queued then.
  Error write(Buffer buffer);

  /// Queues a HEADERS frame (section 2.6.7) after what was written; Go's httpstream blocks for good
  /// on HEADERS. Errors: session::Errc::kStreamClosed, and the wire::Errc of
  /// Connection::create_stream.
  Error send_headers(Headers headers);

  /// Whether there is room, which `write` does not check: true while fewer than
  /// Limits::write_high_water bytes and Limits::write_buffers buffers are queued; once one of them
  /// is reached, false until half has left. While the streams of the connection have queued
  /// Limits::connection_write_high_water bytes together, it is true for a few of them in turn.
  /// False after `end`, and when the state is not kOpen.
  bool writable() const;

  /// Sets the handler for "writable() is true again". It is called in the loop's next turn if
  /// writable() is true already, each time that it turns true again, and a last time, after
  /// on_sent, when our direction breaks off, so that nobody waits in vain: `error` then returns the
  /// reason. Set after the break, it is called in the loop's next turn.
  void on_writable(WritableHandler handler);

  /// Replaces the handler of on_writable. `handler` is called when that one would be, and also
  /// after writable() has turned false without a write, because the streams of the connection
  /// together have no room left; always from the loop, never inside this call. The handler asks
  /// writable(), which may be unchanged. A user who passes on bytes of a socket or a pipe pauses
  /// that source when there is no room; otherwise each of many streams adds one more read to what
  /// is queued.
  void on_writable_change(WritableHandler handler);

  /// Ends our direction by FLAG_FIN after everything written (half-close, section 2.3.6). Reading
  /// goes on. No effect when the direction has ended.
  void end();

  /// Ends our direction by RST_STREAM (CANCEL) after everything written, in place of FLAG_FIN: for
  /// data that is not whole. Both directions end with session::Errc::kResetHere; a reader still
  /// gets what has arrived by then. After session::Options::break_off_timeout a peer that does not
  /// take what was written gets the reset without it. No effect when our direction has ended, or
  /// after `end`.
  void end_with_reset();

  /// Ends both directions at once by RST_STREAM; queued and buffered bytes are dropped. No effect
  /// on a stream that is over.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel);

  /// Sets the handler for the end of our direction. It is called once, without waiting for a
  /// reader. Success: all that was written, and FLAG_FIN, is with the transport; bytes written
  /// later, to any stream of the connection, arrive after them. Set after the end, it is called in
  /// the loop's next turn.
  ///
  /// Errors: those of StreamReader::on_end, reported here first. For a unidirectional stream
  /// created here, which is handed out before it is sent, also session::Errc::kGoneAway and
  /// kCreateTimeout. After Connection::close it is kConnectionClosed at once, though what was
  /// written still leaves.
  void on_sent(SentHandler handler);

  /// The direction's state: kOpen until on_sent was called, or would have been.
  HalfState state() const;

  /// Why the state is kBroken; success in the other states.
  Error error() const;

 private:
  friend class StreamCore;
  explicit StreamWriter(detail::Counted<StreamCore> core);

  detail::Counted<StreamCore> core_;
};

}  // namespace uvspdy::httpstream
