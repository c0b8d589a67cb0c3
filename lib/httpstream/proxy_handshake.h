#pragma once

#include <memory>
#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/url.h"

namespace uvspdy::httpstream {

/// What is said between us and a proxy until it has connected us to a server. It does no I/O.
class ProxyHandshake {
 public:
  virtual ~ProxyHandshake() = default;

  /// What we begin with.
  virtual std::string start() = 0;

  struct Step {
    std::string send;   ///< to the proxy, next
    bool done = false;  ///< the connection to the server begins behind what is sent
  };

  /// Goes on with what the proxy has sent, cut anywhere. A server behind the proxy waits for our
  /// first bytes, so nothing may have come from it yet.
  /// Errors: kProxy; kBadHead and kHeadTooLarge.
  virtual Result<Step> take(Bytes input) = 0;

  /// The refusal when the proxy ends, or time is up, with a refusal half told; otherwise success.
  virtual Error half_told() { return {}; }
};

/// HTTP CONNECT (RFC 9110, section 9.3.6).
/// Errors: kBadUrl for what Basic authentication (RFC 7617) cannot carry.
Result<std::unique_ptr<ProxyHandshake>> http_connect(const Proxy& proxy, const Url& url);

/// SOCKS5 (RFC 1928, and RFC 1929 for user name and password).
/// Errors: kBadUrl for what does not fit its one-byte lengths.
Result<std::unique_ptr<ProxyHandshake>> socks5_connect(const Proxy& proxy, const Url& url);

}  // namespace uvspdy::httpstream
