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

/// Hears of what is worth a line in a log; without a line end.
using LogHandler = Callback<void(std::string_view)>;

/// How an HttpServer listens, and how long and how many it waits for. Times of 0 or less are over
/// in the loop's next turn; milliseconds::max() means for ever.
struct HttpServerOptions {
  /// How long a client may take for its request head.
  std::chrono::milliseconds head_timeout = std::chrono::seconds(30);
  /// With it every connection begins with a TLS handshake, in at most `tls_timeout`.
  std::shared_ptr<const net::TlsServerContext> tls{};
  std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);
  net::ListenOptions listen{};
  /// How many connections may be shaking hands, have their request still to come, or be taking the
  /// answer to one that the handler never saw; further ones are closed at once. They cost a
  /// descriptor each, and nobody knows yet whose they are.
  std::size_t max_pending = 1024;
  /// Hears, a line each, what went wrong with connections that came to nothing. May close the
  /// server.
  LogHandler log{};
};

/// Accepts connections and reads one HTTP/1.1 request head from each: as much of an HTTP server as
/// Kubernetes streaming needs. A request that is not well-formed, too large or too slow is answered
/// with 400, 431 or 408 and never seen by the handler. Closed when destroyed. Handlers must not
/// throw (callback.h). From docs/examples/http_requests.cpp:
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
  /// Gets each request, from the loop. May close and destroy the server. An empty one is nobody:
  /// connections are closed when their request has come.
  using RequestHandler = Callback<void(std::shared_ptr<HttpExchange>)>;

  /// Listens on a numeric address; port 0 picks a free one. Errors: as Listener::listen_tcp.
  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler,
                                                    HttpServerOptions options = {});

  /// Listens on a local (Unix) socket. Errors: as net::Listener::listen_pipe.
  static Result<std::unique_ptr<HttpServer>> listen_pipe(uv_loop_t* loop, const std::string& path,
                                                         RequestHandler handler,
                                                         HttpServerOptions options = {});

  /// A server that does not listen: its connections come through `serve`.
  static std::unique_ptr<HttpServer> create(RequestHandler handler, HttpServerOptions options = {});

  HttpServer(Private, std::shared_ptr<Impl> impl);  // use `listen` or `create`
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The TCP port that it listens on, or listened on; 0 if it never did.
  std::uint16_t port() const;

  /// Where it listens, or listened: "127.0.0.1:80", "unix:/run/x.sock"; empty if it never did.
  std::string address() const;

  /// Reads a request from a connection that somebody else has accepted. A closed server closes it.
  /// Null does nothing.
  void serve(std::unique_ptr<net::Transport> transport);

  /// Stops listening, drops connections whose request has not come yet or was refused, and lets go
  /// of its handlers. Connections that were handed to the handler go on. Harmless when done before.
  void close();

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
