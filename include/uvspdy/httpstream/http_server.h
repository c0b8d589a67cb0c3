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
#include "uvspdy/net/listener.h"
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
    net::ListenOptions listen;
    /// How many connections may be shaking hands, have their request still to come, or be taking
    /// the answer to one that the handler never saw; further ones are closed at once. They cost a
    /// descriptor each, and nobody knows yet whose they are.
    std::size_t max_pending = 1024;
    /// Hears, a line each, what went wrong with connections that came to nothing.
    LogHandler log;
  };

  /// Listens on a numeric address; port 0 picks a free one. Errors: as Listener::listen_tcp.
  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler,
                                                    Options options);

  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler);

  /// Listens on a local (Unix) socket. Errors: as net::Listener::listen_pipe.
  static Result<std::unique_ptr<HttpServer>> listen_pipe(uv_loop_t* loop, const std::string& path,
                                                         RequestHandler handler, Options options);

  /// A server that does not listen: its connections come through `serve`.
  static std::unique_ptr<HttpServer> create(RequestHandler handler, Options options);

  HttpServer(Private, RequestHandler handler, Options options);  // use `listen` or `create`
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The TCP port that it listens on, else 0.
  std::uint16_t port() const { return listener_ ? listener_->port() : 0; }

  /// Where it listens: "127.0.0.1:80", "unix:/run/x.sock"; empty if it does not.
  std::string address() const { return listener_ ? listener_->address() : std::string(); }

  /// Reads a request from a connection that somebody else has accepted.
  void serve(std::unique_ptr<net::Transport> transport);

  /// Stops listening, and drops connections whose request has not come yet or was refused. Those
  /// that were handed to the handler go on. Harmless when done before.
  void close();

 private:
  class RequestReader;
  struct Shared;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace uvspdy::httpstream
