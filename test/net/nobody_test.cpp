// Empty handlers are nobody's, everywhere; and what is handed to nobody is closed at once.

#include <memory>
#include <string>
#include <utility>

#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/temporary_folder.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/net/adopt.h"
#include "uvspdy/net/pipe.h"
#include "uvspdy/net/post.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace std::chrono_literals;
using test::IsSuccess;
using test::RawPeer;
using test::RawServer;
using test::TcpPair;
using test::TestLoop;

namespace {

/// Waits until the other side has ended the connection, in order.
void check_closed(TestLoop& loop, RawPeer& peer) {
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  CHECK_THAT(peer.end(), IsSuccess());
  peer.close();
}

}  // namespace

TEST_CASE("nobody: a Timer and a Wakeup without a handler do nothing") {
  TestLoop loop;
  net::Timer timer(loop.get(), {});
  net::Wakeup wakeup(loop.get(), nullptr);
  timer.start(0ms);
  wakeup.schedule();
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: a posted function that is empty is taken, and nothing happens") {
  TestLoop loop;
  auto poster = net::Poster::create(loop.get());
  REQUIRE_THAT(poster, IsSuccess());
  CHECK((*poster)->post({}));
  CHECK((*poster)->post(std::function<void()>()));
  bool behind_it = false;
  CHECK((*poster)->post([&, owned = std::make_unique<bool>(true)] { behind_it = *owned; }));
  REQUIRE(loop.run_until([&] { return behind_it; }));
  (*poster)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: who connects for nobody closes the connection") {
  TestLoop loop;
  RawServer server(loop);
  net::connect_tcp(loop.get(), "127.0.0.1", server.port(), test::kDeadline, {});
  check_closed(loop, server.accept());
  // Errors are told to nobody, too.
  net::connect_tcp(loop.get(), "127.0.0.1", server.port(), test::kDeadline, {});
  net::connect_tcp(loop.get(), "127.0.0.1", server.port(), test::kDeadline, {}).cancel();
  net::connect_tcp(loop.get(), "127.0.0.1", server.port(), 0ms, nullptr);
  net::connect_tcp(loop.get(), std::string("a\0b", 3), 1, test::kDeadline, {});
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: a local socket that is connected for nobody is closed") {
  TestLoop loop;
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/socket";
  std::unique_ptr<RawPeer> peer;
  auto listener =
      net::Listener::listen_pipe(loop.get(), path, [&](std::unique_ptr<net::Transport> transport) {
        peer = std::make_unique<RawPeer>(std::move(transport));
        peer->start_reading();
      });
  REQUIRE_THAT(listener, IsSuccess());
  net::connect_pipe(loop.get(), path, test::kDeadline, {});
  REQUIRE(loop.run_until([&] { return peer != nullptr; }));
  check_closed(loop, *peer);
  (*listener)->close();
  net::connect_pipe(loop.get(), path, test::kDeadline, {});
  net::connect_pipe(loop.get(), "", test::kDeadline, {});
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: a listener without a handler closes what it accepts") {
  TestLoop loop;
  auto listener = net::Listener::listen_tcp(loop.get(), "127.0.0.1", 0, {});
  REQUIRE_THAT(listener, IsSuccess());
  const auto peer = RawPeer::connect(loop, (*listener)->port());
  check_closed(loop, *peer);
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: a handshake for nobody ends with its connection") {
  TestLoop loop;
  TcpPair pair(loop);
  test::HandshakeResult other;
  bool ended = false;
  SECTION("a client's") {
    net::tls_connect(std::move(pair.client), test::client_context(), "localhost", test::kDeadline,
                     {});
    net::tls_accept(std::move(pair.server), test::server_context(), test::kDeadline,
                    other.handler());
  }
  SECTION("a server's") {
    net::tls_accept(std::move(pair.server), test::server_context(), test::kDeadline, {});
    net::tls_connect(std::move(pair.client), test::client_context(), "localhost", test::kDeadline,
                     other.handler());
  }
  REQUIRE(loop.run_until([&] { return other.done; }));
  REQUIRE(other.transport);
  other.transport->set_read_handlers({}, [&](const Error&) { ended = true; });
  other.transport->start_reading();
  REQUIRE(loop.run_until([&] { return ended; }));
  other.transport.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: a handshake that fails for nobody ends without a word") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer server(std::move(pair.server));
  server.start_reading();
  SECTION("at once") {
    net::tls_connect(std::move(pair.client), test::client_context(), "", test::kDeadline, {});
  }
  SECTION("given up") {
    net::tls_connect(std::move(pair.client), test::client_context(), "localhost", test::kDeadline,
                     {})
        .cancel();
  }
  SECTION("out of time") {
    net::tls_connect(std::move(pair.client), test::client_context(), "localhost", 0ms, {});
  }
  SECTION("by the other side") {
    net::tls_connect(std::move(pair.client), test::client_context(), "localhost", test::kDeadline,
                     {});
    server.send("this is no TLS");
  }
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("nobody: an embedder need not hear that its handle is released") {
  TestLoop loop;
  int fds[2] = {-1, -1};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  uv_pipe_t handle{};
  REQUIRE(uv_pipe_init(loop.get(), &handle, 0) == 0);
  REQUIRE(uv_pipe_open(&handle, fds[0]) == 0);
  void* raw = &handle;
  auto adopted = net::adopt(static_cast<uv_stream_t*>(raw), nullptr);
  REQUIRE_THAT(adopted, IsSuccess());
  auto other = net::adopt(loop.get(), fds[1]);
  REQUIRE_THAT(other, IsSuccess());
  RawPeer peer(std::move(*other));
  peer.start_reading();
  (*adopted)->close({});
  check_closed(loop, peer);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: handlers may own what can only be moved, and remember their calls") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  client.start_reading();
  std::string counted;
  std::string done;
  pair.server->set_read_handlers(
      [&, calls = std::make_unique<int>(0)](Bytes) {
        counted += std::to_string(++*calls);
        client.send("again");
      },
      [&, word = std::make_unique<std::string>("end ")](const Error&) { done += *word; });
  pair.server->start_reading();
  client.send("first");
  REQUIRE(loop.run_until([&] { return counted == "123"; }));
  const Bytes bytes = bytes_of("x");
  pair.server->write(std::span(&bytes, 1), [&, word = std::make_unique<std::string>("written ")](
                                               Result<std::size_t>) { done += *word; });
  pair.server->shutdown(
      [&, word = std::make_unique<std::string>("shut ")](const Error&) { done += *word; });
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  client.close();
  pair.server->close([&, word = std::make_unique<std::string>("closed")] { done += *word; });
  REQUIRE(loop.run_out());
  CHECK(done == "written shut closed");
}
