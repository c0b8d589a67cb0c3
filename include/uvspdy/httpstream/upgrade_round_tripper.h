#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

struct Route;

/// The most bytes of an error response's body that are read and kept.
inline constexpr std::size_t kMaxErrorBody = 64 * 1024;

/// What a server answered to an upgrade request, with the connection it came over.
struct UpgradeResponse {
  HttpResponse response;
  std::unique_ptr<net::Transport> transport;  ///< null unless the status is 101
  Buffer already_read;                        ///< what came right behind the 101
};

/// The client's side of an upgrade.
class UpgradeRoundTripper {
 public:
  struct Options {
    /// How long each step may take; a breach is an error that names step, peer and time. Creating
    /// a stream has its own: `connection.session.create_timeout`.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);   ///< to the first hop
    std::chrono::milliseconds proxy_timeout = std::chrono::seconds(30);     ///< CONNECT or SOCKS5
    std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);       ///< each handshake
    std::chrono::milliseconds response_timeout = std::chrono::seconds(30);  ///< the server's answer
    /// How https servers are spoken to; null: with the defaults of net::TlsClientOptions, made when
    /// first needed.
    std::shared_ptr<const net::TlsClientContext> tls;
    /// Goes between us and the server of an http or https URL. Both are reached through a tunnel
    /// (CONNECT or SOCKS5), as an upgrade needs one. Local sockets have none.
    std::optional<Proxy> proxy;
    /// For the connection that results; with pings: `connection.session.ping_period`.
    ConnectionOptions connection;
  };
  using Handler = std::function<void(Result<UpgradeResponse>)>;

  UpgradeRoundTripper(uv_loop_t* loop, Options options);

  /// Connects by way of the proxy, if any, and with TLS for https; sends the request, with Host,
  /// Connection: Upgrade, Upgrade: SPDY/3.1 and, for POST, Content-Length: 0 added; and reads the
  /// answer. Interim (1xx) answers are skipped. Any other status is an answer, not an error.
  ///
  /// The handler runs once, from the loop. Errors: kBadHead for a method or header that cannot be
  /// sent (nothing is then connected to) and for what is no HTTP, kBadUrl, kHeadTooLarge, kTimeout,
  /// kConnectionLost, kProxy; those of net::connect_tcp, net::connect_pipe, net::tls_connect and
  /// TlsClientContext::create; UV_ECANCELED.
  net::Attempt round_trip(const Url& url, HttpRequest request, Handler handler) const;

  /// Makes a connection of an answer.
  /// Errors: kUpgradeFailed when it is no 101, or one without the right headers; upgrade_failure()
  /// then gives status, headers and body.
  Result<std::shared_ptr<Connection>> new_connection(UpgradeResponse response) const;

 private:
  using TlsContext = std::shared_ptr<const net::TlsClientContext>;

  Result<Route> route_to(const Url& url) const;
  Result<TlsContext> or_default(const TlsContext& context) const;

  uv_loop_t* loop_;
  Options options_;
  mutable TlsContext default_tls_;
};

}  // namespace uvspdy::httpstream
