#include "kube/server_url.h"

#include <algorithm>
#include <cstdint>

#include "uvspdy/headers.h"

namespace uvspdy::kube {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::uint16_t kHttpsPort = 443;

bool names_port(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const std::size_t bracket = authority.rfind(']');
  return authority.find(':', bracket == std::string_view::npos ? 0 : bracket) !=
         std::string_view::npos;
}

}  // namespace

Result<httpstream::Url> parse_server_url(const std::string& text) {
  Result<httpstream::Url> url = httpstream::parse_url(text);
  if (url || to_lower(text.substr(0, kHttps.size())) != kHttps) return url;
  // The parser knows no https yet, which has the same form.
  const std::string rest = text.substr(kHttps.size());
  url = httpstream::parse_url("http://" + rest);
  if (!url) return url;
  url->scheme = "https";
  if (!names_port(rest)) url->port = kHttpsPort;
  return url;
}

}  // namespace uvspdy::kube
