#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// The most bytes of an error response's body that are read and kept.
inline constexpr std::size_t kMaxErrorBody = 64 * 1024;

/// What a server answered to an upgrade request, with the connection it came over.
struct UpgradeResponse {
  HttpResponse response{};
  std::unique_ptr<net::Transport> transport{};  ///< null unless the status is 101
  Buffer already_read{};                        ///< what came right behind the 101
};

/// How an UpgradeRoundTripper goes to its servers, and what its connections are like.
struct UpgradeRoundTripperOptions {
  RouteOptions route{};
  /// For the connection that results; with pings: `connection.session.ping_period`. Creating a
  /// stream has its own time-out: `connection.session.create_timeout`.
  ConnectionOptions connection{};
};

/// The client's side of an upgrade. Copies share their options. Handlers must not throw
/// (callback.h).
class UVSPDY_EXPORT UpgradeRoundTripper {
 public:
  using Handler = OnceCallback<void(Result<UpgradeResponse>)>;

  explicit UpgradeRoundTripper(uv_loop_t* loop, UpgradeRoundTripperOptions options = {});

  /// Connects by way of the proxy, if any, and with TLS for https; sends the request, with Host,
  /// Connection: Upgrade, Upgrade: SPDY/3.1 and, for POST, Content-Length: 0 added; and reads the
  /// answer. Interim (1xx) answers are skipped. Any other status is an answer, not an error.
  ///
  /// The handler runs once, from the loop; an empty one is nobody, and the answer is dropped with
  /// its connection. Errors: kBadHead for a method or header that cannot be sent (nothing is then
  /// connected to) and for what is no HTTP, kBadUrl, kHeadTooLarge, kTimeout, kConnectionLost,
  /// kProxy, kProxyTimeout; those of net::connect_tcp, net::connect_pipe, net::tls_connect and
  /// TlsClientContext::create; UV_ECANCELED.
  net::Attempt round_trip(const Url& url, HttpRequest request, Handler handler) const;

  /// Makes a connection of an answer.
  /// Errors: kUpgradeFailed when it is no 101, or one without the right headers; upgrade_failure()
  /// then gives status, headers and body.
  Result<std::shared_ptr<Connection>> new_connection(UpgradeResponse response) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
