// User code runs where handlers are destroyed, too: a handler may hold the last pointer to the
// owner of the very object it was set on. Whatever is done then, the owner goes once, and nothing
// is used that is gone; AddressSanitizer watches.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/connected_pair.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/net/post.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace std::chrono_literals;
using net::Transport;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;

namespace {

/// What a user has around a transport. Only handlers hold it, so it goes with the last of them.
struct Owner {
  std::unique_ptr<Transport> transport;
};

const std::string& much() {
  static const std::string text(64 * 1024 * 1024, 'x');
  return text;
}

/// A transport with a peer that does nothing.
struct Connected {
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Transport> peer;
};

Connected connect(TestLoop& loop, const std::string& kind) {
  if (kind == "TLS") {
    test::TlsPair pair(loop);
    pair.open();
    return {std::move(pair.client.transport), std::move(pair.server.transport)};
  }
  if (kind == "a transport of an embedder's") {
    test::PipePair pair(loop.get());
    return {std::move(pair.client), std::move(pair.server)};
  }
  auto pair = test::connected_pair(kind == "TCP" ? AF_INET : AF_UNIX);
  return {test::transport_over(loop, std::move(pair[0])),
          test::transport_over(loop, std::move(pair[1]))};
}

/// Has one of the transport's handlers own `owner`.
using Give = std::function<void(Transport&, std::shared_ptr<Owner> owner)>;

const Give kWrite = [](Transport& transport, std::shared_ptr<Owner> owner) {
  const Bytes bytes = bytes_of(much());
  transport.write(std::span(&bytes, 1), [owner = std::move(owner)](auto) {});
};
const Give kFailingWrite = [](Transport& transport, std::shared_ptr<Owner> owner) {
  transport.shutdown({});
  const Bytes bytes = bytes_of("x");
  transport.write(std::span(&bytes, 1), [owner = std::move(owner)](auto) {});
};
const Give kRead = [](Transport& transport, std::shared_ptr<Owner> owner) {
  transport.set_read_handlers([owner = std::move(owner)](Bytes) {}, {});
  transport.start_reading();
};
const Give kEnd = [](Transport& transport, std::shared_ptr<Owner> owner) {
  transport.set_read_handlers({}, [owner = std::move(owner)](const Error&) {});
  transport.start_reading();
};
const Give kShutdown = [](Transport& transport, std::shared_ptr<Owner> owner) {
  const Bytes bytes = bytes_of(much());
  transport.write(std::span(&bytes, 1), {});
  transport.shutdown([owner = std::move(owner)](const Error&) {});
};
const Give kSecondShutdown = [](Transport& transport, std::shared_ptr<Owner> owner) {
  transport.shutdown({});
  transport.shutdown([owner = std::move(owner)](const Error&) {});
};

}  // namespace

TEST_CASE("handlers that own their transport: whoever closes it is safe") {
  TestLoop loop;
  const std::string kind = GENERATE("TCP", "a local socket", "TLS", "a transport of an embedder's");
  CAPTURE(kind);
  struct Row {
    const char* handler;
    const Give* give;
  };
  const Row row = GENERATE(values<Row>({{"write", &kWrite},
                                        {"a write that fails", &kFailingWrite},
                                        {"read", &kRead},
                                        {"end", &kEnd},
                                        {"shutdown", &kShutdown},
                                        {"a second shutdown", &kSecondShutdown}}));
  CAPTURE(row.handler);
  Connected connected = connect(loop, kind);
  auto owner = std::make_shared<Owner>();
  owner->transport = std::move(connected.transport);
  Transport& transport = *owner->transport;
  const std::weak_ptr<Owner> watch = owner;
  (*row.give)(transport, std::move(owner));
  CHECK_FALSE(watch.expired());
  int closed = 0;
  SECTION("by close") { transport.close({}); }
  SECTION("by close, and hears of it") {
    transport.close([&closed] { ++closed; });
  }
  SECTION("by abort") { transport.abort({}); }
  SECTION("by dropping it") { watch.lock()->transport.reset(); }
  SECTION("some turns later") {
    // Until here no handler of theirs has run, but those of what fails at once.
    loop.run_turns(3);
    if (!watch.expired()) transport.close({});
  }
  SECTION("by setting other handlers, where that lets go of it") {
    transport.set_read_handlers({}, {});
    if (!watch.expired()) transport.close({});
  }
  SECTION("inside another handler") {
    connected.peer->close({});
    if (row.give != &kRead && row.give != &kEnd) {
      transport.set_read_handlers({}, [&transport](const Error&) { transport.close({}); });
      transport.start_reading();
    }
    loop.run_turns(20);
    if (!watch.expired()) transport.close({});
  }
  connected.peer.reset();
  REQUIRE(loop.run_out());
  CHECK(watch.expired());
}

TEST_CASE("handlers that own their transport: the one given to close") {
  TestLoop loop;
  const std::string kind = GENERATE("TCP", "a local socket", "TLS");
  CAPTURE(kind);
  Connected connected = connect(loop, kind);
  auto owner = std::make_shared<Owner>();
  owner->transport = std::move(connected.transport);
  const std::weak_ptr<Owner> watch = owner;
  Transport& transport = *owner->transport;
  bool told = false;
  transport.close([owner = std::move(owner), &told] { told = true; });
  transport.close({});
  connected.peer.reset();
  REQUIRE(loop.run_out());
  CHECK(told);
  CHECK(watch.expired());
}

