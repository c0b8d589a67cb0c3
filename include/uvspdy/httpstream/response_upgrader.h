#pragma once

#include <memory>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/new_stream_handler.h"

namespace uvspdy::httpstream {

/// The server's side of an upgrade: turns a request into a SPDY connection. Copies share their
/// options. From docs/examples/http_requests.cpp:
///
///     void upgrade(HttpExchange& exchange) {
///       HttpResponse response;
///       if (!handshake(exchange.request(), response, kProtocols)) {
///         return exchange.respond(response);
///       }
///       const auto connection =
///           ResponseUpgrader().upgrade_response(exchange, response, NoOpNewStreamHandler());
///       if (!connection) std::fprintf(stderr, "%s\n", connection.error().message().c_str());
///     }
class UVSPDY_EXPORT ResponseUpgrader {
 public:
  /// With pings: set `options.session.ping_period`.
  explicit ResponseUpgrader(ConnectionOptions options = {});

  /// Answers the exchange's request with 101 and the headers of `response` (where `handshake` has
  /// put the chosen protocol), and runs a connection over its transport. `handler` is called for
  /// each stream that the client creates; an empty one is nobody, and all are rejected. Nothing
  /// follows the 101 until the client's first frame has come, because Go's client throws away what
  /// it reads too early.
  ///
  /// Errors: kNotAnUpgrade, and then the exchange has been answered, with 400 and a text or before;
  /// kBadHead when the response's headers cannot be sent (answered with 500).
  Result<std::shared_ptr<Connection>> upgrade_response(HttpExchange& exchange,
                                                       HttpResponse response,
                                                       NewStreamHandler handler) const;

 private:
  class Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::httpstream
