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

/// The half of a Stream that sends.
///
/// Whoever holds the writer alone writes, ends and sets its handlers, from
/// docs/examples/backpressure.cpp:
///
///     writer_.on_writable([this] { send_more(); });  // in the next turn, if there is room already
///     writer_.on_sent(report);
///
/// A writer that is dropped before `end` gives up, as by `end_with_reset`: the peer gets what was
/// written and then a reset, so that it does not take a part for the whole. Since a reset is of
/// both directions, the reader ends with it. If the peer has created the stream, and it is neither
/// accepted nor rejected yet, it is refused at once (REFUSED_STREAM). Dropped behind `end`, what
/// was written still leaves.
///
/// Handlers are called from the loop, never from inside a call of these functions, and not after
/// the writer is dropped. They must not throw (see Callback). A writer belongs to the thread of its
/// connection's loop and may be dropped inside any handler, its own included.
class UVSPDY_EXPORT StreamWriter {
 public:
  using WritableHandler = Callback<void()>;
  using SentHandler = OnceCallback<void(const Error&)>;

  /// A writer of no stream. Its state is kBroken; `write` gives session::Errc::kStreamClosed.
  StreamWriter();
  StreamWriter(StreamWriter&& other) noexcept;
  /// Drops the writer that was held.
  StreamWriter& operator=(StreamWriter&& other) noexcept;
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;
  ~StreamWriter();

  /// Whether it is the writer of a stream.
  explicit operator bool() const { return static_cast<bool>(core_); }

  /// Queues bytes for the peer; never waits and never copies. The buffer's owner is freed, on the
  /// loop's thread, once the transport has the bytes (by TLS: once they are encrypted), or they are
  /// given up. Its destructor may call anything of the connection. Bytes written before the peer
  /// has accepted the stream wait until it has. Errors: session::Errc::kStreamClosed behind `end`
  /// or the stream's end; nothing is queued then.
  Error write(Buffer buffer);

  /// Queues a HEADERS frame behind what was written. Go's httpstream does not read HEADERS and
  /// blocks for good: not for such peers. Errors: as for `write`, and those of wire::FrameEncoder.
  Error send_headers(Headers headers);

  /// Whether there is room: less than Limits::write_high_water bytes and Limits::write_buffers
  /// buffers are queued, or, past that, half of it has left again. False once it is not kOpen or
  /// `end` was called.
  bool writable() const;

  /// Sets who hears that there is room: in the loop's next turn when there is already, then each
  /// time that there is room again, and a last time when our direction breaks off, behind on_sent,
  /// so that nobody waits for room in vain: `write` then says why there is none. Set behind the
  /// break, it is called in the loop's next turn.
  void on_writable(WritableHandler handler);

  /// Ends our direction behind everything written. Reading goes on. Harmless when it has ended.
  void end();

  /// Gives up behind everything written: RST_STREAM (CANCEL) in place of FLAG_FIN, for data that is
  /// not whole. Both directions end with it, with session::Errc::kResetHere; a reader still gets
  /// what has come by then. A peer that does not take what was written gets the reset without it,
  /// after session::Options::break_off_timeout. Harmless when our direction has ended, or `end` was
  /// called.
  void end_with_reset();

  /// Ends both directions at once with RST_STREAM; what is queued or held is dropped. Harmless on a
  /// stream that is over.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel);

  /// Sets who hears how our direction has ended, once. Success: all that was written, and the end
  /// behind it, is with the transport; whatever is written from now on, to any stream of the
  /// connection, reaches the peer later. Waits for no reader. Set behind that, it is called in the
  /// loop's next turn.
  ///
  /// Errors: those of StreamReader::on_end, which then come here first. For a unidirectional stream
  /// that was created here, which is handed out before it is sent, also session::Errc::kGoneAway
  /// and kCreateTimeout. Behind Connection::close it is kConnectionClosed at once, though what was
  /// written still leaves.
  void on_sent(SentHandler handler);

  /// How it stands: kOpen until on_sent was called, or would have been.
  HalfState state() const;

  /// Why it is kBroken; success in the other states.
  Error error() const;

 private:
  friend class StreamCore;
  explicit StreamWriter(detail::Counted<StreamCore> core);

  detail::Counted<StreamCore> core_;
};

}  // namespace uvspdy::httpstream
