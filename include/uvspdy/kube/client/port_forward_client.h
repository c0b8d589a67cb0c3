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
  /// A forwarded connection has an error and a data stream. Once one is over, how long to wait for
  /// the other: for the error stream's end, or for the data stream's end or more bytes.
  std::chrono::milliseconds end_grace = std::chrono::seconds(10);
};

/// Forwards any number of local connections to ports of a pod, over one SPDY connection
/// (portforward.k8s.io). From docs/examples/kube_client.cpp:
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
/// It does not listen: the caller brings the local connections, from a net::Listener for example.
/// The SPDY connection stays open until it is closed, even when the PortForwarder is destroyed. It
/// belongs to the thread of its loop; handlers run from the loop, never inside a call of these
/// functions.
class UVSPDY_EXPORT PortForwarder {
  struct Private {};
  class Impl;

 public:
  using Handler = OnceCallback<void(Result<std::shared_ptr<PortForwarder>>)>;
  using DoneHandler = OnceCallback<void(const Error&)>;
  using CloseHandler = OnceCallback<void(const Error&)>;

  /// Opens the SPDY connection. The handler runs once, from the loop; if it is empty, the
  /// connection is closed. Errors: those of ApiServer::dial.
  static net::Attempt dial(ApiServer& server, const PortForwardRequest& request, Handler handler,
                           PortForwarderOptions options = {});

  PortForwarder(Private, std::unique_ptr<Impl> impl);  // use `dial`
  ~PortForwarder();
  PortForwarder(const PortForwarder&) = delete;
  PortForwarder& operator=(const PortForwarder&) = delete;

  /// Joins `local` with a port of the pod (httpstream::Relay). Bytes go both ways, and the end of
  /// each direction is passed on as an end. When the pod's side breaks, the SPDY connection is
  /// closed or lost, or the server cannot connect to the port, `local` is aborted (over TCP: a
  /// reset), after the bytes that came before. `local` must not be null; it is taken over, and
  /// closed in every case. Other forwarded connections are not affected.
  ///
  /// `done` runs once, when both streams of the connection are over: success when both directions
  /// have ended in order. Errors:
  ///
  /// - kube::Errc::kForwardFailed: with the server's text (nobody listens on that port), or because
  ///   the server ended its error stream and then sent no end of the data within end_grace;
  /// - what broke `local`: libuv's numbers; net::Errc::kTlsHandshake, kTlsProtocol or kTruncated if
  ///   it is a TLS transport; net::Errc::kTimeout if it does not take the last bytes in time;
  /// - session::Errc of the streams: kStreamRefused, kStreamReset, kCreateTimeout, kGoneAway,
  ///   kIdsExhausted (dial again), kResetHere, kFlowControlUnknown;
  /// - session::Errc::kConnectionClosed after `close` or when the server ended the connection in
  ///   order, and the errors of on_close.
  void forward(std::unique_ptr<net::Transport> local, std::uint16_t port, DoneHandler done);

  /// The number of forwarded connections whose `done` has not run yet.
  std::size_t connections() const;

  /// Sets the handler that runs once when the SPDY connection is over (Connection::on_close): with
  /// success when it was closed here or by the server in order. Bytes that had come for forwarded
  /// connections are still written to them. Errors: session::Errc::kConnectionLost, kIdleTimeout,
  /// kPeerDead; kLimitExceeded, kFlowControl, kProtocolError or a wire::Errc (the server broke
  /// SPDY or passed a limit). If the connection is over already, it runs in the loop's next turn.
  void on_close(CloseHandler handler);

  /// Whether the SPDY connection is over.
  bool is_closed() const;

  /// Closes the SPDY connection, which breaks off all connections that are forwarded over it.
  void close();

  /// The server's address, for messages; valid also when the connection is over.
  std::string peer() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
