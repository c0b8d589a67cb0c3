#pragma once

#include <memory>

#include "uvspdy/bytes.h"
#include "uvspdy/callback.h"
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
/// Nothing is lost while a reader waits: bytes are held as long as no on_data handler is set or the
/// reader is paused, and a paused reader hears nothing, the end included, until it resumes. What is
/// held is bounded: the peer's window for the stream is not given back; a peer without flow control
/// is held up past Limits::stream_buffer by set_overflow's policy.
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
  StreamReader() = default;
  StreamReader(StreamReader&& other) noexcept;
  /// Drops the reader that was held.
  StreamReader& operator=(StreamReader&& other) noexcept;
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader();

  /// Whether it is the reader of a stream.
  explicit operator bool() const { return core_ != nullptr; }

  /// Sets who gets the bytes, in order; the view is valid during the call. Empty: nobody yet, and
  /// what comes is held.
  void on_data(DataHandler handler);

  /// Sets who hears that no more bytes come, once, behind the last byte. Success: the peer has
  /// ended its direction (FLAG_FIN). Else session::Errc::kStreamReset, kResetHere,
  /// kConnectionClosed, kConnectionLost, or the violation of the protocol that ended the stream.
  /// Set behind the end, it is called in the loop's next turn.
  void on_end(EndHandler handler);

  /// How it stands, as far as the handlers were told, or would have been: kOpen until the last byte
  /// has been handed on.
  HalfState state() const;

  /// Why it is kBroken; success in the other states.
  Error error() const;

  /// Stops, and restarts, on_data and on_end.
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
  explicit StreamReader(std::shared_ptr<StreamCore> core);

  std::shared_ptr<StreamCore> core_;
};

}  // namespace uvspdy::httpstream
