#pragma once

#include <memory>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// One request on a connection that a server has accepted: HttpServer, or an embedder's own. It is
/// answered once: by `respond`, which closes the connection, or by an upgrade (ResponseUpgrader),
/// which takes the connection over. If the last pointer is dropped before, the connection is
/// closed.
class UVSPDY_EXPORT HttpExchange {
  struct Private {};
  class Impl;

 public:
  /// For an embedder's own HTTP server that has read a request's head. `transport` must not be read
  /// meanwhile (net::adopt makes one of a uv_stream_t or a socket); `already_read` has the bytes
  /// after the head. With a null transport the request counts as answered.
  static std::shared_ptr<HttpExchange> create(std::unique_ptr<net::Transport> transport,
                                              HttpRequest request, Buffer already_read = {});

  HttpExchange(Private, std::unique_ptr<Impl> impl);  // use `create`
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const HttpRequest& request() const;

  /// The client's address, for messages: "127.0.0.1:40312"; also after the answer.
  std::string peer() const;

  /// TLS facts of the connection, valid until the answer; null without TLS and after the answer.
  const net::TlsInfo* tls() const;

  /// Sends a response and then closes the connection in order, which takes at most 10 s without
  /// progress and 2 minutes in all. The answer to HEAD has the length of a body, and no body. A
  /// response that cannot be sent, or is an interim one (1xx), becomes a 500. No effect after the
  /// answer.
  void respond(const HttpResponse& response);

  /// A connection, and the bytes that were read after the request's head.
  struct Connected {
    std::unique_ptr<net::Transport> transport{};
    Buffer already_read{};
  };
  /// Takes the connection over. After the answer, or an earlier call, the transport is null.
  Connected take_over();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
