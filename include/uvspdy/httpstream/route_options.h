#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::httpstream {

/// How a server is reached, and how long each step may take; a breach is an error that names step,
/// peer and time. A time of 0 or less is over in the loop's next turn; milliseconds::max() means
/// for ever. Part of the options of everything that goes to a server. From
/// docs/examples/http_requests.cpp:
///
///     RouteOptions patient_route() {
///       return {
///           .connect_timeout = std::chrono::minutes(2),
///           .response_timeout = std::chrono::minutes(5),
///       };
///     }
struct RouteOptions {
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);   ///< to the first hop
  std::chrono::milliseconds proxy_timeout = std::chrono::seconds(30);     ///< CONNECT or SOCKS5
  std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);       ///< each handshake
  std::chrono::milliseconds response_timeout = std::chrono::seconds(30);  ///< the server's answer
  /// How https servers are spoken to; null: with the defaults of net::TlsClientOptions, made when
  /// first needed.
  std::shared_ptr<const net::TlsClientContext> tls{};
  /// Goes between us and the server of an http or https URL. Both are reached through a tunnel
  /// (CONNECT or SOCKS5), as an upgrade needs one. Local sockets have none.
  std::optional<Proxy> proxy{};
};

}  // namespace uvspdy::httpstream
