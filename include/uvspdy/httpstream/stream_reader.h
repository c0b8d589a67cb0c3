#pragma once

#include "uvspdy/bytes.h"
#include "uvspdy/callback.h"
#include "uvspdy/counted.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/stream_half.h"
#include "uvspdy/session/options.h"

namespace uvspdy::httpstream {

class StreamCore;

/// The half of a Stream that receives the peer's bytes.
///
/// Only the holder of the reader sets its handlers. From docs/examples/backpressure.cpp:
///
///     void start(StreamReader reader) {
///       reader_ = std::move(reader);
///       reader_.on_data([this](Bytes bytes) { take(bytes); });
///       reader_.on_end([this](const Error& error) {
///         report(error);
///         done_(count_);
///       });
///     }
///
/// Bytes are buffered while no on_data handler is set, and while the reader is paused. A paused
/// reader gets no call, not even for the end, until the pause ends:
///
/// - by `resume`: buffered bytes are delivered, then the end if it has arrived;
/// - by `discard`: buffered bytes are dropped, and the end is reported when it arrives;
/// - by dropping the reader: buffered bytes are dropped, and nothing is reported any more;
/// - when this side resets the stream (`Stream::reset`, `StreamWriter::reset`) or closes or aborts
///   the connection: buffered bytes are dropped, and on_end gets kResetHere or kConnectionClosed.
///   If no bytes were buffered and the peer's end had arrived, on_end gets that end.
///
/// Any other end is reported after the buffered bytes: the peer's end or reset,
/// `StreamWriter::end_with_reset`, a lost connection, a timeout.
///
/// Buffering is bounded: the peer's window for the stream is not given back. A peer without flow
/// control, such as every Kubernetes peer, has no windows: when more than Limits::stream_buffer is
/// buffered for it, OverflowPolicy decides; by default nothing is read from the whole connection.
///
/// A reader that is dropped discards: buffered bytes, and bytes that still arrive, are thrown away
/// and count against no limit, so an unread stream stops no other. The writer goes on.
///
/// Handlers are called from the loop, never inside a call of these functions, and not after the
/// reader is dropped. They must not throw (see Callback). A reader belongs to the thread of its
/// connection's loop and may be dropped inside any handler, its own included.
class UVSPDY_EXPORT StreamReader {
 public:
  using DataHandler = Callback<void(Bytes)>;
  using EndHandler = OnceCallback<void(const Error&)>;

  /// Makes a reader of no stream. Its state is kBroken, and its functions have no effect.
  StreamReader();
  StreamReader(StreamReader&& other) noexcept;
  /// Drops the reader that was held before.
  StreamReader& operator=(StreamReader&& other) noexcept;
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader();

  /// Whether this is the reader of a stream.
  explicit operator bool() const { return static_cast<bool>(core_); }

  /// Sets the handler for bytes, in order; the view is valid during the call. Without a handler,
  /// bytes are buffered; on_end is still called if no buffered bytes precede the end.
  void on_data(DataHandler handler);

  /// Sets the handler for the end of the peer's direction. It is called once, after the last byte.
  /// Success: FLAG_FIN has arrived. Set after the end, it is called in the loop's next turn.
  ///
  /// Errors, of session::Errc: kStreamReset, kStreamRefused (the peer reset the stream), kResetHere
  /// (this side did), kConnectionClosed (closed, aborted or shut down here), kConnectionLost,
  /// kIdleTimeout, kPeerDead, kFlowControlUnknown (a blocked writer gave up), kLimitExceeded (a
  /// limit of the connection, or OverflowPolicy::kResetStream), kFlowControl, kProtocolError (the
  /// peer broke a rule). Or a wire::Errc (bytes of the peer are not SPDY).
  void on_end(EndHandler handler);

  /// The direction's state as reported to the handlers, or as it would have been: kOpen until the
  /// last byte has been delivered.
  HalfState state() const;

  /// Why the state is kBroken; success in the other states.
  Error error() const;

  /// Stops, and restarts, on_data and on_end. The class comment says what else ends a pause.
  void pause();
  void resume();

  /// Throws away buffered bytes, and all that arrive later, for good. on_end is still called, also
  /// while paused.
  void discard();

  /// Sets, for this stream, what happens when it is paused and buffers more than
  /// Limits::stream_buffer, in place of session::Options::overflow.
  void set_overflow(session::OverflowPolicy policy);

 private:
  friend class StreamCore;
  explicit StreamReader(detail::Counted<StreamCore> core);

  detail::Counted<StreamCore> core_;
};

}  // namespace uvspdy::httpstream
