// A peer that is gone is noticed without reading or writing; one that is slow, or has ended its own
// direction only, is not taken for gone.

#include "net/peer_check.h"

#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/stream_transport.h"
#include "support/connected_pair.h"
#include "support/pipe_transport.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace std::chrono_literals;
using net::Descriptor;
using net::PeerCheck;
using test::connected_pair;
using test::IsSuccess;
using test::TestLoop;
using test::transport_over;

namespace {

std::error_code uv_code(int status) { return {status, net::uv_category()}; }

int option(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(getsockopt(socket, level, name, &value, &size) == 0);
  return value;
}

template <class Value>
void set_option(int socket, int level, int name, const Value& value) {
  REQUIRE(setsockopt(socket, level, name, &value, sizeof value) == 0);
}

tcp_info info_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  REQUIRE(getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
  return info;
}

/// From here on the socket's kernel hears nothing that is sent to it, as behind a cable that is
/// cut.
void go_deaf(int socket) {
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  set_option(socket, SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog{1, &drop_all});
}

/// Asks a peer that has been silent for a second, so often, a second apart.
void probe_soon(int socket, int probes) {
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, probes);
}

/// Writes until neither end's kernel takes more.
void fill(TestLoop& loop, net::Transport& transport) {
  const std::string text(1024 * 1024, 'x');
  const Bytes bytes = bytes_of(text);
  int refused = 0;
  REQUIRE(loop.poll_until([&] {
    const auto sent = transport.try_write(std::span(&bytes, 1));
    REQUIRE_THAT(sent, IsSuccess());
    refused = *sent == 0 ? refused + 1 : 0;
    return refused > 20;
  }));
}

/// What reading finds in the end.
std::error_code end_by_reading(TestLoop& loop, net::Transport& transport) {
  std::optional<Error> end;
  transport.set_read_handlers({}, [&](const Error& error) { end = error; });
  transport.start_reading();
  REQUIRE(loop.run_until([&] { return end.has_value(); }));
  return end->code();
}

}  // namespace

