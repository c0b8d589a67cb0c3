#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/transport.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/session.h"

namespace uvspdy::httpstream {

/// How a connection behaves; every field has a default that suits Kubernetes peers.
struct ConnectionOptions {
  session::Options session{};

  /// How long closing may go without progress: bytes leaving, then the peer's own end. Past it the
  /// transport is closed under it. 0: the peer's end is not waited for. milliseconds::max(): for
  /// ever.
  std::chrono::milliseconds close_timeout = std::chrono::seconds(5);

  /// The same while the peer has not acknowledged all that was sent: a reader that pauses is given
  /// longer, because closing would destroy what is on its way. 0: no longer than close_timeout.
  /// milliseconds::max(): for ever.
  std::chrono::milliseconds slow_reader_timeout = std::chrono::minutes(2);
};

/// What a transport brings along into its connection.
struct ConnectionStart {
  Buffer preface{};       ///< sent before the first frame: the 101 of an upgrade
  Buffer already_read{};  ///< read from the transport before: the bytes behind a head
};

/// A SPDY connection over a transport: the place where the byte pipe meets the session.
///
/// It lives until it has closed, whatever the caller has dropped, and belongs to the thread of its
/// transport's loop. Handlers are called from the loop, never from inside a call to the connection;
/// anything may be closed, reset or dropped inside any of them but on_trace's, which must call
/// nothing of the connection and its streams. A life, from docs/examples/backpressure.cpp:
///
///     client->create_stream({}, [&](Result<std::shared_ptr<Stream>> stream) {
///       if (!stream) return client->close();
///       (*stream)->close();  // nothing to say
///       receiver.start((*stream)->take_reader());
///     });
///
/// It closes by itself when the peer ends it, breaks the protocol, or has sent GOAWAY and the last
/// stream is over. A reader that stays paused, or holds bytes and has no on_data, then keeps its
/// stream, and with it on_close, waiting until the pause ends (StreamReader says how); the
/// transport is closed all the same.
class UVSPDY_EXPORT Connection : public std::enable_shared_from_this<Connection> {
  struct Private {};

 public:
  using CreateStreamHandler = OnceCallback<void(Result<std::shared_ptr<Stream>>)>;
  using CloseHandler = OnceCallback<void(const Error&)>;
  using PingHandler = OnceCallback<void(Result<std::chrono::nanoseconds>)>;
  using GoAwayHandler = OnceCallback<void(const wire::GoAwayFrame&)>;
  using SettingsHandler = Callback<void(const wire::SettingsFrame&)>;

  /// Runs a session over a connected transport, which is taken over; a null pointer ends the
  /// process with a text. Reading starts with the loop's next turn.
  static std::shared_ptr<Connection> create(std::unique_ptr<net::Transport> transport,
                                            session::Role role, ConnectionOptions options = {},
                                            ConnectionStart start = {});

  Connection(Private, std::unique_ptr<net::Transport> transport, session::Role role,
             ConnectionOptions options, ConnectionStart start);  // use `create`
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sets who answers the streams that the peer creates from then on; set it before the loop's next
  /// turn to get all of them. Empty: streams are refused (REFUSED_STREAM).
  void on_new_stream(NewStreamHandler handler);

  /// Creates a stream. The handler runs once: with the stream when the peer's SYN_REPLY has come;
  /// or with session::Errc::kStreamRefused, kStreamReset, kCreateTimeout (30 s by default),
  /// kConnectionClosed, kConnectionLost, kGoneAway (safe to retry elsewhere), kIdsExhausted, or an
  /// error of wire::FrameEncoder for headers that cannot be sent; or what ended the connection
  /// meanwhile (see on_close). A stream that is created for an empty handler is reset.
  ///
  /// A unidirectional stream has no SYN_REPLY: its handler runs in the loop's next turn, and
  /// StreamWriter::on_sent tells a refusal, a GOAWAY or a timeout that comes later.
  void create_stream(Headers headers, CreateStreamHandler handler);
  void create_stream(Headers headers, const session::CreateOptions& options,
                     CreateStreamHandler handler);

