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

/// A connection, and the protocol that both sides agreed on.
struct Dialed {
  std::shared_ptr<Connection> connection{};
  std::string protocol{};
};

/// How a Dialer asks, how it goes to the server, and what its connections are like.
struct DialerOptions {
  std::string method = "POST";  ///< or "GET", or what the server wants
  Headers headers{};            ///< sent with the request: Authorization and such
  RouteOptions route{};
  /// As UpgradeRoundTripperOptions::connection.
  ConnectionOptions connection{};
};

/// Opens streaming connections to one URL. Copies share their options. Handlers must not throw
/// (callback.h). From docs/examples/http_requests.cpp:
///
///     net::Attempt dial(uv_loop_t* loop, const Url& url, Dialer::Handler handler) {
///       const Dialer dialer(loop, url, {.method = "GET", .route = patient_route()});
///       return dialer.dial({"echo.example", "another.example"}, std::move(handler));
///     }
class UVSPDY_EXPORT Dialer {
 public:
  using Handler = OnceCallback<void(Result<Dialed>)>;

  // Two, not one with a default: g++ 12 destroys a default argument twice inside a co_await.
  Dialer(uv_loop_t* loop, Url url) : Dialer(loop, std::move(url), DialerOptions()) {}
  Dialer(uv_loop_t* loop, Url url, DialerOptions options);

  /// Connects and upgrades, offering `protocols` from the most to the least preferred. The Dialer
  /// may be dropped meanwhile. The handler runs once, from the loop; an empty one is nobody, and
  /// the connection is closed. Errors: those of UpgradeRoundTripper::round_trip and new_connection;
  /// kUpgradeFailed also when the server's choice is none of `protocols`.
  net::Attempt dial(std::vector<std::string> protocols, Handler handler) const;

 private:
  class Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::httpstream
