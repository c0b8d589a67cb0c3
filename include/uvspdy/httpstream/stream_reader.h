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

/// The half of a Stream that receives what the peer sends.
///
/// Whoever holds the reader alone decides what happens to the bytes, and alone sets its handlers,
/// from docs/examples/backpressure.cpp:
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
/// Bytes are held as long as no on_data handler is set or the reader is paused. A paused reader
/// hears nothing, not even the end, until the pause ends:
///
/// - by `resume`: what is held is delivered, and behind it the end, if that has come;
/// - by `discard`: what is held is dropped, and the end is told when it comes;
/// - when the reader is dropped: what is held is dropped, and nothing is told any more;
/// - when this side resets the stream (`Stream::reset`, `StreamWriter::reset`), or closes or aborts
///   the connection: what is held is dropped, and on_end gets kResetHere or kConnectionClosed. If
///   nothing was held and the peer's end had come before, on_end gets that.
///
/// Whatever else ends the stream is told behind what is held: the peer's end or reset,
/// `StreamWriter::end_with_reset`, a lost connection, a timeout.
///
/// What is held is bounded: the peer's window for the stream is not given back. A peer without flow
/// control, such as every Kubernetes peer, has no windows: past Limits::stream_buffer
/// set_overflow's policy decides, by default that nothing is read from the whole connection.
///
/// A reader that is dropped discards: what is held and what still comes is thrown away and counts
/// against nothing, so a stream that nobody reads stops no other. The writer goes on.
///
/// Handlers are called from the loop, never from inside a call of these functions, and not after
/// the reader is dropped. They must not throw (see Callback). A reader belongs to the thread of its
/// connection's loop and may be dropped inside any handler, its own included.
class UVSPDY_EXPORT StreamReader {
 public:
  using DataHandler = Callback<void(Bytes)>;
  using EndHandler = OnceCallback<void(const Error&)>;

  /// A reader of no stream. Its state is kBroken, and its functions do nothing.
  StreamReader();
  StreamReader(StreamReader&& other) noexcept;
  /// Drops the reader that was held.
  StreamReader& operator=(StreamReader&& other) noexcept;
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader();

  /// Whether it is the reader of a stream.
  explicit operator bool() const { return static_cast<bool>(core_); }

  /// Sets who gets the bytes, in order; the view is valid during the call. Empty: nobody reads yet,
  /// and what comes is held; an end that no bytes stand before is told all the same.
  void on_data(DataHandler handler);

  /// Sets who hears that no more bytes come, once, behind the last byte. Success: the peer has
  /// ended its direction (FLAG_FIN). Set behind the end, it is called in the loop's next turn.
  ///
  /// Errors, of session::Errc: kStreamReset, kStreamRefused (the peer has reset the stream);
  /// kResetHere (this side has); kConnectionClosed (closed or aborted here); kConnectionLost;
  /// kIdleTimeout; kPeerDead; kFlowControlUnknown; kLimitExceeded (a limit of the connection, or
  /// OverflowPolicy::kResetStream); kFlowControl, kProtocolError (the peer has broken a rule). Also
  /// a wire::Errc (the peer has sent what is no SPDY).
  void on_end(EndHandler handler);

  /// How it stands, as far as the handlers were told, or would have been: kOpen until the last byte
  /// has been handed on.
  HalfState state() const;

  /// Why it is kBroken; success in the other states.
  Error error() const;

  /// Stops, and restarts, on_data and on_end. See above for what else ends a pause.
  void pause();
  void resume();

  /// Throws away what is held and what still comes, from now on and for good. on_end is still
  /// called, also while paused.
  void discard();

  /// What happens when the reader, paused, holds more than Limits::stream_buffer, in place of
  /// session::Options::overflow.
  void set_overflow(session::OverflowPolicy policy);

 private:
  friend class StreamCore;
  explicit StreamReader(detail::Counted<StreamCore> core);

  detail::Counted<StreamCore> core_;
};

}  // namespace uvspdy::httpstream
