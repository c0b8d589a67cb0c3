#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

class Connection;

/// A bidirectional stream of a Connection.
///
/// It lives as long as anybody holds it, and at least until it is closed: dropping the pointer
/// neither closes nor resets it. Handlers are called from the loop, never from inside a call to
/// the stream. What a reader and a writer see, in order:
///
///     stream->on_data([](Bytes bytes) { ... });        // any number of times
///     stream->on_end([] { ... });                      // the peer's FIN: no more data
///     stream->on_close([](const Error& error) { ... }) // the last call; all handlers are freed
///
///     while (stream->writable()) stream->write(next_buffer());
///     stream->on_writable([] { ... go on writing ... });
///     stream->close();                                 // our FIN, behind everything written
///
/// Nothing is lost: data is held while no on_data handler is set or the stream is paused, and
/// what arrived before the end is delivered before the end is told. A reader that is not
/// interested sets a handler that ignores what it gets; one that never sets any holds what its
/// window allows, or, from a peer without flow control, up to Limits::stream_buffer bytes, past
/// which the whole connection is not read.
class Stream {
  struct Private {};

 public:
  using DataHandler = std::function<void(Bytes)>;
  using EndHandler = std::function<void()>;
  using CloseHandler = std::function<void(const Error&)>;
  using WritableHandler = std::function<void()>;
  using HeadersHandler = std::function<void(const Headers&)>;

  Stream(Private, Connection& connection, wire::StreamId id, Headers headers);  // by Connection
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// The headers the stream was created with, by whichever side.
  const Headers& headers() const { return headers_; }

  /// The stream's SPDY id.
  std::uint32_t identifier() const { return id_; }

  /// Sets who gets the payload; the view is valid during the call. An empty handler is as good as
  /// pause().
  void on_data(DataHandler handler);

  /// The peer has half-closed the stream. Not called when the stream ends by a reset or with the
  /// connection: then on_close says so.
  void on_end(EndHandler handler);

  /// Whether on_end has been called, or would have been.
  bool has_ended() const { return ended_; }

  /// The stream is over: both sides have closed it (success), or session::Errc::kStreamReset,
  /// kResetHere, kConnectionClosed, kConnectionLost, kProtocolError. Called once, also on the side
  /// that reset the stream or closed the connection. Set on a closed stream, as all handlers, it
  /// is not called: see is_closed().
  void on_close(CloseHandler handler);

  /// Whether on_close has been called, or would have been.
  bool is_closed() const { return connection_ == nullptr; }

  /// What was written has gone down to half of Limits::write_high_water, after writable() had
  /// been false; or it, or the FIN behind it, was dropped because the stream has ended while it is
  /// paused: a reader that waits until it can write, or for on_end_sent, may read on, and write()
  /// tells it the rest.
  void on_writable(WritableHandler handler);

  /// The FIN asked for with close() has gone out, and all data before it: whatever is written from
  /// now on, to any stream of the connection, reaches the peer later. Not called when the stream
  /// ends otherwise.
  void on_end_sent(EndHandler handler);

  /// HEADERS frames in mid-stream. They are not held back for a paused reader.
  void on_headers(HeadersHandler handler);

  /// Stops, and restarts, on_data. Meanwhile the peer's window for this stream is not given back;
  /// one without flow control is held up by set_overflow's policy.
  void pause();
  void resume();

  /// What happens when the stream, paused, holds more than Limits::stream_buffer, in place of
  /// session::Options::overflow.
  void set_overflow(session::OverflowPolicy policy);

  /// Its windows, and what it holds and queues; nothing once it is closed.
  std::optional<session::StreamStats> stats() const;

  /// Queues bytes for the peer; never blocks and never copies. Bytes written before the peer has
  /// accepted the stream wait until it has.
  /// Errors: session::Errc::kStreamClosed after close(), reset() or the stream's end.
  Error write(Buffer buffer);

  /// Queues a HEADERS frame behind what was written; with `fin` it is our last frame, as with
  /// close(). Go's httpstream does not read HEADERS and blocks for good: not for such peers.
  /// Errors: session::Errc::kStreamClosed, and those of wire::FrameEncoder.
  Error send_headers(Headers headers, bool fin = false);

  /// Whether less than Limits::write_high_water bytes are queued on an open stream.
  bool writable() const;

  /// Half-closes: the peer sees the end behind everything written. Reading goes on.
  /// Errors: session::Errc::kStreamClosed when it was closed before.
  Error close();

  /// Ends both directions behind everything written: RST_STREAM (CANCEL) in place of a FIN, so that
  /// the peer gets what there is and does not take it for the whole. Reading goes on until it has
  /// gone out; then on_close follows with session::Errc::kResetHere.
  /// Errors: session::Errc::kStreamClosed when it was closed before.
  Error close_with_reset();

  /// Ends both directions at once; what was queued or held is dropped. Harmless on a closed
  /// stream. on_close follows with session::Errc::kResetHere.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel);

 private:
  friend class Connection;

  void apply_pause();
  void closed(const Error& error);

  // Shared, so that a handler may replace itself while it runs.
  template <class F>
  using Slot = std::shared_ptr<const F>;

  Connection* connection_;  // null once closed
  wire::StreamId id_;
  Headers headers_;
  bool paused_ = false;      // by the user
  bool reply_sent_ = false;  // our SYN_REPLY is with the transport
  bool ended_ = false;       // the peer's FIN was told
  Slot<DataHandler> on_data_;
  Slot<EndHandler> on_end_;
  Slot<EndHandler> on_end_sent_;
  Slot<CloseHandler> on_close_;
  Slot<WritableHandler> on_writable_;
  Slot<HeadersHandler> on_headers_;
};

}  // namespace uvspdy::httpstream
