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
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Gets one line of a log at a time, without a line end.
using LogHandler = Callback<void(std::string_view)>;

/// How an HttpServer listens, and its limits. Times of 0 or less end in the loop's next turn;
/// milliseconds::max() is no limit.
struct HttpServerOptions {
  /// The longest time for a client to send its request head; after it, 408.
  std::chrono::milliseconds head_timeout = std::chrono::seconds(30);
  /// If set, every connection begins with a TLS handshake of at most `tls_timeout`.
  std::shared_ptr<const net::TlsServerContext> tls{};
  std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);
  net::ListenOptions listen{};
  /// The most connections that are in a TLS handshake, have not sent their request, or are taking
  /// the answer to one that the handler does not get; further ones are closed at once. Each costs a
  /// descriptor, and its client is not known yet.
  std::size_t max_pending = 1024;
  /// Gets a line for each connection that failed before its request, and when accepting fails. May
  /// close the server.
  LogHandler log{};
};

/// Accepts connections and reads one HTTP/1.1 request head from each: as much HTTP as Kubernetes
/// streaming needs (docs/networking.md has the rules). A request that is malformed, has a body, is
/// too large or too slow is answered with 400, 431 or 408, and the handler does not get it. The
/// target that the handler gets is a path, also when the client has sent a URL (absolute form).
/// The server closes when it is destroyed.
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
