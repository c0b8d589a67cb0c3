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

/// The route of an HttpClient to its servers, and its limits.
struct HttpClientOptions {
  RouteOptions route{};
  /// The most bytes of a body; a longer body is kBadBody.
  std::size_t max_body = 4 * 1024 * 1024;
};

/// Sends GET requests, each over a connection of its own: for what a client must know before an
/// upgrade. Copies share their options. Handlers must not throw (callback.h). From
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

  /// Sends a GET with these headers, to which Host and Connection: close are added, and reads the
  /// answer with its body. Interim (1xx) answers are skipped; any other status is an answer, not an
  /// error. A redirect is an answer, too, and is not followed, so that the headers reach no other
  /// server. The client may be dropped meanwhile.
  ///
  /// The handler is called once, from the loop; with an empty handler the answer is dropped.
  /// Errors: kBadBody; kConnectionLost and kTimeout, also when the body is cut off; and the others
  /// of UpgradeRoundTripper::round_trip.
  net::Attempt get(const Url& url, Headers headers, Handler handler) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
