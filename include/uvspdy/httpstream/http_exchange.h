#pragma once

#include <memory>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// One request on a connection that a server has accepted: HttpServer's, or an embedder's own. It
/// is answered once: with `respond`, after which the connection closes, or by an upgrade
/// (ResponseUpgrader), which takes the connection over. When the last pointer to it goes without
/// either, the connection is closed.
class UVSPDY_EXPORT HttpExchange {
  struct Private {};
  class Impl;

 public:
  /// For an embedder's own HTTP server, which has read the head of a request: with the transport
  /// (net::adopt makes one of a uv_stream_t or a socket), which is not being read meanwhile, and
  /// `already_read`, what came behind the head. With a null transport it has been answered.
  static std::shared_ptr<HttpExchange> create(std::unique_ptr<net::Transport> transport,
                                              HttpRequest request, Buffer already_read = {});

  HttpExchange(Private, std::unique_ptr<Impl> impl);  // use `create`
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const HttpRequest& request() const;

  /// The client, for messages: "127.0.0.1:40312"; also when the request has been answered.
  std::string peer() const;

  /// What TLS knows of the client; null without TLS, and once the request has been answered. Valid
  /// until then.
  const net::TlsInfo* tls() const;

  /// Sends a response and closes the connection behind it, in order. A response that cannot be sent
  /// becomes a 500. Does nothing when the request has been answered.
  void respond(HttpResponse response);

  /// The connection with what was read behind the request's head; for whoever takes it over. Null
  /// when the request has been answered.
  struct Connected {
    std::unique_ptr<net::Transport> transport{};
    Buffer already_read{};
  };
  Connected take_over();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
