#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::kube {

/// How a PortForwarder behaves. Every field has a default.
struct PortForwarderOptions {
  /// How long one of a forwarded connection's two streams may say nothing once the other has
  /// brought its end: a server that never ends it is not waited for.
  std::chrono::milliseconds end_grace = std::chrono::seconds(10);
};

/// The client's side of portforward: any number of connections to the ports of a pod, over one
/// SPDY connection. From docs/examples/kube_client.cpp:
///
///     void forward(ApiServer& server, TransportPtr local, std::uint16_t port) {
///       PortForwardRequest request;
///       request.pod = "box";
///       auto join = [local = std::move(local), port](Result<ForwarderPtr> dialed) mutable {
///         if (!dialed) return report(dialed.error());
///         const ForwarderPtr forwarder = *dialed;
///         forwarder->forward(std::move(local), port, [forwarder](const Error& error) {
///           report(error);
///           forwarder->close();
///         });
///       };
///       PortForwarder::dial(server, request, std::move(join));
///     }
///
/// It listens nowhere: connections come from a net::Listener, or wherever the caller has them
/// from. The SPDY connection goes on until it is closed, whoever has dropped the PortForwarder. It
/// belongs to the thread of its loop; handlers run from there, never inside a call of these
/// functions.
class UVSPDY_EXPORT PortForwarder {
  struct Private {};
  class Impl;

 public:
  using Handler = OnceCallback<void(Result<std::shared_ptr<PortForwarder>>)>;
  using DoneHandler = OnceCallback<void(const Error&)>;
  using CloseHandler = OnceCallback<void(const Error&)>;

  /// Connects. The handler runs once, from the loop; if it is nobody, the connection is closed.
  /// Errors: those of ApiServer::dial.
  static net::Attempt dial(ApiServer& server, const PortForwardRequest& request, Handler handler,
                           PortForwarderOptions options = {});

  PortForwarder(Private, std::unique_ptr<Impl> impl);  // use `dial`
  ~PortForwarder();
  PortForwarder(const PortForwarder&) = delete;
  PortForwarder& operator=(const PortForwarder&) = delete;

  /// Joins `local` with a port of the pod (httpstream::Relay): bytes both ways, the end of each
  /// direction passed on as an end, a break as a break: behind what came before it `local` is
  /// aborted, which is a TCP reset, when the pod's side breaks, when the SPDY connection is closed
  /// or lost, and when there is no connection to the port. `local` is not null, is taken over, and
  /// is closed in any case. What goes wrong with one connection is its own business: the others go
  /// on.
  ///
  /// `done` runs once, when it is over: success when both directions have ended in order.
  /// kForwardFailed: the server's words, such as that nobody listens on that port. Else the error
  /// of `local`, of Connection::create_stream, or how the stream was ended (Stream::on_close).
  void forward(std::unique_ptr<net::Transport> local, std::uint16_t port, DoneHandler done);

  /// Forwarded connections under way, with those that are only waiting for the server's last word.
  std::size_t connections() const;

  /// Sets who hears, once, that the SPDY connection is over, see Connection::on_close: success when
  /// it was closed here, or by the server in order. Connections that were under way still write
  /// what came for them.
  void on_close(CloseHandler handler);

  /// Whether the SPDY connection is over.
  bool is_closed() const;

  /// Closes the SPDY connection, and breaks off all that is forwarded over it.
  void close();

  /// The server, for messages; also when the connection is over.
  std::string peer() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
