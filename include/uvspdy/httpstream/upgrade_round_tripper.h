#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

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
  /// Creating a stream has its own time-out: `connection.session.create_timeout`.
  struct Options : HttpClientOptions {
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
  uv_loop_t* loop_;
  Options options_;
  mutable std::shared_ptr<const net::TlsClientContext> default_tls_;
};

}  // namespace uvspdy::httpstream
