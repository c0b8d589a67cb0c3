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

/// A proxy: HTTP CONNECT (RFC 9110), over plain TCP or TLS, or SOCKS5 (RFC 1928). The proxy
/// resolves the server's name.
struct UVSPDY_EXPORT Proxy {
  enum class Scheme { kHttp, kHttps, kSocks5 };

  Scheme scheme = Scheme::kHttp;
  std::string host{};      ///< a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 0;  ///< 0: 80, 443 or 1080, by scheme
  /// Both empty: no authentication. CONNECT sends them unasked, as Basic authentication. SOCKS5
  /// (RFC 1929) sends them if the proxy chooses so, and takes 1 to 255 bytes of each.
  std::string username{};
  std::string password{};
  /// TLS to an https proxy; null: the defaults of net::TlsClientOptions.
  std::shared_ptr<const net::TlsClientContext> tls{};

  /// Returns `port`, or the default port of the scheme if `port` is 0.
  std::uint16_t effective_port() const;
};

/// Parses "[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]", with user name and password percent-encoded.
/// The scheme is http (the default), https, socks5, or socks5h, which means the same; the default
/// ports are 80, 443 and 1080. Errors: kBadUrl; its text repeats nothing of the input.
UVSPDY_EXPORT Result<Proxy> parse_proxy(std::string_view text);

/// The proxy for messages, without user name and password: "http://host:3128".
UVSPDY_EXPORT std::string to_string(const Proxy& proxy);

/// Looks up an environment variable. It returns a value, so it is no Callback; it must be copyable
/// and must not throw.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The proxy that the environment names for a URL, or none, by the rules of Go's net/http.
/// Variables: HTTPS_PROXY for https, HTTP_PROXY for http, or their names in lower case. No proxy
/// for servers in NO_PROXY, "localhost", loopback addresses and local sockets. NO_PROXY is "*" or a
/// list, separated by commas: names (with all subdomains; ".name": subdomains only) and
/// addresses, with or without ":port", and CIDR ranges. `lookup` is called before this returns;
/// empty: std::getenv, which is safe while no other thread changes the environment.
///
/// Errors: kBadUrl for a variable that parse_proxy refuses, and for HTTP_PROXY when REQUEST_METHOD
/// is set: in a CGI program the sender of a request sets HTTP_PROXY by a "Proxy" header.
UVSPDY_EXPORT Result<std::optional<Proxy>> proxy_from_environment(
    const Url& url, const EnvironmentLookup& lookup = {});

}  // namespace uvspdy::httpstream
