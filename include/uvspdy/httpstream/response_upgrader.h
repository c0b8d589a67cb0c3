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
  /// The options of the connections; for PINGs set `options.session.ping_period`.
  explicit ResponseUpgrader(ConnectionOptions options = {});

  /// Answers the exchange's request with 101 and the headers of `response` (to which `handshake`
  /// has added the chosen protocol), and runs a connection over its transport. `handler` is called
  /// for each stream that the client creates; an empty handler rejects all. No frame follows the
  /// 101 until the client's first frame has arrived (session::Options::wait_for_client), because
  /// Go's client drops bytes that it reads with the 101.
  ///
  /// Errors: kNotAnUpgrade: the request has no upgrade headers, and was answered with 400 and a
  /// text, or it was answered before; kBadHead: the response's headers cannot be sent (answered
  /// with 500).
  Result<std::shared_ptr<Connection>> upgrade_response(HttpExchange& exchange,
                                                       HttpResponse response,
                                                       NewStreamHandler handler) const;

 private:
  class Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::httpstream
