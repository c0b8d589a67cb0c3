#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// One request on a connection that a server has accepted. It is answered once: with `respond`,
/// after which the connection closes, or by an upgrade (ResponseUpgrader), which takes the
/// connection over. When the last pointer to it goes without either, the connection is closed.
class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
  struct Private {};

 public:
  HttpExchange(Private, std::unique_ptr<net::Transport> transport, HttpRequest request,
               Buffer behind_head);  // by HttpServer
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const HttpRequest& request() const { return request_; }

  /// The client, for messages.
  const std::string& peer() const { return peer_; }

  /// Sends a response and closes the connection behind it, in order. Does nothing when the request
  /// has been answered.
  void respond(HttpResponse response);

  /// The connection with what was read behind the request's head; for whoever takes it over. Null
  /// when the request has been answered.
  struct Connected {
    std::unique_ptr<net::Transport> transport;
    Buffer already_read;
  };
  Connected take_over();

 private:
  friend class HttpServer;

  std::unique_ptr<net::Transport> transport_;
  HttpRequest request_;
  Buffer behind_head_;
  std::string peer_;
};

/// Accepts TCP connections and reads one HTTP/1.1 request head from each: as much of an HTTP
/// server as Kubernetes streaming needs. A request that is not well-formed, too large or too slow
/// is answered with 400, 431 or 408 and never seen by the handler.
class HttpServer {
  struct Private {};

 public:
  using RequestHandler = std::function<void(std::shared_ptr<HttpExchange>)>;
  using LogHandler = std::function<void(std::string_view)>;

  struct Options {
    /// How long a client may take for its request head.
    std::chrono::milliseconds head_timeout = std::chrono::seconds(30);
    /// Hears, a line each, what went wrong with connections that came to nothing.
    LogHandler log;
  };

  /// Listens on a numeric address; port 0 picks a free one. Errors: as Listener::listen_tcp.
  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler,
                                                    Options options);

  static Result<std::unique_ptr<HttpServer>> listen(uv_loop_t* loop, const std::string& address,
                                                    std::uint16_t port, RequestHandler handler);

  explicit HttpServer(Private);  // use `listen`
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return listener_->port(); }

  /// Stops listening, and drops connections whose request has not come yet. Those that were handed
  /// to the handler go on. Harmless when done before.
  void close();

 private:
  class RequestReader;
  struct Shared;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace uvspdy::httpstream
