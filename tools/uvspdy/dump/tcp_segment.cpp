#include "tcp_segment.h"

#include <arpa/inet.h>

#include <algorithm>

namespace uvspdy::command {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherProviderVlan = 0x88a8;
constexpr std::uint8_t kTcp = 6;

std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(read_u16(bytes, at)) << 16 | read_u16(bytes, at + 2);
}

Bytes without(Bytes bytes, std::size_t count) {
  return bytes.subspan(std::min(count, bytes.size()));
}

// The IP packet in a packet; empty if there is none.
Bytes skip_ethernet(Bytes packet) {
  constexpr std::size_t kAddresses = 12;
  constexpr std::size_t kVlanTag = 4;
  for (Bytes rest = without(packet, kAddresses); rest.size() >= 2; rest = without(rest, kVlanTag)) {
    const std::uint16_t type = read_u16(rest, 0);
    if (type == kEtherIpv4 || type == kEtherIpv6) return without(rest, 2);
    if (type != kEtherVlan && type != kEtherProviderVlan) break;
  }
  return {};
}

// IP is recognised by its first four bits; the type is read only where VLAN tags may precede it.
Bytes skip_link_layer(LinkLayer link, Bytes packet) {
  constexpr std::size_t kEthernetSize = 14;
  constexpr std::size_t kLinuxCookedSize = 16;  // ends like Ethernet's, with the type
  constexpr std::size_t kLinuxCooked2Size = 20;
  constexpr std::size_t kFamilySize = 4;
  switch (link) {
    case LinkLayer::kEthernet: return skip_ethernet(packet);
    case LinkLayer::kLinuxCooked:
      return skip_ethernet(without(packet, kLinuxCookedSize - kEthernetSize));
    case LinkLayer::kLinuxCooked2: return without(packet, kLinuxCooked2Size);
    case LinkLayer::kFamily: return without(packet, kFamilySize);
    case LinkLayer::kNone: return packet;
  }
  return {};
}

/// The result of parsing IP: the payload, and its size on the network.
struct IpPayload {
  Endpoint source;
  Endpoint destination;
  Bytes captured;
  std::size_t size = 0;
};

void set_address(Endpoint& endpoint, Bytes address, bool is_ipv6) {
  endpoint.is_ipv6 = is_ipv6;
  std::copy(address.begin(), address.end(), endpoint.address.begin());
}

// Cuts off padding of the link layer. A size of 0 means a packet that the network card was to cut
// into several.
void set_payload(IpPayload& payload, Bytes rest, std::size_t size) {
  payload.size = size == 0 ? rest.size() : size;
  payload.captured = rest.first(std::min(rest.size(), payload.size));
}

std::optional<IpPayload> read_ipv4(Bytes packet, bool& is_fragment) {
  constexpr std::size_t kSmallestHead = 20;
  constexpr std::uint16_t kFragment = 0x3fff;  // the offset, and that more follow
  if (packet.size() < kSmallestHead) return std::nullopt;
  const std::size_t head_size = std::size_t{4} * (packet[0] & 0xf);
  const std::size_t total = read_u16(packet, 2);
  if (head_size < kSmallestHead || packet.size() < head_size) return std::nullopt;
  if (total != 0 && total < head_size) return std::nullopt;
  if (packet[9] != kTcp) return std::nullopt;
  is_fragment = (read_u16(packet, 6) & kFragment) != 0;
  if (is_fragment) return std::nullopt;
  IpPayload payload;
  set_address(payload.source, packet.subspan(12, 4), false);
  set_address(payload.destination, packet.subspan(16, 4), false);
  set_payload(payload, packet.subspan(head_size), total == 0 ? 0 : total - head_size);
  return payload;
}

std::optional<IpPayload> read_ipv6(Bytes packet, bool& is_fragment) {
  constexpr std::size_t kHead = 40;
  constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kOptions = 60;
  if (packet.size() < kHead) return std::nullopt;
  IpPayload payload;
  set_address(payload.source, packet.subspan(8, 16), true);
  set_address(payload.destination, packet.subspan(24, 16), true);
  set_payload(payload, packet.subspan(kHead), read_u16(packet, 4));
  std::uint8_t next = packet[6];
  while (next != kTcp) {
    if (next == kFragment) {
      is_fragment = true;
      return std::nullopt;
    }
    if (next != kHopByHop && next != kRouting && next != kOptions) return std::nullopt;
    Bytes& rest = payload.captured;
    if (rest.size() < 2) return std::nullopt;
    const std::size_t size = std::size_t{8} * (rest[1] + std::size_t{1});
    if (rest.size() < size) return std::nullopt;
    next = rest[0];
    rest = rest.subspan(size);
    payload.size -= size;
  }
  return payload;
}

std::optional<TcpSegment> read_tcp(IpPayload ip) {
  constexpr std::size_t kSmallestHead = 20;
  constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
  const Bytes bytes = ip.captured;
  if (bytes.size() < kSmallestHead) return std::nullopt;
  const std::size_t head_size = std::size_t{4} * (bytes[12] >> 4);
  if (head_size < kSmallestHead || ip.size < head_size) return std::nullopt;
  TcpSegment segment;
  segment.source = ip.source;
  segment.source.port = read_u16(bytes, 0);
  segment.destination = ip.destination;
  segment.destination.port = read_u16(bytes, 2);
  segment.sequence = read_u32(bytes, 4);
  segment.acknowledgement = read_u32(bytes, 8);
  const std::uint8_t flags = bytes[13];
  segment.fin = (flags & kFin) != 0;
  segment.syn = (flags & kSyn) != 0;
  segment.rst = (flags & kRst) != 0;
  segment.ack = (flags & kAck) != 0;
  segment.payload = without(bytes, head_size);
  segment.payload_size = ip.size - head_size;
  return segment;
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(endpoint.is_ipv6 ? AF_INET6 : AF_INET, endpoint.address.data(), text.data(),
            text.size());
  const std::string address = text.data();
  return (endpoint.is_ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port);
}

std::optional<TcpSegment> find_tcp_segment(LinkLayer link, Bytes packet, bool& is_fragment) {
  is_fragment = false;
  const Bytes ip = skip_link_layer(link, packet);
  if (ip.empty()) return std::nullopt;
  std::optional<IpPayload> payload;
  constexpr std::uint8_t kIpv4 = 4, kIpv6 = 6;
  if (ip[0] >> 4 == kIpv4) payload = read_ipv4(ip, is_fragment);
  if (ip[0] >> 4 == kIpv6) payload = read_ipv6(ip, is_fragment);
  if (!payload) return std::nullopt;
  return read_tcp(*payload);
}

}  // namespace uvspdy::command
