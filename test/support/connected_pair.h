#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <utility>

#include "net/descriptor.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/net/adopt.h"

namespace uvspdy::test {

/// Two ends of a connection by hand, one of each family.
inline std::array<net::Descriptor, 2> connected_pair(int family) {
  std::array<net::Descriptor, 2> pair;
  if (family == AF_UNIX) {
    int fds[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    pair[0] = net::Descriptor(fds[0]);
    pair[1] = net::Descriptor(fds[1]);
    return pair;
  }
  const net::Descriptor listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  void* raw = &address;
  auto* base = static_cast<sockaddr*>(raw);
  REQUIRE(bind(listener.get(), base, size) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  REQUIRE(getsockname(listener.get(), base, &size) == 0);
  pair[0] = net::Descriptor(socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(connect(pair[0].get(), base, size) == 0);
  pair[1] = net::Descriptor(accept(listener.get(), nullptr, nullptr));
  REQUIRE(pair[1]);
  return pair;
}

/// A transport that has taken a connected socket over.
inline std::unique_ptr<net::Transport> transport_over(TestLoop& loop, net::Descriptor socket) {
  auto adopted = net::adopt(loop.get(), socket.get());
  REQUIRE_THAT(adopted, IsSuccess());
  socket.release();
  return std::move(*adopted);
}

inline RawPeer peer_over(TestLoop& loop, net::Descriptor socket) {
  return RawPeer(transport_over(loop, std::move(socket)));
}

}  // namespace uvspdy::test
