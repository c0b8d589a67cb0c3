#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::httpstream {

/// A connection, and the protocol that both sides agreed on.
struct Dialed {
  std::shared_ptr<Connection> connection;
  std::string protocol;
};

/// Opens streaming connections to one URL:
///
///     Dialer dialer(loop, url);
///     dialer.dial({"v4.channel.k8s.io"}, [](Result<Dialed> dialed) { ... });
class Dialer {
 public:
  struct Options {
    std::string method = "POST";  ///< or "GET", or what the server wants
    Headers headers;              ///< sent with the request: Authorization and such
    UpgradeRoundTripper::Options round_tripper;
  };
  using Handler = std::function<void(Result<Dialed>)>;

  Dialer(uv_loop_t* loop, Url url) : Dialer(loop, std::move(url), Options()) {}
  Dialer(uv_loop_t* loop, Url url, Options options);

  /// Connects and upgrades, offering `protocols` from the most to the least preferred. The Dialer
  /// may be dropped meanwhile. The handler runs once, from the loop. Errors: those of
  /// UpgradeRoundTripper::round_trip and new_connection; kUpgradeFailed also when the server's
  /// choice is none of `protocols`.
  net::Attempt dial(std::vector<std::string> protocols, Handler handler) const;

 private:
  Url url_;
  Options options_;
  std::shared_ptr<const UpgradeRoundTripper> round_tripper_;
};

}  // namespace uvspdy::httpstream
