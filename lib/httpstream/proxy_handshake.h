#pragma once

#include <memory>
#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/url.h"

namespace uvspdy::httpstream {

/// The dialogue with a proxy until it has connected us to a server. It does no I/O.
class ProxyHandshake {
 public:
  virtual ~ProxyHandshake() = default;

  /// Returns our first bytes.
  virtual std::string start() = 0;

  struct Step {
    std::string send;   ///< to be sent to the proxy next
    bool done = false;  ///< the connection to the server begins after `send`
  };

  /// Takes bytes of the proxy, cut anywhere. The server behind the proxy waits for our first bytes,
  /// so none of its bytes can be among them. Errors: kProxy, kBadHead, kHeadTooLarge.
  virtual Result<Step> take(Bytes input) = 0;

  /// The refusal, if the proxy's refusal had begun when the proxy closed or the time was up;
  /// otherwise success.
  virtual Error refusal_so_far() { return {}; }
};

/// HTTP CONNECT (RFC 9110, section 9.3.6). Errors: kBadUrl for a user name, password or host that
/// CONNECT with Basic authentication (RFC 7617) cannot carry.
Result<std::unique_ptr<ProxyHandshake>> http_connect(const Proxy& proxy, const Url& url);

/// SOCKS5 (RFC 1928, and RFC 1929 for user name and password). Errors: kBadUrl for a text that does
/// not fit the protocol's one-byte lengths.
Result<std::unique_ptr<ProxyHandshake>> socks5_connect(const Proxy& proxy, const Url& url);

}  // namespace uvspdy::httpstream
