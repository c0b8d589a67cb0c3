#include "httpstream/authority.h"

#include <uv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/control_character.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/url.h"

namespace uvspdy::httpstream {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// RFC 3986, section 3.2.2: reg-name.
bool is_registered_name(std::string_view text) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !is_digit(c) && kMarks.find(c) == std::string_view::npos) return false;
  }
  return true;
}

Error bad(std::string why) { return Error(Errc::kBadUrl, std::move(why)); }

bool is_ip6(std::string_view text) {
  std::array<unsigned char, 16> address{};
  return text.find('%') == std::string_view::npos &&
         uv_inet_pton(AF_INET6, std::string(text).c_str(), address.data()) == 0;
}

// "::1", or with a zone as RFC 6874 has it: "fe80::1%25eth0".
Result<std::string> parse_ip6(std::string_view text) {
  const std::size_t mark = std::min(text.find("%25"), text.size());
  if (!is_ip6(text.substr(0, mark))) return bad("there is no IPv6 address in its brackets");
  std::string address(text.substr(0, mark));
  if (mark == text.size()) return address;
  const Result<std::string> zone = percent_decode(text.substr(mark + 3));
  if (!zone || zone->empty() || has_space_or_control(*zone)) {
    return bad("the zone of its IPv6 address is not usable");
  }
  return address + "%" + *zone;
}

}  // namespace

bool has_space_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; });
}

Result<Authority> parse_authority(std::string_view text) {
  Authority authority;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    authority.user_info = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad("'[' has no ']'");
    Result<std::string> host = parse_ip6(text.substr(1, end - 1));
    if (!host) return host.error();
    authority.host = std::move(*host);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return bad("':' must follow ']'");
  } else {
    if (std::count(text.begin(), text.end(), ':') > 1) {
      return bad("it has more than one colon in HOST:PORT; IPv6 addresses need brackets: [::1]");
    }
    const std::size_t end = std::min(text.find(':'), text.size());
    authority.host = text.substr(0, end);
    port = text.substr(end);
    if (authority.host.find_first_of("%\"<>\\^`{|}[]") != std::string::npos) {
      return bad("its host contains a character that no host name has");
    }
  }
  if (authority.host.empty()) return bad("it has no host");
  if (!port.empty()) {
    port.remove_prefix(1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number == 0) {
      return bad("the port must be a number from 1 to 65535");
    }
    authority.port = number;
  }
  return authority;
}

bool is_host_and_port(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ip6(text.substr(1, end - 1))) return false;
    port = text.substr(end + 1);
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    if (!is_registered_name(text.substr(0, end))) return false;
    port = text.substr(end);
  }
  if (port.empty()) return true;
  return port.front() == ':' && std::all_of(port.begin() + 1, port.end(), is_digit);
}

std::string without_secrets(std::string_view url) {
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme < at ? scheme + 3 : 0;
  return std::string(url.substr(0, start)) + "***" + std::string(url.substr(at));
}

std::string_view without_zone(std::string_view host) { return host.substr(0, host.find('%')); }

std::string format_authority(std::string_view host, std::uint16_t port) {
  const std::string name(without_zone(host));
  const bool ip6 = name.find(':') != std::string::npos;
  return (ip6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

}  // namespace uvspdy::httpstream
