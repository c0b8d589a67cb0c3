#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::httpstream {

/// The route to a server, and the longest time of each step; a step that takes longer is an error
/// that names step, peer and time. A time of 0 or less ends in the loop's next turn;
/// milliseconds::max() is no limit. From docs/examples/http_requests.cpp:
///
///     RouteOptions patient_route() {
///       return {
///           .connect_timeout = std::chrono::minutes(2),
///           .response_timeout = std::chrono::minutes(5),
///       };
///     }
struct RouteOptions {
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);   ///< to server or proxy
  std::chrono::milliseconds proxy_timeout = std::chrono::seconds(30);     ///< CONNECT or SOCKS5
  std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);       ///< each handshake
  std::chrono::milliseconds response_timeout = std::chrono::seconds(30);  ///< the server's answer
  /// All steps together, from the beginning of the first to the end of the answer. The step that
  /// reaches the end of this time is the one that the error names.
  std::chrono::milliseconds total_timeout = std::chrono::milliseconds::max();
  /// TLS to https servers; null: the defaults of net::TlsClientOptions, made when first needed.
  std::shared_ptr<const net::TlsClientContext> tls{};
  /// The proxy for http and https URLs. Both use a tunnel (CONNECT or SOCKS5), which an upgrade
  /// needs. Local sockets use no proxy.
  std::optional<Proxy> proxy{};
};

}  // namespace uvspdy::httpstream