  /// Closes in order: what was written leaves, with the end behind it where `end` was called; every
  /// other stream is reset; GOAWAY; then the sending side is shut down and the peer's end awaited
  /// (ConnectionOptions::close_timeout). Streams hear session::Errc::kConnectionClosed soon,
  /// without waiting for that; what is held for readers is dropped, for paused ones too, also when
  /// the connection has failed before. Harmless when called again. on_close follows with success,
  /// also when the peer did not take all of it in time.
  void close();

  /// Graceful end: no new streams, from either side (session::Session::shutdown); when the last
  /// open one is over the connection closes as with `close`. on_close follows with success.
  void shutdown();

  /// Closes the transport at once; what was queued, or is held for readers, paused ones too, is
  /// lost. Streams hear session::Errc::kConnectionClosed. on_close follows: with success, unless
  /// the connection was lost or had failed before.
  void abort();

  /// The connection is over: closed here, or by the peer with GOAWAY or no stream left (success);
  /// session::Errc::kConnectionLost, kIdleTimeout, kPeerDead; kLimitExceeded, kFlowControl,
  /// kProtocolError or a wire::Errc when the peer has passed a limit or broken the protocol.
  /// Streams that are open hear the same code.
  ///
  /// Called once, as the last of all handlers that are set by then; they are freed. Set behind the
  /// end, it is called in the loop's next turn, and so are handlers of a Stream that is still held.
  void on_close(CloseHandler handler);

  /// Adds one that hears the same just before on_close, which stays whoever's it is: for code that
  /// stands between a connection and its user, such as co::Connection.
  void add_close_handler(CloseHandler handler);

  /// Whether on_close has been called, or would have been.
  bool is_closed() const;

  /// Closes the connection when no frame has gone either way for `timeout`, counted from now; 0 or
  /// less: never. See session::Options::idle_timeout for what counts. Streams, and on_close, then
  /// hear session::Errc::kIdleTimeout.
  void set_idle_timeout(std::chrono::milliseconds timeout);

  /// Leaves these streams out when `close` resets the others (Go: RemoveStreams): the peer gets no
  /// RST_STREAM for them, but FLAG_FIN behind what is still queued on them. Here they hear
  /// session::Errc::kConnectionClosed as the others do. Streams that are over, null pointers and
  /// streams of other connections are passed over.
  void remove_streams(std::span<const std::shared_ptr<Stream>> streams);

  /// Measures a round trip. The handler runs once; errors: session::Errc::kConnectionClosed (closed
  /// or aborted on this side), kConnectionLost (the peer ended it before the answer), or what else
  /// ended the connection meanwhile (see on_close).
  void ping(PingHandler handler);

  /// Sets who hears of the peer's first GOAWAY: no more streams can be created. Those above its
  /// last good id fail with session::Errc::kGoneAway, the others go on; the connection closes when
  /// they are over. Set behind it, it is called in the loop's next turn.
  void on_goaway(GoAwayHandler handler);

  /// Sets who hears of the peer's SETTINGS from then on, as session::Handler::on_settings has them:
  /// values that a server asks to keep, and those that a client returns.
  void on_settings(SettingsHandler handler);

  /// Sends SETTINGS. Errors: those of session::Session::send_settings.
  Error send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear = false);

  /// Has each frame seen, in and out, until the connection is over; set before the loop's next
  /// turn, from the first on. Empty turns that off, which costs one branch a frame. The handler
  /// must call nothing of this connection and its streams (session/trace.h).
  void on_trace(session::TraceHandler handler);

  /// What the session has done and holds, whether the peer has flow control, and the round trip.
  session::Stats stats() const;

  /// Bytes that have left the session and that the peer has not acknowledged, as far as the
  /// transport knows (net::Transport::unacknowledged); 0 once it is closed.
  std::size_t unacknowledged() const;

  /// Bytes that have left the session and that the peer has acknowledged, as far as the transport
  /// knows: they grow as long as the peer takes what is sent.
  std::uint64_t acknowledged() const;

  /// The peer, for messages; the same when the connection is over.
  std::string peer() const;

  /// The loop of its transport; valid as long as the embedder keeps the loop.
  uv_loop_t* loop() const;

 private:
  friend class StreamCore;
  friend class StreamDecision;
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
