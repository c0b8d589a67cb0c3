#include "httpstream/no_proxy.h"

#include <uv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "core/trimmed.h"
#include "httpstream/authority.h"
#include "uvspdy/headers.h"

namespace uvspdy::httpstream {
namespace {

/// An IPv4 or IPv6 address; an IPv4 address mapped into IPv6 is the IPv4 address.
struct Address {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;

  bool operator==(const Address&) const = default;
};

constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<Address> parse_address(std::string_view text) {
  if (text.find('%') != std::string_view::npos) return std::nullopt;
  const std::string name(text);
  Address address;
  if (uv_inet_pton(AF_INET, name.c_str(), address.bytes.data()) == 0) {
    address.size = 4;
    return address;
  }
  if (uv_inet_pton(AF_INET6, name.c_str(), address.bytes.data()) != 0) return std::nullopt;
  address.size = 16;
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
    Address ip4;
    std::copy_n(address.bytes.begin() + kMapped.size(), 4, ip4.bytes.begin());
    ip4.size = 4;
    return ip4;
  }
  return address;
}

bool is_loopback(const Address& address) {
  if (address.size == 4) return address.bytes[0] == 127;
  Address loopback;
  loopback.bytes[15] = 1;
  loopback.size = 16;
  return address == loopback;
}

struct Range {
  Address base;
  unsigned bits = 0;

  bool contains(const Address& address) const {
    if (address.size != base.size) return false;
    for (unsigned bit = 0; bit < bits; ++bit) {
      const unsigned mask = 0x80U >> (bit % 8);
      if (((address.bytes[bit / 8] ^ base.bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
  }
};

std::optional<Range> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view number = text.substr(slash + 1);
  const auto base = parse_address(text.substr(0, slash));
  Range range;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), range.bits);
  if (!base || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  range.base = *base;
  // The number in "::ffff:10.0.0.0/104" includes the bits of the mapping.
  const bool mapped = base->size == 4 && text.find(':') != std::string_view::npos;
  if (mapped) {
    if (range.bits < 96) return std::nullopt;
    range.bits -= 96;
  }
  if (range.bits > range.base.size * 8) return std::nullopt;
  return range;
}

struct HostPort {
  std::string_view host;
  std::string_view port;  // empty: any
};

// A text without a port, or not of this form, is a host as a whole: "::1" has no port.
HostPort split_port(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find("]:");
    if (end == std::string_view::npos) {
      return {text.back() == ']' ? text.substr(1, text.size() - 2) : text, {}};
    }
    return {text.substr(1, end - 1), text.substr(end + 2)};
  }
  if (std::count(text.begin(), text.end(), ':') != 1) return {text, {}};
  const std::size_t colon = text.find(':');
  return {text.substr(0, colon), text.substr(colon + 1)};
}

struct Server {
  std::string host;
  std::string port;
  std::optional<Address> address;
};

// "example.com" is that host and all its subdomains; ".example.com" and "*.example.com" are the
// subdomains alone.
bool names_host(std::string_view pattern, std::string_view host) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(1);
  if (pattern.front() == '.') return host.ends_with(pattern);
  return host == pattern || host.ends_with("." + std::string(pattern));
}

bool names(std::string_view entry, const Server& server) {
  if (entry == "*") return true;
  if (const auto range = parse_range(entry)) {
    return server.address && range->contains(*server.address);
  }
  const HostPort wanted = split_port(entry);
  if (wanted.host.empty() || (!wanted.port.empty() && wanted.port != server.port)) return false;
  if (const auto address = parse_address(wanted.host)) return server.address == address;
  return !server.address && names_host(wanted.host, server.host);
}

}  // namespace

bool bypasses_proxy(const Url& url, std::string_view no_proxy) {
  const Server server{to_lower(url.host), std::to_string(url.effective_port()),
                      parse_address(without_zone(url.host))};
  if (server.host == "localhost" || (server.address && is_loopback(*server.address))) return true;
  const std::string list = to_lower(no_proxy);
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view entry = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!entry.empty() && names(entry, server)) return true;
  }
  return false;
}

}  // namespace uvspdy::httpstream
