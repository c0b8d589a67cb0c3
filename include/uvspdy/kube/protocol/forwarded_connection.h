#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::kube {

/// The server's end of one forwarded connection: a client wants to be connected to a port of the
/// pod. Whoever gets one answers it once, at once or later:
///
///     net::connect_tcp(loop, "127.0.0.1", connection->port(), timeout,
///                      [connection](Result<std::unique_ptr<net::Transport>> target) {
///                        if (!target) return connection->fail(target.error().message());
///                        connection->connect_to(std::move(*target));
///                      });
///
/// Dropped without an answer, it fails. It belongs to its loop's thread.
class ForwardedConnection {
 public:
  class Impl;
  explicit ForwardedConnection(std::shared_ptr<Impl> impl);  // by the session
  ~ForwardedConnection();
  ForwardedConnection(const ForwardedConnection&) = delete;
  ForwardedConnection& operator=(const ForwardedConnection&) = delete;

  /// The port that the client asks for, not 0.
  std::uint16_t port() const;

  /// The client, for messages.
  const std::string& peer() const;

  /// Joins the client with `target`, which is taken over (httpstream::Relay): bytes both ways, the
  /// end of each direction passed on. When the target breaks, the data stream is reset and nothing
  /// is said on the error stream: a text there makes kubectl give up all its connections.
  void connect_to(std::unique_ptr<net::Transport> target);

  /// For who answers without a transport: the stream with the connection's bytes, whose handlers
  /// are the caller's from here on. What the client has sent is held until then; it may have ended
  /// (Stream::has_ended). Keep the ForwardedConnection until the stream is over: dropping it ends
  /// the error stream, by which clients see that the server is through. Null when the connection
  /// has been answered already, or is gone.
  std::shared_ptr<httpstream::Stream> take_data_stream();

  /// Tells the client that there is no connection, and why: "error forwarding port 80 to pod
  /// NAME, uid UID: MESSAGE" on the error stream, as kubelets do. Both streams end.
  void fail(std::string_view message);

  /// The client has given the connection up, or has vanished, before it was answered; from the
  /// loop, once; not when it is set after that. What is done then is without effect.
  void on_gone(std::function<void()> handler);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
