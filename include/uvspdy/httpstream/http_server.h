#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/httpstream/log.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// How an HttpServer listens, and its limits. Times of 0 or less end in the loop's next turn;
/// milliseconds::max() is no limit.
struct HttpServerOptions {
  /// The longest time for a client to send its request head; after it, 408.
  std::chrono::milliseconds head_timeout = std::chrono::seconds(30);
  /// If set, every connection begins with a TLS handshake of at most `tls_timeout`.
  std::shared_ptr<const net::TlsServerContext> tls{};
  std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);
  net::ListenOptions listen{};

  // Limits of clients that are not known yet. A client is an IPv4 address; the first 64 bits of an
  // IPv6 address, since a host may have all addresses with these bits; the user at the other end of
  // a local socket; for another transport its `peer()`. Where a new connection would exceed a
  // limit, one that can be given up is closed in its place, without an answer: the oldest one of
  // the client that has the most of them. So a client that opens connections without end closes its
  // own, and newcomers are served. Refused connections are closed before a TLS handshake.

  /// The most connections that are in a TLS handshake, have not sent their request, or are taking
  /// the answer to one that the handler does not get. Past it the oldest one of the client with the
  /// most of them is closed. Each costs a descriptor and, with TLS, about 45 KB: 45 MB in all.
  std::size_t max_pending = 1024;
  /// The most of these of one client; past it the client's oldest one is closed. Half of
  /// max_pending: an API server, a proxy or a NAT is one address, and connects for many clients at
  /// once when it has restarted.
  std::size_t max_pending_per_address = 512;
  /// The most connections in all, with those whose request the handler has got, until they are
  /// closed. Past it a connection of max_pending is closed, else one that is taking its answer
  /// (HttpExchange::respond), else the newcomer: an upgraded connection is never closed for
  /// another. An idle upgraded connection costs a descriptor and, with TLS, about 75 KB: 300 MB in
  /// all.
  std::size_t max_connections = 4096;
  /// The most connections of one client, likewise. Half of max_connections, so that no address
  /// alone keeps others out.
  std::size_t max_connections_per_address = 2048;
  /// How many requests for an upgrade are passed on in a second, in all and of one client; as many
  /// may come at once. Further ones are answered with 429 and Retry-After. An upgrade costs about
  /// 0.1 ms, so that they take a fifth of a loop's time at most.
  std::size_t upgrades_per_second = 2000;
  std::size_t upgrades_per_second_per_address = 1000;
  /// Gets a line for each connection that failed before its request, was given up or refused, and
  /// when accepting fails, within `log_limits`. May close the server.
  LogHandler log{};
  LogLimits log_limits{};
};

/// What an HttpServer has, and what its limits have cost its clients until now.
struct HttpServerStats {
  std::size_t connections = 0;          ///< open ones: HttpServerOptions::max_connections
  std::size_t pending = 0;              ///< of those, the ones of max_pending
  std::size_t given_up = 0;             ///< connections closed to make room for others
  std::size_t refused_connections = 0;  ///< connections closed as soon as they were accepted
  std::size_t refused_upgrades = 0;     ///< requests beyond upgrades_per_second
};

/// Accepts connections and reads one HTTP/1.1 request head from each: as much HTTP as Kubernetes
/// streaming needs (docs/networking.md has the rules). A request that is malformed, has a body, is
/// too large, too slow or one too many is answered with 400, 431, 408 or 429, and the handler does
/// not get it. The target that the handler gets is a path, also when the client has sent a URL
/// (absolute form). The server closes when it is destroyed.
/// Handlers must not throw (callback.h). From docs/examples/http_requests.cpp:
///
///     Result<std::unique_ptr<HttpServer>> serve(uv_loop_t* loop) {
///       const auto answer = [](const std::shared_ptr<HttpExchange>& exchange) {
///         if (is_upgrade_request(exchange->request())) return upgrade(*exchange);
///         exchange->respond({.body = "hello, " + exchange->request().target + "\n"});
///       };
///       return HttpServer::listen(loop, "127.0.0.1", 0, answer, {.max_pending = 16});
///     }
class UVSPDY_EXPORT HttpServer {
  struct Private {};
  class Impl;

 public:
  /// Gets each request, from the loop. May close and destroy the server. With an empty handler,
  /// connections are closed when their request has come.
  using RequestHandler = Callback<void(std::shared_ptr<HttpExchange>)>;

  /// Listens on a numeric address; port 0 picks a free port. Errors: those of
  /// net::Listener::listen_tcp.
  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler,
                                                    HttpServerOptions options = {});

  /// Listens on a local (Unix) socket. Errors: those of net::Listener::listen_pipe.
  static Result<std::unique_ptr<HttpServer>> listen_pipe(uv_loop_t* loop, const std::string& path,
                                                         RequestHandler handler,
                                                         HttpServerOptions options = {});

  /// Makes a server that does not listen; `serve` gives it connections.
  static std::unique_ptr<HttpServer> create(RequestHandler handler, HttpServerOptions options = {});

  HttpServer(Private, std::shared_ptr<Impl> impl);  // use `listen` or `create`
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The TCP port, also after `close`; 0 if the server never listened on one.
  std::uint16_t port() const;

  /// The address, also after `close`: "127.0.0.1:80", "unix:/run/x.sock"; empty if the server never
  /// listened.
  std::string address() const;

  /// Connections, and the counters of limits; also after `close`.
  HttpServerStats stats() const;

  /// Reads a request from a connection that the caller has accepted, after a TLS handshake if `tls`
  /// is set. A closed server closes it. A null pointer has no effect.
  void serve(std::unique_ptr<net::Transport> transport);

  /// Stops listening, closes connections whose request has not arrived or was refused, and frees
  /// the handlers. Connections of requests that the handler got go on. No effect when closed.
  void close();

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
