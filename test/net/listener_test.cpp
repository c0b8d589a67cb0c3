#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"

using namespace uvspdy;
using net::Listener;
using test::RawPeer;
using test::TestLoop;

TEST_CASE("Listener: port 0 picks a free one, and accepting begins with the loop") {
  TestLoop loop;
  int accepted = 0;
  auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", 0,
                                       [&](std::unique_ptr<net::Transport>) { ++accepted; });
  auto other = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE(listener);
  REQUIRE(other);
  CHECK((*listener)->port() != 0);
  CHECK((*listener)->port() != (*other)->port());
  CHECK(accepted == 0);
  const auto peer = RawPeer::connect(loop, (*listener)->port());
  REQUIRE(loop.run_until([&] { return accepted == 1; }));
  // The transport was dropped in the handler: its peer sees the end.
  REQUIRE(loop.run_until([&] { return peer->ended(); }));
  (*listener)->close();
  (*other)->close();
  peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: addresses that are not numeric are refused by name") {
  TestLoop loop;
  const std::string address = GENERATE("", "localhost", "127.0.0", "127.0.0.1:80", "256.0.0.1",
                                       "[::1]", "::g", " 127.0.0.1");
  CAPTURE(address);
  const auto listener = Listener::listen_tcp(loop.get(), address, 0, [](auto) {});
  REQUIRE_FALSE(listener);
  CHECK(listener.error().code() == net::Errc::kBadAddress);
  CHECK(listener.error().message().find("'" + address + "'") != std::string::npos);
}

TEST_CASE("Listener: an address in use is libuv's error and names the address") {
  TestLoop loop;
  const auto first = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE(first);
  const std::uint16_t port = (*first)->port();
  const auto second = Listener::listen_tcp(loop.get(), "127.0.0.1", port, [](auto) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == std::error_code(UV_EADDRINUSE, net::uv_category()));
  CHECK(second.error().message().find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
}

TEST_CASE("Listener: closed, it accepts no more, and what it has accepted lives on") {
  TestLoop loop;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<RawPeer> accepted;
  int calls = 0;
  // In the handler, by closing or by destroying: the two ways to stop.
  const bool destroy = GENERATE(false, true);
  auto listening = Listener::listen_tcp(
      loop.get(), "127.0.0.1", 0, [&](std::unique_ptr<net::Transport> transport) {
        ++calls;
        accepted = std::make_unique<RawPeer>(std::move(transport));
        accepted->start_reading();
        if (destroy) {
          listener.reset();
        } else {
          listener->close();
          listener->close();
        }
      });
  REQUIRE(listening);
  listener = std::move(*listening);
  const std::uint16_t port = listener->port();
  // The second waits in the queue while the handler of the first stops the listener.
  std::optional<Error> second;
  const auto first = RawPeer::connect(loop, port);
  REQUIRE(loop.run_until([&] { return accepted != nullptr; }));
  net::connect_tcp(loop.get(), "127.0.0.1", port, test::kDeadline,
                   [&](Result<std::unique_ptr<net::Transport>> transport) {
                     second = transport ? Error() : transport.error();
                   });
  REQUIRE(loop.run_until([&] { return second.has_value(); }));
  CHECK(second->code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));

  first->send("still there?");
  REQUIRE(loop.run_until([&] { return accepted->received() == "still there?"; }));
  CHECK(calls == 1);
  first->close();
  REQUIRE(loop.run_until([&] { return accepted->ended(); }));
  CHECK_FALSE(accepted->end());
  accepted->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: several connections that wait are all accepted") {
  TestLoop loop;
  test::RawServer server(loop);
  std::vector<std::unique_ptr<RawPeer>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(RawPeer::connect(loop, server.port()));
  for (auto& client : clients) client->send("hello");
  REQUIRE(loop.run_until([&] {
    return server.peers.size() == clients.size() &&
           std::all_of(server.peers.begin(), server.peers.end(),
                       [](const auto& peer) { return peer->received() == "hello"; });
  }));
  server.close();
  server.peers.clear();
  REQUIRE(loop.run_until([&] {
    return std::all_of(clients.begin(), clients.end(),
                       [](const auto& client) { return client->ended(); });
  }));
  clients.clear();
  REQUIRE(loop.run_out());
}

TEST_CASE("is_loopback: the machine's own addresses and no others") {
  struct Row {
    const char* address;
    bool loopback;
  };
  const Row rows[] = {{"127.0.0.1", true},  {"127.255.255.254", true},
                      {"::1", true},        {"0:0:0:0:0:0:0:1", true},
                      {"0.0.0.0", false},   {"::", false},
                      {"128.0.0.1", false}, {"126.255.255.255", false},
                      {"10.0.0.1", false},  {"::2", false},
                      {"fe80::1", false},   {"localhost", false},
                      {"", false},          {"127.0.0.1:80", false}};
  for (const Row& row : rows) {
    CAPTURE(row.address);
    CHECK(net::is_loopback(row.address) == row.loopback);
  }
}
