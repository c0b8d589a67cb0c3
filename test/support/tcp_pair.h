#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "support/test_loop.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::test {

/// The two ends of one TCP connection over loopback.
struct TcpPair {
  std::unique_ptr<net::Transport> client;  ///< the end that connected
  std::unique_ptr<net::Transport> server;  ///< the end that accepted

  /// Runs the loop until both are there.
  explicit TcpPair(TestLoop& loop) {
    auto listener = net::Listener::listen_tcp(
        loop.get(), "127.0.0.1", 0,
        [this](std::unique_ptr<net::Transport> transport) { server = std::move(transport); });
    REQUIRE_THAT(listener, IsSuccess());
    net::connect_tcp(loop.get(), "127.0.0.1", (*listener)->port(), kDeadline,
                     [this](Result<std::unique_ptr<net::Transport>> transport) {
                       CHECK_THAT(transport, IsSuccess());
                       if (transport) client = std::move(*transport);
                     });
    REQUIRE(loop.run_until([this] { return client && server; }));
  }
};

/// A port of 127.0.0.1 that nothing listens on.
inline std::uint16_t closed_port(TestLoop& loop) {
  const auto listener = net::Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  return (*listener)->port();
}

}  // namespace uvspdy::test
