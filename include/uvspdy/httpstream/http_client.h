#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::httpstream {

/// How an HttpClient goes to its servers, and what it takes from them.
struct HttpClientOptions {
  RouteOptions route{};
  /// The most bytes that a body may have; a longer one is an error.
  std::size_t max_body = 4 * 1024 * 1024;
};

/// Asks for resources by GET, each over a connection of its own: for the little that has to be
/// known before an upgrade. Copies share their options. Handlers must not throw (callback.h). From
/// docs/examples/http_requests.cpp:
///
///     void get(uv_loop_t* loop, const Url& url, HttpClient::Handler handler) {
///       const HttpClient client(loop, {.route = patient_route(), .max_body = 4096});
///       client.get(url, {{"Accept", "text/plain"}}, std::move(handler));
///     }
class UVSPDY_EXPORT HttpClient {
 public:
  using Handler = OnceCallback<void(Result<HttpResponse>)>;

  explicit HttpClient(uv_loop_t* loop, HttpClientOptions options = {});

  /// Sends a GET for the URL with these headers, Host and Connection: close added, and reads the
  /// answer to the end of its body. Interim (1xx) answers are skipped; any other status is an
  /// answer, not an error. The client may be dropped meanwhile.
  ///
  /// The handler runs once, from the loop; an empty one is nobody, and the answer is dropped.
  /// Errors: kBadBody for a body that is malformed or too long; kConnectionLost and kTimeout also
  /// when the body is cut off; and the others of UpgradeRoundTripper::round_trip.
  net::Attempt get(const Url& url, Headers headers, Handler handler) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
