#pragma once

#include <uv.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// `timeout`, or the time that is left until `deadline` if that is less.
inline std::chrono::milliseconds limited_by(std::chrono::steady_clock::time_point deadline,
                                            std::chrono::milliseconds timeout) {
  if (deadline == std::chrono::steady_clock::time_point::max()) return timeout;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::min(timeout, std::max(left, std::chrono::milliseconds(0)));
}

/// The route to a server.
struct Route {
  Url url{};
  std::shared_ptr<const net::TlsClientContext> tls{};  ///< for the server; null: no TLS
  std::optional<Proxy> proxy{};                        ///< with its `tls` if https
  std::chrono::milliseconds connect_timeout{};         ///< of the first hop
  std::chrono::milliseconds tls_timeout{};             ///< of each TLS handshake
  std::chrono::milliseconds proxy_timeout{};           ///< of CONNECT or SOCKS5
  /// When all steps together must be over, whatever their own timeouts.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

/// Connects by the whole route: to the server, its local socket or the proxy; TLS with the proxy;
/// CONNECT or SOCKS5; TLS with the server.
///
/// The handler is called once, from the loop. Errors: kBadUrl; those of the failed step, whose text
/// names it: net::connect_tcp, net::connect_pipe, net::tls_connect, open_tunnel; UV_ECANCELED.
net::Attempt connect_server(uv_loop_t* loop, Route route, net::ConnectHandler handler);

}  // namespace uvspdy::httpstream
