#include "uvspdy/httpstream/proxy.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "httpstream/authority.h"
#include "httpstream/no_proxy.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

struct SchemeRow {
  std::string_view name;
  Proxy::Scheme scheme;
  std::uint16_t port;
};

// The first row of a scheme is the name that to_string prints.
constexpr std::array<SchemeRow, 4> kSchemes = {{
    {"http", Proxy::Scheme::kHttp, 80},
    {"https", Proxy::Scheme::kHttps, 443},
    {"socks5", Proxy::Scheme::kSocks5, 1080},
    {"socks5h", Proxy::Scheme::kSocks5, 1080},
}};

const SchemeRow& row_of(Proxy::Scheme scheme) {
  return *std::find_if(kSchemes.begin(), kSchemes.end(),
                       [scheme](const SchemeRow& known) { return known.scheme == scheme; });
}

// Without the input: in a malformed text nobody can tell which part is a password.
Error bad_proxy(const std::string& why) {
  return Error(Errc::kBadUrl, "the proxy is not usable: " + why);
}

std::optional<std::string> from_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

struct Variable {
  std::string name;
  std::string value;
};

// The first that is not empty.
Variable find_variable(const EnvironmentLookup& lookup, const std::array<const char*, 2>& names) {
  for (const char* name : names) {
    if (auto value = lookup(name); value && !value->empty()) return {name, std::move(*value)};
  }
  return {};
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view text) {
  const std::size_t mark = text.find("://");
  const std::string name = mark == std::string_view::npos ? "http" : to_lower(text.substr(0, mark));
  std::string_view rest = mark == std::string_view::npos ? text : text.substr(mark + 3);
  const auto row = std::find_if(kSchemes.begin(), kSchemes.end(),
                                [&](const SchemeRow& known) { return known.name == name; });
  if (row == kSchemes.end()) {
    return bad_proxy("its scheme must be http, https, socks5 or socks5h");
  }
  if (has_space_or_control(rest)) {
    return bad_proxy("it contains a space or a control character");
  }
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return bad_proxy("it must look like http://USER:PASSWORD@HOST:PORT, without a path");
  }
  Result<Authority> authority = parse_authority(rest);
  if (!authority) return bad_proxy(authority.error().message());

  Proxy proxy;
  proxy.scheme = row->scheme;
  proxy.host = std::move(authority->host);
  proxy.port = authority->port.value_or(row->port);
  if (authority->user_info) {
    const std::string_view user_info = *authority->user_info;
    const std::size_t colon = std::min(user_info.find(':'), user_info.size());
    Result<std::string> username = percent_decode(user_info.substr(0, colon));
    Result<std::string> password =
        percent_decode(user_info.substr(std::min(colon + 1, user_info.size())));
    if (!username || !password) {
      return bad_proxy("in user name and password, '%' must stand before two hex digits");
    }
    proxy.username = std::move(*username);
    proxy.password = std::move(*password);
  }
  return proxy;
}

std::uint16_t Proxy::effective_port() const { return port != 0 ? port : row_of(scheme).port; }

std::string to_string(const Proxy& proxy) {
  return std::string(row_of(proxy.scheme).name) + "://" +
         format_authority(proxy.host, proxy.effective_port());
}

Result<std::optional<Proxy>> proxy_from_environment(const Url& url,
                                                    const EnvironmentLookup& lookup) {
  const EnvironmentLookup& find = lookup ? lookup : EnvironmentLookup(from_process);
  Variable variable;
  if (url.scheme == "https") {
    variable = find_variable(find, {"HTTPS_PROXY", "https_proxy"});
  } else if (url.scheme == "http") {
    variable = find_variable(find, {"HTTP_PROXY", "http_proxy"});
  }
  if (variable.value.empty()) return std::optional<Proxy>();
  if (url.scheme == "http" && !find("REQUEST_METHOD").value_or("").empty()) {
    return Error(Errc::kBadUrl, variable.name +
                                    " is not used in a CGI program (REQUEST_METHOD is set), where "
                                    "the request may have set it: name the proxy explicitly");
  }
  if (bypasses_proxy(url, find_variable(find, {"NO_PROXY", "no_proxy"}).value)) {
    return std::optional<Proxy>();
  }
  Result<Proxy> proxy = parse_proxy(variable.value);
  if (!proxy) return Error(Errc::kBadUrl, variable.name + ": " + proxy.error().message());
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace uvspdy::httpstream
