#pragma once

#include <uv.h>

#include <cstdint>
#include <optional>
#include <string>

#include "uvspdy/error.h"

namespace uvspdy::net {

/// An address as the type that the socket interface takes.
inline sockaddr* base_of(sockaddr_storage& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}
inline const sockaddr* base_of(const sockaddr_storage& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

/// A numeric IPv4 or IPv6 address, without brackets.
std::optional<sockaddr_storage> parse_address(const std::string& address, std::uint16_t port);

/// The port of an IPv4 or IPv6 address.
std::uint16_t port_of(const sockaddr_storage& address);

/// An address as people write it: "127.0.0.1:80", "[::1]:80".
std::string to_string(const sockaddr_storage& address);

/// The name of a local socket as people write it: "unix:/run/x.sock".
inline std::string local_name(const std::string& path) { return "unix:" + path; }

/// The error kBadAddress if a path cannot name a local socket (it is empty, contains a zero byte,
/// or is longer than the kernel allows); else success.
Error check_socket_path(const std::string& path);

/// The path as a sockaddr_un. Only after a successful `check_socket_path`.
sockaddr_storage local_address(const std::string& path);

}  // namespace uvspdy::net
