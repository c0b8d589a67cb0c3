#include "uvspdy/httpstream/url.h"

#include <sys/un.h>

#include <algorithm>
#include <utility>

#include "httpstream/authority.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

constexpr std::string_view kUnix = "unix";

Error bad_url(std::string_view url, const std::string& why) {
  return Error(Errc::kBadUrl, "'" + without_secrets(url) + "' is not usable: " + why);
}

// RFC 3986, section 2.3.
bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return bad_url(text, "'%' is not followed by two hex digits");
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// nginx's form: the socket's path and, after a colon, path and query of the request.
Result<Url> parse_unix(std::string_view text, std::string_view rest) {
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  Result<std::string> path = percent_decode(rest.substr(0, colon));
  if (!path) return path.error();
  if (path->empty() || path->front() != '/') {
    return bad_url(text, "the socket's path must be absolute: unix:///run/x.sock");
  }
  if (rest.substr(0, colon).find('?') != std::string_view::npos) {
    return bad_url(text, "a query needs a path of its own: unix:///run/x.sock:/path?query");
  }
  if (path->find('\0') != std::string::npos) return bad_url(text, "a NUL in the socket's path");
  constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
  if (path->size() > kMaxPath) {
    return bad_url(text, "the socket's path has " + std::to_string(path->size()) +
                             " bytes, more than the " + std::to_string(kMaxPath) +
                             " that a local socket may have");
  }
  Url url;
  url.scheme = kUnix;
  url.socket_path = std::move(*path);
  if (colon < rest.size()) {
    url.target = rest.substr(colon + 1);
    if (url.target.empty() || url.target.front() != '/') {
      return bad_url(text, "the path behind the socket's must begin with '/'");
    }
  }
  return url;
}

// The path of a socket, percent-encoded for a URL.
std::string encode_path(std::string_view path) {
  std::string text;
  for (const char c : path) text += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
  return text;
}

}  // namespace

std::uint16_t Url::effective_port() const { return port != 0 ? port : default_port(scheme); }

std::string Url::authority() const {
  return scheme == kUnix ? "localhost" : format_authority(host, effective_port());
}

std::string Url::host_header() const {
  std::string text = authority();
  if (scheme != kUnix && effective_port() == default_port(scheme)) text.resize(text.rfind(':'));
  return text;
}

std::string Url::origin() const {
  return scheme + "://" + (scheme == kUnix ? encode_path(socket_path) : authority());
}

Result<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return bad_url(text, "it must look like http://HOST:PORT");
  }
  const std::string scheme = to_lower(text.substr(0, colon));
  if (scheme != "http" && scheme != "https" && scheme != kUnix) {
    return bad_url(text, "the scheme is '" + scheme + "', only http, https and unix are known");
  }
  const std::string_view rest = text.substr(colon + 3);
  if (has_space_or_control(rest)) {
    return bad_url(text, "it contains a space or a control character");
  }
  if (rest.find('#') != std::string_view::npos) return bad_url(text, "it has a fragment ('#')");
  if (scheme == kUnix) return parse_unix(text, rest);

  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  Result<Authority> authority = parse_authority(rest.substr(0, path));
  if (!authority) return bad_url(text, authority.error().message());
  if (authority->user_info) return bad_url(text, "it has a user name ('@')");
  Url url;
  url.scheme = scheme;
  url.host = std::move(authority->host);
  url.port = authority->port.value_or(default_port(scheme));
  if (path < rest.size()) url.target = rest.substr(path);
  if (url.target.front() == '?') url.target.insert(0, "/");
  return url;
}

std::string to_string(const Url& url) {
  if (url.scheme == kUnix) {
    return url.origin() + (url.target == "/" ? std::string() : ":" + url.target);
  }
  std::string authority = url.host_header();
  const std::size_t zone = url.host.find('%');
  const std::size_t bracket = authority.find(']');
  if (zone != std::string::npos && bracket != std::string::npos) {
    authority.insert(bracket, "%25" + percent_encode(url.host.substr(zone + 1)));
  }
  return url.scheme + "://" + authority + url.target;
}

Result<Target> parse_target(std::string_view text) {
  const std::size_t mark = std::min(text.find('?'), text.size());
  Target target;
  target.path = text.substr(0, mark);
  std::string_view rest = text.substr(std::min(mark + 1, text.size()));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = decode(pair.substr(0, equals), true);
    if (!name) return name.error();
    Result<std::string> value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return value.error();
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return target;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

Result<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::string format_query(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + "=" + percent_encode(value);
  }
  return text;
}

}  // namespace uvspdy::httpstream
