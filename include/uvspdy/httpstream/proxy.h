#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::httpstream {

/// A proxy that connects us to servers: by HTTP CONNECT, itself reached plain or by TLS, or by
/// SOCKS5 (RFC 1928). It is the proxy that resolves the server's name.
struct UVSPDY_EXPORT Proxy {
  enum class Scheme { kHttp, kHttps, kSocks5 };

  Scheme scheme = Scheme::kHttp;
  std::string host{};      ///< a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 0;  ///< 0: the scheme's own, 80, 443 or 1080
  /// Both empty: none. HTTP sends them as Basic authentication, without being asked; SOCKS5 (RFC
  /// 1929) when the proxy chooses so, and wants 1 to 255 bytes of each.
  std::string username{};
  std::string password{};
  /// How an https proxy is spoken to; null: with the defaults of net::TlsClientOptions.
  std::shared_ptr<const net::TlsClientContext> tls{};

  /// The port that is meant: `port`, or the scheme's own.
  std::uint16_t effective_port() const;
};

/// Reads "[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]", user name and password percent-encoded. The
/// scheme is http (also when there is none), https, socks5 or socks5h, which is the same here; the
/// ports are 80, 443 and 1080. Errors: kBadUrl; its text has nothing of what it read.
UVSPDY_EXPORT Result<Proxy> parse_proxy(std::string_view text);

/// "http://host:3128", without user name and password, for messages.
UVSPDY_EXPORT std::string to_string(const Proxy& proxy);

/// Finds a variable of the environment. It gives a value back, so it is no Callback; it may be
/// copied, and must not throw.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The proxy that the environment names for a URL, or none; by the rules of Go's net/http:
/// HTTPS_PROXY for https, HTTP_PROXY for http, or their names in lower case; none for what
/// NO_PROXY lists, for "localhost", loopback addresses and local sockets. NO_PROXY is "*" or has,
/// separated by commas, names (with all below them; ".name" is those below alone), addresses,
/// either with ":port", and CIDR ranges. `lookup` is asked before this returns; empty: std::getenv,
/// which is safe as long as no other thread changes the environment.
///
/// Errors: kBadUrl for a variable that parse_proxy refuses, and for HTTP_PROXY beside
/// REQUEST_METHOD: in a CGI program whoever sends the request sets it with a "Proxy" header.
UVSPDY_EXPORT Result<std::optional<Proxy>> proxy_from_environment(
    const Url& url, const EnvironmentLookup& lookup = {});

}  // namespace uvspdy::httpstream
