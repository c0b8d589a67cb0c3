#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// The most bytes of an error response's body that are read and kept.
inline constexpr std::size_t kMaxErrorBody = 64 * 1024;

/// What a server answered to an upgrade request, with the connection it came over.
struct UpgradeResponse {
  HttpResponse response;
  std::unique_ptr<net::Transport> transport;  ///< null unless the status is 101
  Buffer already_read;                        ///< what came right behind the 101
};

/// The client's side of an upgrade.
class UpgradeRoundTripper {
 public:
  struct Options {
    /// How long connecting may take, and then the server's answer.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds response_timeout = std::chrono::seconds(30);
    /// For the connection that results; with pings: `connection.session.ping_period`.
    ConnectionOptions connection;
  };
  using Handler = std::function<void(Result<UpgradeResponse>)>;

  UpgradeRoundTripper(uv_loop_t* loop, Options options);

  /// Sends the request, with Host, Connection: Upgrade, Upgrade: SPDY/3.1 and Content-Length: 0
  /// added, and reads the answer. The handler runs once. Errors: those of net::connect_tcp,
  /// kBadHead, kHeadTooLarge, kTimeout, kConnectionLost. Any status is an answer, not an error.
  void round_trip(const Url& url, HttpRequest request, Handler handler) const;

  /// Makes a connection of an answer.
  /// Errors: kUpgradeFailed when it is no 101, or one without the right headers; upgrade_failure()
  /// then gives status, headers and body.
  Result<std::shared_ptr<Connection>> new_connection(UpgradeResponse response) const;

 private:
  uv_loop_t* loop_;
  Options options_;
};

}  // namespace uvspdy::httpstream
