#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::httpstream {

/// Where a request goes.
struct UVSPDY_EXPORT Url {
  std::string scheme = "http";  ///< "http", "https" or "unix"
  std::string host{};           ///< a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 0;       ///< 0: the scheme's own, 80 or 443
  std::string target = "/";     ///< path and query
  std::string
      socket_path{};  ///< of scheme "unix": the local socket; host and port mean nothing then

  bool operator==(const Url&) const = default;

  /// The port that is meant: `port`, or the scheme's own.
  std::uint16_t effective_port() const;

  /// "host:port", IPv6 in brackets and without its zone, which means something on this machine
  /// alone: what a proxy is asked for. "localhost" for "unix".
  std::string authority() const;

  /// What a Host header says: authority(), without the port where it is the scheme's own, because
  /// servers that choose by name compare the whole text (browsers and curl leave it out too).
  std::string host_header() const;

  /// The URL without path and query, for messages: those may hold what is nobody's business.
  std::string origin() const;
};

/// Reads "http://HOST[:PORT][/path][?query]", "https://..." with port 443, and
/// "unix:///run/x.sock[:/path[?query]]", where the socket's path is percent-encoded ("%3A" is a
/// colon in it). User names and fragments are refused. Errors: kBadUrl; the text hides what stands
/// before an '@'.
UVSPDY_EXPORT Result<Url> parse_url(std::string_view text);

/// The URL as text; parse_url reads it back.
UVSPDY_EXPORT std::string to_string(const Url& url);

/// The parameters of a query, decoded, in order; names may repeat.
using Query = std::vector<std::pair<std::string, std::string>>;

/// What a request asks for.
struct Target {
  std::string path{};  ///< as it stands in the text: see percent_decode
  Query query{};
};

/// Splits "path?query" and decodes the query ("+" is a space, "%41" is "A").
/// Errors: kBadUrl for a broken percent-encoding.
UVSPDY_EXPORT Result<Target> parse_target(std::string_view target);

/// "a=1&b=x%20y" with everything but unreserved characters (RFC 3986) percent-encoded.
UVSPDY_EXPORT std::string format_query(const Query& query);

/// One path segment or value, percent-encoded likewise.
UVSPDY_EXPORT std::string percent_encode(std::string_view text);

/// The reverse. Errors: kBadUrl.
UVSPDY_EXPORT Result<std::string> percent_decode(std::string_view text);

}  // namespace uvspdy::httpstream