TEST_CASE("check_peer: of a connection in good health it says success") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  auto pair = connected_pair(family);
  const auto one = transport_over(loop, std::move(pair[0]));
  const auto two = transport_over(loop, std::move(pair[1]));
  CHECK_THAT(one->check_peer(), IsSuccess());
  const Bytes bytes = bytes_of("on its way");
  REQUIRE_THAT(one->try_write(std::span(&bytes, 1)), IsSuccess());
  CHECK_THAT(one->check_peer(), IsSuccess());
  CHECK_THAT(two->check_peer(), IsSuccess());
  one->close({});
  CHECK(one->check_peer().code() == uv_code(UV_ECANCELED));
  two->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("check_peer: a reset is seen by who neither reads nor writes, and left for who does") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  const auto transport = transport_over(loop, std::move(pair[0]));
  const Bytes bytes = bytes_of("nobody reads this");
  REQUIRE_THAT(transport->try_write(std::span(&bytes, 1)), IsSuccess());
  pair[1].reset();  // over unread data: a reset
  REQUIRE(loop.poll_until([&] { return static_cast<bool>(transport->check_peer()); }));
  const Error error = transport->check_peer();
  CHECK(error.code() == uv_code(UV_ECONNRESET));
  CHECK(error.message().find("connection to 127.0.0.1:") != std::string::npos);
  SECTION("reading finds it") { CHECK(end_by_reading(loop, *transport) == uv_code(UV_ECONNRESET)); }
  SECTION("writing finds it, and the connection stays broken") {
    const auto written = transport->try_write(std::span(&bytes, 1));
    REQUIRE_FALSE(written);
    CHECK(written.error().code() == uv_code(UV_ECONNRESET));
    CHECK(transport->check_peer().code() == uv_code(UV_EPIPE));
  }
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("check_peer: a peer that has ended its own direction is not gone") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  const bool ours_too = GENERATE(false, true);
  auto pair = connected_pair(family);
  const int own = pair[0].get();
  const auto transport = transport_over(loop, std::move(pair[0]));
  if (ours_too) {
    bool shut_down = false;
    transport->shutdown([&](const Error&) { shut_down = true; });
    REQUIRE(loop.run_until([&] { return shut_down; }));
    CHECK_THAT(transport->check_peer(), IsSuccess());
  }
  REQUIRE(::shutdown(pair[1].get(), SHUT_WR) == 0);
  // Its end has arrived when there is nothing to read.
  char byte = 0;
  REQUIRE(loop.poll_until([&] { return recv(own, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0; }));
  CHECK_THAT(transport->check_peer(), IsSuccess());
  CHECK_FALSE(end_by_reading(loop, *transport));
  CHECK_THAT(transport->check_peer(), IsSuccess());
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("check_peer: a local socket whose peer has closed says so") {
  TestLoop loop;
  auto pair = connected_pair(AF_UNIX);
  const auto transport = transport_over(loop, std::move(pair[0]));
  int expected = UV_EPIPE;
  SECTION("in order") {}
  SECTION("over unread data") {
    const Bytes bytes = bytes_of("nobody reads this");
    REQUIRE_THAT(transport->try_write(std::span(&bytes, 1)), IsSuccess());
    expected = UV_ECONNRESET;
  }
  pair[1].reset();
  CHECK(transport->check_peer().code() == uv_code(expected));
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("check_peer: TLS asks the transport below, and others know nothing") {
  TestLoop loop;
  SECTION("TLS") {
    test::TlsPair pair(loop);
    pair.open();
    CHECK_THAT(pair.server.transport->check_peer(), IsSuccess());
    pair.client.transport->abort({});
    REQUIRE(loop.poll_until(
        [&] { return pair.server.transport->check_peer().code() == uv_code(UV_ECONNRESET); }));
    pair.server.transport->close({});
    CHECK(pair.server.transport->check_peer().code() == uv_code(UV_ECANCELED));
  }
  SECTION("a transport of an embedder's") {
    test::PipePair pair(loop.get());
    pair.client.reset();
    CHECK_THAT(pair.server->check_peer(), IsSuccess());
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: keepalive is on for TCP, however it came") {
  TestLoop loop;
  const auto kept_alive = [](int socket) {
    return option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1 &&
           option(socket, IPPROTO_TCP, TCP_KEEPIDLE) == 60 &&
           option(socket, IPPROTO_TCP, TCP_KEEPINTVL) == 10 &&
           option(socket, IPPROTO_TCP, TCP_KEEPCNT) == 6;
  };
  const auto descriptor_of = [](net::Transport& transport) {
    void* handle = dynamic_cast<net::StreamTransport&>(transport).stream();
    uv_os_fd_t fd = -1;
    REQUIRE(uv_fileno(static_cast<uv_handle_t*>(handle), &fd) == 0);
    return fd;
  };
  test::TcpPair pair(loop);
  CHECK(kept_alive(descriptor_of(*pair.client)));
  CHECK(kept_alive(descriptor_of(*pair.server)));
  auto sockets = connected_pair(AF_INET);
  CHECK_FALSE(kept_alive(sockets[0].get()));
  const int socket = sockets[0].get();
  const auto adopted = transport_over(loop, std::move(sockets[0]));
  CHECK(kept_alive(socket));
}

TEST_CASE("check_peer: one that has gone over what we do not read is found by keepalive") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  const int own = pair[0].get();
  const auto transport = transport_over(loop, std::move(pair[0]));
  // More than we take without reading; its kernel gives the rest up, soon, and says nothing.
  const std::string text(1024 * 1024, 'x');
  while (send(pair[1].get(), text.data(), text.size(), MSG_DONTWAIT) > 0) {
  }
  set_option(pair[1].get(), IPPROTO_TCP, TCP_USER_TIMEOUT, 100);
  pair[1].reset();
  CHECK_THAT(transport->check_peer(), IsSuccess());
  probe_soon(own, 100);
  REQUIRE(loop.poll_until([&] { return static_cast<bool>(transport->check_peer()); }));
  CHECK(transport->check_peer().code() == uv_code(UV_ECONNRESET));
  CHECK(end_by_reading(loop, *transport) == uv_code(UV_ECONNRESET));
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("check_peer: one that vanishes without a word is found by keepalive") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  const int own = pair[0].get();
  const auto transport = transport_over(loop, std::move(pair[0]));
  go_deaf(pair[1].get());
  probe_soon(own, 1);
  REQUIRE(loop.poll_until([&] { return static_cast<bool>(transport->check_peer()); }));
  CHECK(transport->check_peer().code() == uv_code(UV_ETIMEDOUT));
  CHECK(end_by_reading(loop, *transport) == uv_code(UV_ETIMEDOUT));
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("PeerCheck: nobody acknowledges anything for longer than the limit: gone") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  const int own = pair[0].get();
  const auto transport = transport_over(loop, std::move(pair[0]));
  const Bytes bytes = bytes_of("nobody hears this");
  SECTION("what is on its way is sent again and again") {
    go_deaf(pair[1].get());
    REQUIRE_THAT(transport->try_write(std::span(&bytes, 1)), IsSuccess());
    REQUIRE(loop.poll_until([&] { return info_of(own).tcpi_retransmits > 0; }));
  }
  SECTION("a window that was closed is probed again and again") {
    fill(loop, *transport);
    go_deaf(pair[1].get());
    REQUIRE(loop.poll_until([&] { return info_of(own).tcpi_probes > 0; }));
  }
  PeerCheck check;
  constexpr auto kLimit = 500ms;
  const auto begin = std::chrono::steady_clock::now();
  int status = check.status(own, false, kLimit);
  CHECK(status == 0);
  REQUIRE(loop.poll_until([&] {
    status = check.status(own, false, kLimit);
    return status != 0;
  }));
  CHECK(status == UV_ETIMEDOUT);
  CHECK(std::chrono::steady_clock::now() - begin >= kLimit);
  // By the real limit it may still come back.
  CHECK_THAT(transport->check_peer(), IsSuccess());
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("PeerCheck: a peer that takes nothing and answers is not gone, however long it takes") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  const int own = pair[0].get();
  const auto transport = transport_over(loop, std::move(pair[0]));
  fill(loop, *transport);
  // Its window is closed, and stays so. The probes are answered, each later than the one before; to
  // the third it is longer than the limit, and less from one to the next.
  PeerCheck check;
  int found = 0;
  REQUIRE(loop.poll_until([&] {
    if (check.status(own, false, 1s) != 0) ++found;
    return info_of(own).tcpi_backoff >= 3;
  }));
  CHECK(found == 0);
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("PeerCheck: an answer, however late, begins the silence anew") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  const int own = pair[0].get();
  const auto transport = transport_over(loop, std::move(pair[0]));
  const Bytes bytes = bytes_of("heard in the end");
  go_deaf(pair[1].get());
  REQUIRE_THAT(transport->try_write(std::span(&bytes, 1)), IsSuccess());
  PeerCheck check;
  REQUIRE(loop.poll_until([&] { return info_of(own).tcpi_retransmits > 0; }));
  CHECK(check.status(own, false) == 0);
  set_option(pair[1].get(), SOL_SOCKET, SO_DETACH_FILTER, 0);
  REQUIRE(loop.poll_until([&] { return transport->unacknowledged() == 0; }));
  CHECK(check.status(own, false, 0ms) == 0);
  transport->close({});
  REQUIRE(loop.run_out());
}
