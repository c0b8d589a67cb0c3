#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::httpstream {

/// How a server is reached, and how long each step may take; a breach is an error that names step,
/// peer and time.
struct HttpClientOptions {
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);   ///< to the first hop
  std::chrono::milliseconds proxy_timeout = std::chrono::seconds(30);     ///< CONNECT or SOCKS5
  std::chrono::milliseconds tls_timeout = std::chrono::seconds(10);       ///< each handshake
  std::chrono::milliseconds response_timeout = std::chrono::seconds(30);  ///< the server's answer
  /// How https servers are spoken to; null: with the defaults of net::TlsClientOptions, made when
  /// first needed.
  std::shared_ptr<const net::TlsClientContext> tls;
  /// Goes between us and the server of an http or https URL. Both are reached through a tunnel
  /// (CONNECT or SOCKS5), as an upgrade needs one. Local sockets have none.
  std::optional<Proxy> proxy;
};

/// Asks for resources by GET, each over a connection of its own: for the little that has to be
/// known before an upgrade.
class HttpClient {
 public:
  struct Options : HttpClientOptions {
    /// The most bytes that a body may have; a longer one is an error.
    std::size_t max_body = 4 * 1024 * 1024;
  };
  using Handler = std::function<void(Result<HttpResponse>)>;

  HttpClient(uv_loop_t* loop, Options options);

  /// Sends a GET for the URL with these headers, Host and Connection: close added, and reads the
  /// answer to the end of its body. Interim (1xx) answers are skipped; any other status is an
  /// answer, not an error. The client may be dropped meanwhile.
  ///
  /// The handler runs once, from the loop. Errors: kBadBody for a body that is malformed or too
  /// long; kConnectionLost and kTimeout also when the body is cut off; and the others of
  /// UpgradeRoundTripper::round_trip.
  net::Attempt get(const Url& url, Headers headers, Handler handler) const;

 private:
  uv_loop_t* loop_;
  Options options_;
  mutable std::shared_ptr<const net::TlsClientContext> default_tls_;
};

}  // namespace uvspdy::httpstream
