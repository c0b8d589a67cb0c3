// Transport::abort: the peer must be able to tell a connection that broke from one that ended.

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "support/connected_pair.h"
#include "support/pipe_transport.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using net::Descriptor;
using test::connected_pair;
using test::IsSuccess;
using test::TestLoop;
using test::transport_over;

namespace {

/// What a plain socket sees of the other side.
struct PlainPeer {
  Descriptor socket;
  std::string received;
  int error = 0;
  bool ended = false;

  explicit PlainPeer(Descriptor of) : socket(std::move(of)) {}

  /// Reads until the other side's end, in order or not.
  void read_to_the_end(TestLoop& loop) {
    REQUIRE(loop.poll_until([this] {
      std::array<char, 4096> piece{};
      const ssize_t count = recv(socket.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (count > 0) received.append(piece.data(), static_cast<std::size_t>(count));
      ended = count == 0;
      if (count < 0 && errno != EAGAIN) error = errno;
      return ended || error != 0;
    }));
  }

  /// The error that waits for it.
  int take_error() const {
    int found = 0;
    socklen_t size = sizeof found;
    REQUIRE(getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &found, &size) == 0);
    return found;
  }
};

}  // namespace

TEST_CASE("Transport: abort is a reset on TCP, behind what has arrived") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  PlainPeer peer(std::move(pair[1]));
  const auto transport = transport_over(loop, std::move(pair[0]));
  const Bytes bytes = bytes_of("before");
  const auto sent = transport->try_write(std::span(&bytes, 1));
  REQUIRE_THAT(sent, IsSuccess());
  int closed = 0;
  transport->abort([&] { ++closed; });
  CHECK(closed == 0);
  transport->abort([&] { closed += 100; });  // again, it does nothing
  transport->close([&] { closed += 100; });
  peer.read_to_the_end(loop);
  CHECK(peer.received == "before");
  CHECK(peer.error == ECONNRESET);
  CHECK_FALSE(transport->try_write(std::span(&bytes, 1)));
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}

TEST_CASE("Transport: close is an end in order, in comparison") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  PlainPeer peer(std::move(pair[1]));
  transport_over(loop, std::move(pair[0]))->close({});
  peer.read_to_the_end(loop);
  CHECK(peer.ended);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: abort with a write and a shutdown under way calls none of their handlers") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  PlainPeer peer(std::move(pair[1]));
  const auto transport = transport_over(loop, std::move(pair[0]));
  const std::string text(64 * 1024 * 1024, 'x');
  const Bytes bytes = bytes_of(text);
  transport->set_read_handlers([](Bytes) { FAIL_CHECK("read"); },
                               [](const Error&) { FAIL_CHECK("ended"); });
  transport->start_reading();
  transport->write(std::span(&bytes, 1), [](auto) { FAIL_CHECK("written"); });
  transport->shutdown([](const Error&) { FAIL_CHECK("shut down"); });
  loop.run_turns(5);
  int closed = 0;
  transport->abort([&] { ++closed; });
  peer.read_to_the_end(loop);
  CHECK(peer.received.size() < text.size());
  CHECK(peer.error == ECONNRESET);
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}

TEST_CASE("Transport: abort is a reset behind a shutdown, too") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  PlainPeer peer(std::move(pair[1]));
  const auto transport = transport_over(loop, std::move(pair[0]));
  bool shut_down = false;
  transport->shutdown([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    shut_down = true;
  });
  REQUIRE(loop.run_until([&] { return shut_down; }));
  peer.read_to_the_end(loop);
  CHECK(peer.ended);
  CHECK(peer.take_error() == 0);
  transport->abort({});
  // Behind our end the kernel calls a reset by this name.
  REQUIRE(loop.poll_until([&] { return peer.take_error() == EPIPE; }));
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: abort of a handle of the embedder's gives it back") {
  TestLoop loop;
  auto pair = connected_pair(AF_INET);
  PlainPeer peer(std::move(pair[1]));
  uv_tcp_t handle{};
  REQUIRE(uv_tcp_init(loop.get(), &handle) == 0);
  REQUIRE(uv_tcp_open(&handle, pair[0].release()) == 0);
  void* raw = &handle;
  int released = 0;
  auto adopted = net::adopt(static_cast<uv_stream_t*>(raw), [&](uv_stream_t*) { ++released; });
  REQUIRE_THAT(adopted, IsSuccess());
  (*adopted)->abort({});
  peer.read_to_the_end(loop);
  CHECK(peer.error == ECONNRESET);
  REQUIRE(loop.run_out());
  CHECK(released == 1);
}

TEST_CASE("Transport: abort of a local socket is a close") {
  TestLoop loop;
  auto pair = connected_pair(AF_UNIX);
  PlainPeer peer(std::move(pair[1]));
  const auto transport = transport_over(loop, std::move(pair[0]));
  int closed = 0;
  transport->abort([&] { ++closed; });
  peer.read_to_the_end(loop);
  CHECK(peer.ended);
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}

TEST_CASE("Transport: abort by TLS says no close_notify, and resets") {
  TestLoop loop;
  test::TlsPair pair(loop);
  pair.open();
  std::string received;
  bool ended = false;
  Error end;
  pair.server.transport->set_read_handlers([&](Bytes bytes) { received += text_of(bytes); },
                                           [&](const Error& error) {
                                             ended = true;
                                             end = error;
                                           });
  const Bytes bytes = bytes_of("before");
  REQUIRE_THAT(pair.client.transport->try_write(std::span(&bytes, 1)), IsSuccess());
  int closed = 0;
  pair.client.transport->write(std::span(&bytes, 1), [](auto) { FAIL_CHECK("written"); });
  pair.client.transport->abort([&] { ++closed; });
  pair.client.transport->abort([&] { closed += 100; });
  pair.server.transport->start_reading();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(received == "before");
  CHECK(end.code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  pair.server.transport->close({});
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}

TEST_CASE("Transport: abort by TLS of a connection that is dropped at once still resets it") {
  TestLoop loop;
  test::TlsPair pair(loop);
  pair.open();
  Error end;
  bool ended = false;
  pair.server.transport->set_read_handlers({}, [&](const Error& error) {
    ended = true;
    end = error;
  });
  pair.server.transport->start_reading();
  pair.client.transport->abort({});
  pair.client.transport.reset();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(end.code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  pair.server.transport.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: abort of a transport that has no way of its own is its close") {
  TestLoop loop;
  test::PipePair pair(loop.get());
  int closed = 0;
  pair.client->abort([&] { ++closed; });
  pair.client->abort([&] { closed += 100; });
  REQUIRE(loop.run_until([&] { return closed > 0; }));
  CHECK(pair.up->ended);
  pair.client.reset();
  pair.server.reset();
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}
