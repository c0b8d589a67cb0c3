#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::httpstream {

/// The destination of a request.
struct UVSPDY_EXPORT Url {
  std::string scheme = "http";  ///< "http", "https" or "unix"
  std::string host{};           ///< a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 0;       ///< 0: the scheme's default, 80 or 443
  std::string target = "/";     ///< path and query
  std::string socket_path{};  ///< path of the local socket; for "unix", which has no host and port

  bool operator==(const Url&) const = default;

  /// `port`, or the scheme's default for 0.
  std::uint16_t effective_port() const;

  /// "host:port" as a proxy is asked for it: IPv6 in brackets and without its zone, which is valid
  /// on this machine only. "localhost" for "unix".
  std::string authority() const;

  /// The Host header: authority(), without a port that is the scheme's default, because servers
  /// that choose by name compare the whole text (browsers and curl leave it out too).
  std::string host_header() const;

  /// The URL for messages, without path and query, which may be confidential.
  std::string origin() const;
};

/// Parses "http://HOST[:PORT][/path][?query]", "https://..." (port 443), and
/// "unix:///run/x.sock[:/path[?query]]", where the socket's path is percent-encoded ("%3A" is a
/// colon). A URL with a user name or a fragment is refused. Errors: kBadUrl; its text hides the
/// part before an '@'.
UVSPDY_EXPORT Result<Url> parse_url(std::string_view text);

/// The URL as text that parse_url reads back.
UVSPDY_EXPORT std::string to_string(const Url& url);

/// The parameters of a query, decoded and in order; names may repeat.
using Query = std::vector<std::pair<std::string, std::string>>;

/// The parts of a request target.
struct Target {
  std::string path{};  ///< still percent-encoded, see percent_decode
  Query query{};
};

/// Splits "path?query" and decodes the query ("+" is a space, "%41" is "A"). Errors: kBadUrl for a
/// malformed percent-encoding.
UVSPDY_EXPORT Result<Target> parse_target(std::string_view target);

/// Formats "a=1&b=x%20y": all but unreserved characters (RFC 3986) are percent-encoded.
UVSPDY_EXPORT std::string format_query(const Query& query);

/// Percent-encodes one path segment or value: all but unreserved characters (RFC 3986).
UVSPDY_EXPORT std::string percent_encode(std::string_view text);

/// Decodes a percent-encoding; "+" stays. Errors: kBadUrl.
UVSPDY_EXPORT Result<std::string> percent_decode(std::string_view text);

}  // namespace uvspdy::httpstream
