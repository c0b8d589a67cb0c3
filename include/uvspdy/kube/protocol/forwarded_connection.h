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

/// The server's end of one forwarded connection: a client asks to be connected to a port of the
/// pod. The server passes it to its Runtime, which answers once, immediately or later. From
/// docs/examples/kube_client.cpp:
///
///     net::connect_tcp(loop_, "127.0.0.1", connection->port(), kConnectTimeout,
///                      [connection](Result<std::unique_ptr<net::Transport>> target) {
///                        if (!target) return connection->fail(target.error().message());
///                        connection->connect_to(std::move(*target));
///                      });
///
/// The answers are connect_to, take_data_stream and fail; only the first counts, and none after the
/// client has gone. Destroying the object without an answer reports a failure to the client. It
/// belongs to its loop's thread and may outlive the server.
class UVSPDY_EXPORT ForwardedConnection {
 public:
  ForwardedConnection() = default;
  virtual ~ForwardedConnection() = default;
  ForwardedConnection(const ForwardedConnection&) = delete;
  ForwardedConnection& operator=(const ForwardedConnection&) = delete;

  /// The port that the client asks for, not 0.
  virtual std::uint16_t port() const = 0;

  /// The client's address, for messages; valid also when the client has gone.
  virtual std::string peer() const = 0;

  /// Joins the client with `target` by a httpstream::Relay. `target` must not be null; it is taken
  /// over, and closed in every case. Bytes go both ways, and each direction's end is passed on as
  /// an end. When the target breaks, the data stream is reset. No text is sent on the error stream
  /// then, because such a text makes kubectl give up all its connections.
  virtual void connect_to(std::unique_ptr<net::Transport> target) = 0;

  /// For an answer without a transport: takes the stream with the connection's bytes, whose halves
  /// and handlers are the caller's from here on. Bytes that have come are buffered until then. Keep
  /// the ForwardedConnection until the stream is over: destroying it resets the stream, if open,
  /// and ends the error stream, by which clients see that the server has finished. Null when the
  /// connection was answered before, or the client has gone.
  virtual std::shared_ptr<httpstream::Stream> take_data_stream() = 0;

  /// Reports to the client that it is not connected: "error forwarding port 80 to pod NAME, uid
  /// UID: MESSAGE" on the error stream, as kubelets do. Ends it, and resets the data stream.
  virtual void fail(std::string_view message) = 0;

  /// Sets the handler that runs once, from the loop, if the client gives the connection up or
  /// vanishes before it is answered; if that has happened already, in the loop's next turn.
  virtual void on_gone(OnceCallback<void()> handler) = 0;
};

}  // namespace uvspdy::kube
