#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/stream_transport.h"
#include "support/full_listener.h"
#include "support/outside_calls.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"

using namespace uvspdy;
using test::IsSuccess;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using Connected = Result<std::unique_ptr<net::Transport>>;

/// One call of connect_tcp: its result, and how often it was told.
struct Attempt {
  std::optional<Connected> result;
  int calls = 0;
  test::OutsideCalls outside;

  Attempt(TestLoop& loop, const std::string& host, std::uint16_t port,
          std::chrono::milliseconds timeout = test::kDeadline) {
    outside.during([&] {
      net::connect_tcp(loop.get(), host, port, timeout, [this](Connected connected) {
        ++calls;
        CHECK(outside.holds());
        result = std::move(connected);
      });
    });
    CHECK(calls == 0);
    REQUIRE(loop.run_until([this] { return calls > 0; }));
  }
};

}  // namespace

TEST_CASE("connect_tcp: numeric addresses and the name localhost") {
  TestLoop loop;
  struct Row {
    const char* listen_on;
    const char* connect_to;
  };
  const Row row = GENERATE(Row{"127.0.0.1", "127.0.0.1"}, Row{"127.0.0.1", "localhost"});
  CAPTURE(row.connect_to);
  std::unique_ptr<net::Transport> accepted;
  auto listener = net::Listener::listen_tcp(
      loop.get(), row.listen_on, 0,
      [&](std::unique_ptr<net::Transport> transport) { accepted = std::move(transport); });
  REQUIRE_THAT(listener, IsSuccess());

  Attempt attempt(loop, row.connect_to, (*listener)->port());
  REQUIRE_THAT(*attempt.result, IsSuccess());
  const net::Transport& transport = ***attempt.result;
  CHECK(transport.peer() == "127.0.0.1:" + std::to_string((*listener)->port()));
  CHECK(transport.loop() == loop.get());
  REQUIRE(loop.run_until([&] { return accepted != nullptr; }));
  CHECK(accepted->peer().starts_with("127.0.0.1:"));

  (*listener)->close();
  attempt.result.reset();
  accepted.reset();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls == 1);
}

TEST_CASE("connect_tcp: a numeric IPv6 address") {
  TestLoop loop;
  std::unique_ptr<net::Transport> accepted;
  auto listener = net::Listener::listen_tcp(
      loop.get(), "::1", 0,
      [&](std::unique_ptr<net::Transport> transport) { accepted = std::move(transport); });
  if (!listener) SKIP_TEST("no IPv6 loopback: " + listener.error().message());

  Attempt attempt(loop, "::1", (*listener)->port());
  REQUIRE_THAT(*attempt.result, IsSuccess());
  CHECK((**attempt.result)->peer() == "[::1]:" + std::to_string((*listener)->port()));
  REQUIRE(loop.run_until([&] { return accepted != nullptr; }));
  CHECK(accepted->peer().starts_with("[::1]:"));
}

TEST_CASE("connect_tcp: Nagle's algorithm is off at both ends") {
  TestLoop loop;
  test::RawServer server(loop);
  Attempt attempt(loop, "127.0.0.1", server.port());
  REQUIRE_THAT(*attempt.result, IsSuccess());
  uv_os_fd_t fd = -1;
  void* handle = dynamic_cast<net::StreamTransport&>(***attempt.result).stream();
  REQUIRE(uv_fileno(static_cast<uv_handle_t*>(handle), &fd) == 0);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  REQUIRE(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
  CHECK(no_delay != 0);
}

TEST_CASE("connect_tcp: a refused connection names its target and libuv's error") {
  TestLoop loop;
  const std::uint16_t port = test::closed_port(loop);
  Attempt attempt(loop, "127.0.0.1", port);
  REQUIRE_FALSE(*attempt.result);
  const Error& error = attempt.result->error();
  CHECK(error.code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));
  CHECK(error.message().find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  REQUIRE(loop.run_out());
  CHECK(attempt.calls == 1);
}

TEST_CASE("connect_tcp: hosts that name nothing") {
  TestLoop loop;
  // The last is refused by libuv before any look-up.
  const std::string host = GENERATE(std::string("x..y"), std::string("[::1]"),
                                    std::string("127.0.0.1:80"), std::string(300, 'a'));
  CAPTURE(host);
  Attempt attempt(loop, host, 1);
  REQUIRE_FALSE(*attempt.result);
  CHECK(attempt.result->error().code() == net::Errc::kBadAddress);
  CHECK(attempt.result->error().message().find(host) != std::string::npos);
  REQUIRE(loop.run_out());
  CHECK(attempt.calls == 1);
}

TEST_CASE("connect_tcp: times out when nobody answers") {
  TestLoop loop;
  const test::FullListener full;
  Attempt attempt(loop, "127.0.0.1", full.port(), 100ms);
  REQUIRE_FALSE(*attempt.result);
  CHECK(attempt.result->error().code() == net::Errc::kTimeout);
  CHECK(attempt.result->error().message().find("100 ms") != std::string::npos);
  // The attempt is over, not merely told: the socket does not keep the loop.
  REQUIRE(loop.run_out());
  CHECK(attempt.calls == 1);
}

TEST_CASE("connect_tcp: the connection may be dropped, and the next opened, inside the handler") {
  TestLoop loop;
  test::RawServer server(loop);
  int connected = 0;
  std::function<void()> connect_next = [&] {
    net::connect_tcp(loop.get(), "127.0.0.1", server.port(), test::kDeadline,
                     [&](Connected transport) {
                       CHECK_THAT(transport, IsSuccess());
                       if (++connected < 3) connect_next();
                       // `transport` goes here.
                     });
  };
  connect_next();
  REQUIRE(loop.run_until([&] {
    return server.peers.size() == 3 && server.peers[0]->ended() && server.peers[1]->ended() &&
           server.peers[2]->ended();
  }));
  CHECK(connected == 3);
  server.close();
  server.peers.clear();
  REQUIRE(loop.run_out());
}
