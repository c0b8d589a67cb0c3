#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "uvspdy/bytes.h"

namespace uvspdy::command {

/// Address and port of one side of a TCP connection.
struct Endpoint {
  bool is_ipv6 = false;
  std::array<std::uint8_t, 16> address{};  ///< of IPv4 the first four bytes
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
  bool operator<(const Endpoint& other) const {
    return std::tie(is_ipv6, address, port) < std::tie(other.is_ipv6, other.address, other.port);
  }
};

/// Such as "127.0.0.1:8080" or "[::1]:8080".
std::string to_string(const Endpoint& endpoint);

/// The TCP segment of a packet. `payload` is a view into the packet.
struct TcpSegment {
  Endpoint source;
  Endpoint destination;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
  Bytes payload;               ///< the bytes that were captured
  std::size_t payload_size{};  ///< the size on the network
};

/// The link layers of captures. libpcap's numbers for them differ between systems.
enum class LinkLayer {
  kEthernet,
  kLinuxCooked,   ///< `tcpdump -i any`, SLL
  kLinuxCooked2,  ///< `tcpdump -i any` since libpcap 1.10, SLL2
  kFamily,        ///< four bytes that name the protocol, NULL and LOOP
  kNone,          ///< no link layer, IP only, RAW
};

/// Finds the TCP segment in a packet; nothing if the packet has another protocol, its headers were
/// not captured completely, or it is a fragment (`is_fragment` is set then).
std::optional<TcpSegment> find_tcp_segment(LinkLayer link, Bytes packet, bool& is_fragment);

}  // namespace uvspdy::command
