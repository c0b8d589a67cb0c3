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

/// How a connection behaves. The defaults suit Kubernetes peers.
struct ConnectionOptions {
  session::Options session{};

  /// The longest time without progress while a connection closes; after it the transport is closed.
  /// Progress is a byte that leaves and, when all have left, the peer's end. 0: the peer's end is
  /// not awaited. milliseconds::max(): no limit.
  std::chrono::milliseconds close_timeout = std::chrono::seconds(5);

  /// The limit that replaces close_timeout while the peer has bytes to take: sent and not
  /// acknowledged, or waiting for its window. Closing would destroy them. The time counts from the
  /// last change of their number. 0: close_timeout alone counts. milliseconds::max(): no limit.
  std::chrono::milliseconds slow_reader_timeout = std::chrono::minutes(2);
};

/// What a connection starts with, besides its transport.
struct ConnectionStart {
  Buffer preface{};       ///< sent before the first frame: the 101 response of an upgrade
  Buffer already_read{};  ///< read from the transport before: the bytes after an HTTP head
};

/// A SPDY/3.1 connection: a session that runs over a transport.
///
/// It belongs to the thread of its transport's loop, and lives until it has closed, even when the
/// caller drops every pointer to it. Handlers are called from the loop, never inside a call of a
/// function of the connection. Inside a handler anything may be closed, reset or dropped; only the
/// handler of on_trace must not call the connection or its streams. From
/// docs/examples/backpressure.cpp:
///
///     client->create_stream({}, [&](Result<std::shared_ptr<Stream>> stream) {
///       if (!stream) return client->close();
///       (*stream)->close();  // nothing to say
///       receiver.start((*stream)->take_reader());
///     });
///
/// The connection closes by itself when the peer ends it or breaks the protocol, and when the peer
/// has sent GOAWAY and the last stream has ended. A reader that is paused, or has bytes buffered
/// and no on_data handler, then delays the end of its stream, and so on_close, until its pause ends
/// (see StreamReader). The transport is closed without waiting for readers.
class UVSPDY_EXPORT Connection : public std::enable_shared_from_this<Connection> {
  struct Private {};

 public:
  using CreateStreamHandler = OnceCallback<void(Result<std::shared_ptr<Stream>>)>;
  using CloseHandler = OnceCallback<void(const Error&)>;
  using PingHandler = OnceCallback<void(Result<std::chrono::nanoseconds>)>;
  using GoAwayHandler = OnceCallback<void(const wire::GoAwayFrame&)>;
  using SettingsHandler = Callback<void(const wire::SettingsFrame&)>;

  /// Runs a session over a connected transport and takes the transport over. A null transport ends
  /// the process with a text. Bytes are read and sent from the loop's next turn on.
  static std::shared_ptr<Connection> create(std::unique_ptr<net::Transport> transport,
                                            session::Role role, ConnectionOptions options = {},
                                            ConnectionStart start = {});

  Connection(Private, std::unique_ptr<net::Transport> transport, session::Role role,
             ConnectionOptions options, ConnectionStart start);  // use `create`
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sets the handler for streams that the peer creates from now on. Set in the turn of `create`,
  /// it gets all of them. Without a handler they are refused (RST_STREAM with REFUSED_STREAM).
  void on_new_stream(NewStreamHandler handler);

  /// Creates a stream by SYN_STREAM (section 2.6.1). The handler is called once: with the stream
  /// when the peer's SYN_REPLY has arrived, or with an error. With an empty handler the stream is
  /// reset. A unidirectional stream gets no SYN_REPLY (2.3.2.1): its handler is called in the
  /// loop's next turn, and StreamWriter::on_sent reports a later refusal, GOAWAY or timeout.
  ///
  /// Errors, of session::Errc: kStreamRefused (the peer reset the stream in place of a SYN_REPLY),
  /// kCreateTimeout (no SYN_REPLY within session::Options::create_timeout, 30 s by default),
  /// kGoneAway (the peer has sent GOAWAY: safe to retry elsewhere), kIdsExhausted,
  /// kConnectionClosed (closed, aborted or shut down here), kProtocolError and kFlowControl (the
  /// peer broke a rule for this stream), and those of on_close. Of wire::Errc, for headers that
  /// cannot be sent: kBadHeaderName, kBadHeaderValue, kForbiddenHeader, kTooManyHeaders,
  /// kHeaderBlockTooLarge, kFrameTooLarge, kBadCompression.
  void create_stream(Headers headers, CreateStreamHandler handler);
  void create_stream(Headers headers, const session::CreateOptions& options,
                     CreateStreamHandler handler);

