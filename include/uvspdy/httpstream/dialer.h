#pragma once

#include <uv.h>

#include <memory>
#include <string>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::httpstream {

/// A connection, and the protocol that client and server agreed on.
struct Dialed {
  std::shared_ptr<Connection> connection{};
  std::string protocol{};
};

/// The request that a Dialer sends, its route to the server, and its connections.
struct DialerOptions {
  std::string method = "POST";  ///< or "GET"
  Headers headers{};            ///< more headers of the request, such as Authorization
  RouteOptions route{};
  /// The resulting connection: session limits, PINGs (`session.ping_period`), timeouts.
  ConnectionOptions connection{};
};

/// Opens SPDY connections to one URL. Copies share their options. Handlers must not throw
/// (callback.h). From docs/examples/http_requests.cpp:
///
///     net::Attempt dial(uv_loop_t* loop, const Url& url, Dialer::Handler handler) {
///       const Dialer dialer(loop, url, {.method = "GET", .route = patient_route()});
///       return dialer.dial({"echo.example", "another.example"}, std::move(handler));
///     }
class UVSPDY_EXPORT Dialer {
 public:
  using Handler = OnceCallback<void(Result<Dialed>)>;

  // Two constructors, since g++ 12 destroys a default argument twice inside a co_await.
  Dialer(uv_loop_t* loop, Url url) : Dialer(loop, std::move(url), DialerOptions()) {}
  Dialer(uv_loop_t* loop, Url url, DialerOptions options);

  /// Connects, requests an upgrade that offers `protocols` (not empty) from the most to the least
  /// preferred, and makes a Connection of the answer. The Dialer may be dropped meanwhile. The
  /// handler is called once, from the loop; with an empty handler the connection is closed. The
  /// returned Attempt can cancel the dial. Errors, all that can reach the handler:
  ///
  /// - httpstream::Errc::kBadUrl: a scheme other than http, https and unix; for a proxy, a host
  ///   name, user name or password that its protocol cannot carry
  /// - httpstream::Errc::kBadHead: a method, target or header that cannot be sent (nothing is
  ///   connected to then), or an answer of server or proxy that is not HTTP/1.1; kHeadTooLarge: the
  ///   head of such an answer passes kMaxHeadSize or kMaxHeadFields
  /// - httpstream::Errc::kProxy: the proxy refused, or broke its protocol; kProxyTimeout: the proxy
  ///   gave no answer within RouteOptions::proxy_timeout
  /// - httpstream::Errc::kTimeout: no answer within RouteOptions::response_timeout
  /// - httpstream::Errc::kConnectionLost: server or proxy closed the connection before the answer;
  ///   so does a server of TLS 1.3 that refuses our certificate
  /// - httpstream::Errc::kUpgradeFailed: the answer is no upgrade (see upgrade_failure()), or
  ///   chooses a protocol that was not offered
  /// - net::Errc::kBadAddress: no such host, or a socket path that is empty or too long
  /// - net::Errc::kTimeout: no connection within RouteOptions::connect_timeout
  /// - net::Errc::kCertificate, kTlsHandshake, kTlsTimeout: as for net::tls_connect, from server or
  ///   proxy
  /// - net::Errc::kTlsConfig: the default TLS context cannot be made, or no certificate can be for
  ///   the host
  /// - net::Errc::kTlsProtocol, kTruncated: an https proxy broke off its TLS in our handshake with
  ///   the server
  /// - libuv's (net::uv_category): UV_ECONNREFUSED, UV_EHOSTUNREACH, UV_ENOENT (a local socket),
  ///   UV_EMFILE and others of connecting; UV_ECONNRESET and others of a handshake; UV_ECANCELED
  ///
  /// Codes of session and wire come later, from the connection: see Connection::on_close.
  net::Attempt dial(std::vector<std::string> protocols, Handler handler) const;

 private:
  class Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::httpstream
