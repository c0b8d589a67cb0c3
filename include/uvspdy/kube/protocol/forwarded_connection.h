#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::kube {

/// The server's end of one forwarded connection: a client wants to be connected to a port of the
/// pod. A Runtime gets one from the server, and answers it once, at once or later, from
/// docs/examples/kube_client.cpp:
///
///     net::connect_tcp(loop_, "127.0.0.1", connection->port(), kConnectTimeout,
///                      [connection](Result<std::unique_ptr<net::Transport>> target) {
///                        if (!target) return connection->fail(target.error().message());
///                        connection->connect_to(std::move(*target));
///                      });
///
/// Dropped without an answer, it fails. Only the first answer counts, and none once the client has
/// gone. It belongs to its loop's thread, and may outlive the server.
class UVSPDY_EXPORT ForwardedConnection {
 public:
  ForwardedConnection() = default;
  virtual ~ForwardedConnection() = default;
  ForwardedConnection(const ForwardedConnection&) = delete;
  ForwardedConnection& operator=(const ForwardedConnection&) = delete;

  /// The port that the client asks for, not 0.
  virtual std::uint16_t port() const = 0;

  /// The client, for messages; also when it has gone.
  virtual std::string peer() const = 0;

  /// Joins the client with `target`, which is not null, is taken over and closed in any case
  /// (httpstream::Relay): bytes both ways, the end of each direction passed on as an end, a break
  /// as a break. When the target breaks, the data stream is reset and nothing is said on the error
  /// stream: a text there makes kubectl give up all its connections.
  virtual void connect_to(std::unique_ptr<net::Transport> target) = 0;

  /// For who answers without a transport: the stream with the connection's bytes, whose halves and
  /// handlers are the caller's from here on. What the client has sent is held until then. The
  /// ForwardedConnection holds the stream, too; keep it until the stream is over. Dropping it
  /// resets a stream that is not over, and ends the error stream, by which clients see that the
  /// server is through. Null when the connection has been answered already, or the client is gone.
  virtual std::shared_ptr<httpstream::Stream> take_data_stream() = 0;

  /// Tells the client that there is no connection, and why: "error forwarding port 80 to pod
  /// NAME, uid UID: MESSAGE" on the error stream, as kubelets do. Both streams end.
  virtual void fail(std::string_view message) = 0;

  /// Sets who hears, from the loop and once, that the client has given the connection up or has
  /// vanished before it was answered; set behind that, in the loop's next turn. Answers are without
  /// effect then.
  virtual void on_gone(OnceCallback<void()> handler) = 0;
};

}  // namespace uvspdy::kube
