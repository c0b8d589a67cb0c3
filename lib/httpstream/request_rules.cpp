#include "httpstream/request_rules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "httpstream/authority.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

Error bad(std::string why) { return Error(Errc::kBadHead, std::move(why)); }

// RFC 9112, section 3.2.
Error check_host(const HttpRequest& request) {
  const auto hosts = request.headers.values("Host");
  if (hosts.empty()) {
    if (request.version == HttpVersion::kHttp10) return {};
    return bad("the request has no Host header, which HTTP/1.1 requires: send 'Host: HOST:PORT'");
  }
  if (hosts.size() > 1) {
    return bad("the request has " + std::to_string(hosts.size()) + " Host headers: send one");
  }
  if (!is_host_and_port(hosts.front())) {
    return bad("the value of the Host header is not HOST or HOST:PORT");
  }
  return {};
}

// RFC 9112, section 6: two of us that do not agree where a request ends are how requests are
// smuggled, so that what is not plain is refused.
Error check_framing(const Headers& headers) {
  const auto lengths = headers.values("Content-Length");
  const bool has_coding = headers.get("Transfer-Encoding").has_value();
  if (has_coding && !lengths.empty()) {
    return bad("the request has both Content-Length and Transfer-Encoding: send neither");
  }
  if (lengths.size() > 1) {
    return bad("the request has " + std::to_string(lengths.size()) +
               " Content-Length headers: send at most one");
  }
  const std::string_view length = lengths.empty() ? "0" : lengths.front();
  if (length.empty() || length.find_first_not_of("0123456789") != std::string_view::npos) {
    return bad("the value of the Content-Length header is not a number");
  }
  if (has_coding || length.find_first_not_of('0') != std::string_view::npos) {
    return bad("a request body is not expected here");
  }
  return {};
}

bool begins_with_scheme(std::string_view target, std::string_view scheme) {
  return equals_ignoring_case(target.substr(0, scheme.size()), scheme);
}

// RFC 9112, section 3.2.2.
Error take_absolute_form(HttpRequest& request, std::size_t scheme_size) {
  const std::string_view rest = std::string_view(request.target).substr(scheme_size);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string authority(rest.substr(0, end));
  if (authority.empty() || authority.front() == ':' || !is_host_and_port(authority)) {
    return bad("the request target is a URL whose host is not HOST or HOST:PORT");
  }
  std::string path(rest.substr(end));
  if (path.find('#') != std::string::npos) {
    return bad("the request target is a URL with a fragment ('#'), which is not sent");
  }
  if (path.empty() && request.method == "OPTIONS") path = "*";
  if (path.empty() || path.front() == '?') path.insert(0, "/");
  request.target = std::move(path);
  request.headers.set("Host", authority);
  return {};
}

// RFC 9112, section 3.2.3. The port has to be there, because a tunnel has no usual one.
bool is_authority_form(std::string_view target) {
  return is_host_and_port(target) && target.front() != ':' && target.back() != ':' &&
         target.back() != ']' && target.find(':') != std::string_view::npos;
}

Error take_target(HttpRequest& request) {
  const std::string_view target = request.target;
  if (request.method == "CONNECT") {
    if (is_authority_form(target)) return {};
    return bad("the target of CONNECT is not HOST:PORT");
  }
  if (target.starts_with('/') || (target == "*" && request.method == "OPTIONS")) return {};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (begins_with_scheme(target, scheme)) return take_absolute_form(request, scheme.size());
  }
  return bad("the request target is neither a path that begins with '/' nor an http URL");
}

}  // namespace

Error apply_request_rules(HttpRequest& request) {
  if (Error error = check_host(request)) return error;
  if (Error error = check_framing(request.headers)) return error;
  return take_target(request);
}

}  // namespace uvspdy::httpstream
