#pragma once

#include <uv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// The client that a peer's name, as of Transport::peer, stands for in limits: an IPv4 address; the
/// first 64 bits of an IPv6 address ("[2001:db8:1:2::/64]"), since a host may have all addresses
/// with these bits; the IPv4 address that an IPv6 address maps; else the whole name.
inline std::string client_of_peer(std::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return std::string(peer);
  std::string host(peer.substr(0, colon));
  std::array<std::uint8_t, 16> bytes{};
  if (uv_inet_pton(AF_INET, host.c_str(), bytes.data()) == 0) return host;
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::string(peer);
  const std::string address = host.substr(1, host.size() - 2);
  if (uv_inet_pton(AF_INET6, address.c_str(), bytes.data()) != 0) return std::string(peer);
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    uv_inet_ntop(AF_INET, bytes.data() + kMapped.size(), text.data(), text.size());
    return text.data();
  }
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  uv_inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return "[" + std::string(text.data()) + "/64]";
}

/// The client at the other end of a transport: of a local socket the user ("unix:uid=1000"), who
/// may start any number of processes; else that of its `peer()`.
std::string client_of(const Transport& transport);

}  // namespace uvspdy::net
