#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// The most bytes of an error response's body that are kept.
inline constexpr std::size_t kMaxErrorBody = 64 * 1024;

/// The most interim (1xx) answers before an answer; their heads have at most kMaxHeadSize bytes
/// together. More are kHeadTooLarge.
inline constexpr int kMaxInterimAnswers = 16;

/// A server's answer to an upgrade request, with its connection.
struct UpgradeResponse {
  HttpResponse response{};
  std::unique_ptr<net::Transport> transport{};  ///< null unless the status is 101
  Buffer already_read{};  ///< the bytes that came with the 101, after its head
};

/// The route of an UpgradeRoundTripper to its servers, and its connections.
struct UpgradeRoundTripperOptions {
  RouteOptions route{};
  /// Options of the new connection. For PINGs set `connection.session.ping_period`; creating a
  /// stream has the timeout `connection.session.create_timeout`.
  ConnectionOptions connection{};
};

/// The client's side of an upgrade. Copies share their options. Handlers must not throw
/// (callback.h).
class UVSPDY_EXPORT UpgradeRoundTripper {
 public:
  using Handler = OnceCallback<void(Result<UpgradeResponse>)>;

  explicit UpgradeRoundTripper(uv_loop_t* loop, UpgradeRoundTripperOptions options = {});

  /// Connects, through the proxy if there is one, and with TLS for https; sends the request, with
  /// Host, Connection: Upgrade, Upgrade: SPDY/3.1 and, for POST, Content-Length: 0 added; and reads
  /// the answer. Interim (1xx) answers are skipped. Any other status is an answer, not an error;
  /// redirects are not followed.
  ///
  /// The handler is called once, from the loop; with an empty handler the answer is dropped and its
  /// connection closed. Errors: those that Dialer::dial lists, without kUpgradeFailed.
  net::Attempt round_trip(const Url& url, HttpRequest request, Handler handler) const;

  /// Makes a Connection of an answer. Errors: kUpgradeFailed if the status is not 101 or the
  /// upgrade headers are missing; upgrade_failure() gives status, headers and body.
  Result<std::shared_ptr<Connection>> new_connection(UpgradeResponse response) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