TEST_CASE("handlers that own their transport: after the end nothing keeps what they own") {
  TestLoop loop;
  const std::string kind = GENERATE("TCP", "a local socket", "TLS");
  CAPTURE(kind);
  Connected connected = connect(loop, kind);
  const auto token = std::make_shared<int>(0);
  bool ended = false;
  Transport& transport = *connected.transport;
  transport.set_read_handlers([token](Bytes) {}, [token, &ended](const Error&) { ended = true; });
  transport.start_reading();
  connected.peer.reset();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(token.use_count() == 1);
  // Nobody calls these any more.
  transport.set_read_handlers([token](Bytes) {}, [token](const Error&) {});
  CHECK(token.use_count() == 1);
  transport.close({});
  transport.set_read_handlers([token](Bytes) {}, [token](const Error&) {});
  transport.write({}, [token](auto) {});
  transport.shutdown([token](const Error&) {});
  transport.close([token] {});
  transport.abort([token] {});
  CHECK(token.use_count() == 1);
  REQUIRE(loop.run_out());
}

TEST_CASE("handlers that own their Timer or Wakeup") {
  TestLoop loop;
  struct Clock {
    std::optional<net::Timer> timer;
    std::optional<net::Wakeup> wakeup;
  };
  auto clock = std::make_shared<Clock>();
  Clock& there = *clock;
  const std::weak_ptr<Clock> watch = clock;
  const bool run = GENERATE(false, true);
  SECTION("a Timer") {
    there.timer.emplace(loop.get(), [clock = std::move(clock)] { clock->timer.reset(); });
    run ? there.timer->start(0ms) : there.timer.reset();
  }
  SECTION("a Wakeup") {
    there.wakeup.emplace(loop.get(), [clock = std::move(clock)] { clock->wakeup.reset(); });
    run ? there.wakeup->schedule() : there.wakeup.reset();
  }
  REQUIRE(loop.run_out());
  CHECK(watch.expired());
}

TEST_CASE("handlers that own their Listener") {
  TestLoop loop;
  struct Server {
    std::unique_ptr<net::Listener> listener;
  };
  auto server = std::make_shared<Server>();
  Server& there = *server;
  const std::weak_ptr<Server> watch = server;
  net::Listener::AcceptHandler on_accept;
  net::Listener::ErrorHandler on_error;
  if (GENERATE(false, true)) {
    on_accept = [server = std::move(server)](auto) { server->listener.reset(); };
  } else {
    on_error = [server = std::move(server)](const Error&) {};
  }
  auto made = net::Listener::listen_tcp(loop.get(), "127.0.0.1", 0, std::move(on_accept),
                                        std::move(on_error));
  REQUIRE_THAT(made, IsSuccess());
  there.listener = std::move(*made);
  SECTION("closed") { there.listener->close(); }
  SECTION("dropped") { there.listener.reset(); }
  SECTION("closed or dropped by the handler") {
    const auto peer = RawPeer::connect(loop, there.listener->port());
    REQUIRE(loop.run_until([&] { return peer->ended(); }));
    if (!watch.expired()) there.listener->close();
    peer->close();
  }
  CHECK(watch.expired());
  REQUIRE(loop.run_out());
}

TEST_CASE("handlers that own who waits for a connection or a handshake") {
  TestLoop loop;
  struct Waiting {
    net::Attempt attempt;
    std::unique_ptr<Transport> got;
    ~Waiting() { attempt.cancel(); }
  };
  auto waiting = std::make_shared<Waiting>();
  Waiting& there = *waiting;
  const std::weak_ptr<Waiting> watch = waiting;
  const bool given_up = GENERATE(false, true);
  net::ConnectHandler handler = [waiting = std::move(waiting)](auto transport) {
    if (transport) waiting->got = std::move(*transport);
  };
  SECTION("connecting") {
    const std::uint16_t port = test::closed_port(loop);
    there.attempt =
        net::connect_tcp(loop.get(), "127.0.0.1", port, test::kDeadline, std::move(handler));
    if (given_up) there.attempt.cancel();
  }
  SECTION("a connection") {
    test::RawServer server(loop);
    there.attempt = net::connect_tcp(loop.get(), "127.0.0.1", server.port(), test::kDeadline,
                                     std::move(handler));
    if (given_up) there.attempt.cancel();
    if (!given_up) server.accept().close();
  }
  SECTION("a handshake") {
    test::TcpPair pair(loop);
    there.attempt = net::tls_connect(std::move(pair.client), test::client_context(), "localhost",
                                     test::kDeadline, std::move(handler));
    loop.run_turns(3);
    if (given_up) there.attempt.cancel();
    if (!given_up) pair.server.reset();
  }
  SECTION("a handshake, and what the transport had before") {
    // The handshake sets handlers of its own: these go, and give it up.
    test::TcpPair pair(loop);
    pair.client->set_read_handlers([waiting = watch.lock()](Bytes) {}, {});
    there.attempt = net::tls_connect(std::move(pair.client), test::client_context(), "localhost",
                                     test::kDeadline, std::move(handler));
    if (given_up) there.attempt.cancel();
    if (!given_up) pair.server.reset();
  }
  REQUIRE(loop.run_out());
  CHECK(watch.expired());
}

TEST_CASE("a posted function that owns its Poster") {
  TestLoop loop;
  auto made = net::Poster::create(loop.get());
  REQUIRE_THAT(made, IsSuccess());
  auto poster = std::move(*made);
  net::Poster& there = *poster;
  const std::weak_ptr<net::Poster> watch = poster;
  CHECK(there.post([poster = std::move(poster)] { poster->close(); }));
  REQUIRE(loop.run_out());
  CHECK(watch.expired());
}
