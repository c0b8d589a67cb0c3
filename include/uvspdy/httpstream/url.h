#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::httpstream {

/// Where a request goes.
struct Url {
  std::string scheme = "http";
  std::string host;  ///< a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query

  /// "host:port" as a Host header has it, IPv6 in brackets.
  std::string authority() const;
};

/// Reads "http://HOST[:PORT][/path][?query]". User names and fragments are refused.
/// Errors: kBadUrl.
Result<Url> parse_url(std::string_view text);

/// The parameters of a query, decoded, in order; names may repeat.
using Query = std::vector<std::pair<std::string, std::string>>;

/// Splits "path?query" and decodes the query ("+" is a space, "%41" is "A").
/// Errors: kBadUrl for a broken percent-encoding.
struct Target {
  std::string path;
  Query query;
};
Result<Target> parse_target(std::string_view target);

/// "a=1&b=x%20y" with everything but unreserved characters (RFC 3986) percent-encoded.
std::string format_query(const Query& query);

/// One path segment or value, percent-encoded likewise.
std::string percent_encode(std::string_view text);

}  // namespace uvspdy::httpstream
