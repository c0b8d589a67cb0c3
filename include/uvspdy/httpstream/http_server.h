#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Accepts connections and reads one HTTP/1.1 request head from each: as much of an HTTP server as
/// Kubernetes streaming needs. A request that is not well-formed, too large or too slow is answered
/// with 400, 431 or 408 and never seen by the handler. Closed when destroyed.
class HttpServer {
  struct Private {};

 public:
  using RequestHandler = std::function<void(std::shared_ptr<HttpExchange>)>;
  using LogHandler = std::function<void(std::string_view)>;

  struct Options {
    /// How long a client may take for its request head.
    std::chrono::milliseconds head_timeout = std::chrono::seconds(30);
    /// With it every connection begins with a TLS handshake, in at most `tls_timeout`.
    std::shared_ptr<const net::TlsServerContext> tls;
    std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);
    /// Hears, a line each, what went wrong with connections that came to nothing.
    LogHandler log;
  };

  /// Listens on a numeric address; port 0 picks a free one. Errors: as TcpListener::listen.
  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler,
                                                    Options options);

  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler);

  /// A server that does not listen: its connections come through `serve`.
  static std::unique_ptr<HttpServer> create(RequestHandler handler, Options options);

  HttpServer(Private, RequestHandler handler, Options options);  // use `listen` or `create`
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The port that it listens on.
  std::uint16_t port() const { return listener_->port(); }

  /// Reads a request from a connection that somebody else has accepted.
  void serve(std::unique_ptr<net::Transport> transport);

  /// Stops listening, and drops connections whose request has not come yet. Those that were handed
  /// to the handler go on. Harmless when done before.
  void close();

 private:
  class RequestReader;
  struct Shared;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<net::TcpListener> listener_;
};

}  // namespace uvspdy::httpstream
