#include "net/address.h"

#include <sys/un.h>

#include <algorithm>
#include <array>

#include "uvspdy/net/error.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::net {
namespace {

const sockaddr_in& ip4_of(const sockaddr_storage& address) {
  return *static_cast<const sockaddr_in*>(static_cast<const void*>(&address));
}

const sockaddr_in6& ip6_of(const sockaddr_storage& address) {
  return *static_cast<const sockaddr_in6*>(static_cast<const void*>(&address));
}

// The kernel needs no zero after the path; other programs do.
constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

std::optional<sockaddr_storage> parse_address(const std::string& address, std::uint16_t port) {
  // libuv would ignore everything after a zero byte.
  if (address.find('\0') != std::string::npos) return std::nullopt;
  sockaddr_storage parsed{};
  void* raw = &parsed;
  if (uv_ip4_addr(address.c_str(), port, static_cast<sockaddr_in*>(raw)) != 0 &&
      uv_ip6_addr(address.c_str(), port, static_cast<sockaddr_in6*>(raw)) != 0) {
    return std::nullopt;
  }
  return parsed;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6 ? ip6_of(address).sin6_port
                                             : ip4_of(address).sin_port);
}

std::string to_string(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string port = std::to_string(port_of(address));
  if (address.ss_family == AF_INET6) {
    uv_ip6_name(&ip6_of(address), text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + port;
  }
  uv_ip4_name(&ip4_of(address), text.data(), text.size());
  return std::string(text.data()) + ":" + port;
}

Error check_socket_path(const std::string& path) {
  if (path.empty()) return Error(Errc::kBadAddress, "the path of a local socket is empty");
  if (path.find('\0') != std::string::npos) {
    return Error(Errc::kBadAddress, "the path of a local socket has a zero byte in it");
  }
  if (path.size() > kMaxSocketPath) {
    return Error(Errc::kBadAddress, "the path of a local socket is too long: '" + path + "' has " +
                                        std::to_string(path.size()) + " bytes, at most " +
                                        std::to_string(kMaxSocketPath) + " are possible");
  }
  return {};
}

sockaddr_storage local_address(const std::string& path) {
  sockaddr_storage address{};
  auto* local = static_cast<sockaddr_un*>(static_cast<void*>(&address));
  local->sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), local->sun_path);
  return address;
}

bool is_loopback(const std::string& address) {
  const auto parsed = parse_address(address, 0);
  if (!parsed) return false;
  if (parsed->ss_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&ip6_of(*parsed).sin6_addr) != 0;
  return (ntohl(ip4_of(*parsed).sin_addr.s_addr) >> 24) == 127;
}

}  // namespace uvspdy::net
