#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::kube {

/// The client's side of portforward: any number of connections to the ports of a pod, over one
/// SPDY connection.
///
///     PortForwarder::dial(*server, request,
///                         [](Result<std::shared_ptr<PortForwarder>> forwarder) {
///                           (*forwarder)->forward(std::move(local), 80, [](const Error&) { ... });
///                         });
///
/// It listens nowhere: connections come from a net::Listener, or wherever the caller has them
/// from. The SPDY connection goes on until it is closed, whoever has dropped the PortForwarder. It
/// belongs to the thread of its loop; handlers run from there, never inside a call of these
/// functions.
class PortForwarder {
  struct Private {};

 public:
  using Handler = std::function<void(Result<std::shared_ptr<PortForwarder>>)>;
  using DoneHandler = std::function<void(const Error&)>;
  using CloseHandler = std::function<void(const Error&)>;

  /// Connects. The handler runs once, from the loop. Errors: those of ApiServer::dial.
  static net::Attempt dial(ApiServer& server, const PortForwardRequest& request, Handler handler);

  PortForwarder(Private, std::shared_ptr<httpstream::Connection> connection);  // use `dial`
  ~PortForwarder();
  PortForwarder(const PortForwarder&) = delete;
  PortForwarder& operator=(const PortForwarder&) = delete;

  /// Joins `local` with a port of the pod (httpstream::Relay): bytes both ways, the end of each
  /// direction passed on. `local` is taken over, and closed in any case. What goes wrong with one
  /// connection is its own business: the others go on.
  ///
  /// `done` runs once, when it is over: success when both directions have ended in order.
  /// kForwardFailed: the server's words, such as that nobody listens on that port. Else the error
  /// of `local`, of Connection::create_stream, or how the stream was ended (Stream::on_close).
  void forward(std::unique_ptr<net::Transport> local, std::uint16_t port, DoneHandler done);

  /// Forwarded connections under way, with those that are only waiting for the server's last word.
  std::size_t connections() const;

  /// The SPDY connection is over, see Connection::on_close: success when it was closed here, or by
  /// the server in order. Connections that were under way still write what came for them. Called
  /// once; not when it is set after that: see is_closed().
  void on_close(CloseHandler handler);

  bool is_closed() const;

  /// Closes the SPDY connection, and with it all that is forwarded over it.
  void close();

  /// The server, for messages.
  std::string peer() const;

 private:
  class Forwarding;

  std::shared_ptr<httpstream::Connection> connection_;
  std::shared_ptr<BufferPool> pool_;
  std::shared_ptr<std::size_t> count_;  // shared with what is under way
  std::uint64_t next_request_ = 0;
};

}  // namespace uvspdy::kube