  /// Closes in order: written bytes leave, followed by FLAG_FIN on streams where `end` was called;
  /// every other stream is reset (CANCEL); GOAWAY follows (section 2.6.6). Then the sending side is
  /// shut down and the peer's end is awaited (ConnectionOptions::close_timeout). Streams end with
  /// session::Errc::kConnectionClosed in the loop's next turn, whatever has left by then; bytes
  /// buffered for readers are dropped, also after the connection has failed. on_close follows: with
  /// success, even if the peer did not take everything in time, or with the earlier failure.
  void close();

  /// Ends gracefully: neither side can create streams any more (session::Session::shutdown), and
  /// when the last open one has ended the connection closes as by `close`. on_close follows with
  /// success.
  void shutdown();

  /// Closes the transport at once. Queued bytes, and bytes buffered for readers, are lost. Streams
  /// end with session::Errc::kConnectionClosed. on_close follows: with success, or with the error
  /// by which the connection was lost or had failed before.
  void abort();

  /// Sets the handler for the end of the connection. Success: closed on this side, or by the peer
  /// with GOAWAY or with no stream open. It is called once, after all other handlers that are set
  /// by then; all are freed. Set after the end, it is called in the loop's next turn, and so are
  /// handlers of a Stream that is still held.
  ///
  /// Errors, with which open streams end too: session::Errc::kConnectionLost (the transport broke
  /// or ended with streams open), kIdleTimeout, kPeerDead (no answer to a PING), kLimitExceeded
  /// (the peer passed one of Limits), kFlowControl, kProtocolError or a wire::Errc (the peer broke
  /// the protocol).
  void on_close(CloseHandler handler);

  /// Adds a handler that gets the same result as on_close's, just before it: for layers between a
  /// connection and its user, such as co::Connection, so that on_close stays the user's.
  void add_close_handler(CloseHandler handler);

  /// Whether the handler of on_close has been called, or would have been if there were one.
  bool is_closed() const;

  /// Closes the connection when no frame has been sent or received for `timeout`, counted from now;
  /// 0 or less: never. session::Options::idle_timeout says which frames count. Streams and on_close
  /// then get session::Errc::kIdleTimeout.
  void set_idle_timeout(std::chrono::milliseconds timeout);

  /// Exempts streams from the resets of `close` (Go: RemoveStreams): the peer gets FLAG_FIN after
  /// the bytes that are still queued on them, and nothing if none are. On this side they end with
  /// session::Errc::kConnectionClosed as the others do. Streams that have ended, null pointers and
  /// streams of other connections are ignored.
  void remove_streams(std::span<const std::shared_ptr<Stream>> streams);

  /// Measures a round trip by a PING (section 2.6.5). The handler is called once. Errors:
  /// session::Errc::kConnectionClosed (closed here, or over before the call), kConnectionLost (the
  /// peer ended the connection before it answered), and the others of on_close.
  void ping(PingHandler handler);

  /// Sets the handler for the peer's first GOAWAY (section 2.6.6). No stream can be created after
  /// it; those created here, above its last good id and without SYN_REPLY, fail with
  /// session::Errc::kGoneAway; the connection closes when the others have ended. Set later, it is
  /// called in the loop's next turn.
  void on_goaway(GoAwayHandler handler);

  /// Sets the handler for SETTINGS of the peer from now on (session::Handler::on_settings): among
  /// them values that a server asks its client to keep, and those that a client returns.
  void on_settings(SettingsHandler handler);

  /// Sends SETTINGS (section 2.6.4). Errors: session::Errc::kConnectionClosed and kBadSettings, in
  /// the cases that session::Session::send_settings lists.
  Error send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear = false);

  /// Sets a handler that gets each frame, sent and received, until the connection is over; set in
  /// the turn of `create`, from the first frame on. An empty handler costs one branch a frame. The
  /// handler must not call this connection or its streams (session/trace.h).
  void on_trace(session::TraceHandler handler);

  /// Counters of the session, whether the peer has flow control, and the last round trip measured.
  session::Stats stats() const;

  /// Bytes that the transport has taken and the peer has not acknowledged, as far as the transport
  /// knows (net::Transport::unacknowledged); 0 once the transport is closed.
  std::size_t unacknowledged() const;

  /// Bytes of frames that the peer has acknowledged, as far as the transport knows.
  std::uint64_t acknowledged() const;

  /// The peer's address, for messages; still available when the connection is over.
  std::string peer() const;

  /// The loop of the transport; valid as long as the embedder keeps the loop.
  uv_loop_t* loop() const;

 private:
  friend class StreamCore;
  friend class StreamDecision;
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
