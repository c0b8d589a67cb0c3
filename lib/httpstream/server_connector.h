#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <optional>

#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// How a server is reached.
struct Route {
  Url url{};
  std::shared_ptr<const net::TlsClientContext> tls{};  ///< of the server; null: plain
  std::optional<Proxy> proxy{};                        ///< if https, with its `tls`
  std::chrono::milliseconds connect_timeout{};         ///< of the first hop
  std::chrono::milliseconds tls_timeout{};             ///< of each TLS handshake
  std::chrono::milliseconds proxy_timeout{};           ///< of CONNECT or SOCKS5
};

/// Goes the whole route: to the server, its local socket or the proxy; TLS with the proxy; CONNECT
/// or SOCKS5; TLS with the server.
///
/// The handler runs once, from the loop. Errors: kBadUrl, and those of the step that failed, whose
/// text names it: net::connect_tcp, net::connect_pipe, net::tls_connect, open_tunnel; UV_ECANCELED.
net::Attempt connect_server(uv_loop_t* loop, Route route, net::ConnectHandler handler);

}  // namespace uvspdy::httpstream
