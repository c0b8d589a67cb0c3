// Promise 2 of the design for net::Transport: no handler after close but close's own, and anything
// may be closed or destroyed inside any handler.

#include <functional>
#include <memory>
#include <string>

#include "support/outside_calls.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"

using namespace uvspdy;
using test::RawPeer;
using test::TcpPair;
using test::TestLoop;

namespace {

/// A transport with something going on in each direction, and a count of what its handlers hear.
struct Busy {
  std::unique_ptr<net::Transport> transport;
  std::string payload = std::string(64 * 1024 * 1024, 'x');
  Bytes bytes = bytes_of(payload);
  int reads = 0;
  int ends = 0;
  int writes = 0;
  int shutdowns = 0;
  std::function<void()> in_handler = [] {};

  explicit Busy(std::unique_ptr<net::Transport> of) : transport(std::move(of)) {
    transport->set_read_handlers(
        [this](Bytes) {
          ++reads;
          in_handler();
        },
        [this](const Error&) {
          ++ends;
          in_handler();
        });
    transport->start_reading();
  }

  void write_all() {
    transport->write(std::span(&bytes, 1), [this](Result<std::size_t>) {
      ++writes;
      in_handler();
    });
  }
  void shut_down() {
    transport->shutdown([this](const Error&) {
      ++shutdowns;
      in_handler();
    });
  }
  int calls() const { return reads + ends + writes + shutdowns; }
};

}  // namespace

TEST_CASE("Transport: after close no handler is called but the one given to close") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  Busy busy(std::move(pair.server));
  client.send("something to read");
  busy.write_all();
  busy.shut_down();
  // Readable by now, in the kernel.
  test::OutsideCalls outside;
  int closed = 0;
  outside.during([&] {
    busy.transport->close([&] {
      CHECK(outside.holds());
      ++closed;
    });
  });
  CHECK(closed == 0);
  CHECK_FALSE(busy.transport->try_write(std::span(&busy.bytes, 1)));
  // On what is closed these do nothing.
  busy.transport->start_reading();
  busy.transport->stop_reading();
  busy.write_all();
  busy.shut_down();
  busy.transport->close({});
  client.start_reading();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  client.close();
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
  CHECK(busy.calls() == 0);
}

TEST_CASE("Transport: destroyed, it calls no handler at all") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  Busy busy(std::move(pair.server));
  client.send("something to read");
  busy.write_all();
  busy.shut_down();
  busy.transport.reset();
  client.start_reading();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  client.close();
  REQUIRE(loop.run_out());
  CHECK(busy.calls() == 0);
}

TEST_CASE("Transport: may be closed or destroyed inside each of its handlers") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  Busy busy(std::move(pair.server));
  int closed = 0;
  const bool destroy = GENERATE(false, true);
  busy.in_handler = [&] {
    if (destroy) {
      busy.transport.reset();
    } else {
      busy.transport->close([&] { ++closed; });
    }
  };

  SECTION("on_read") {
    client.send("something to read");
    REQUIRE(loop.run_until([&] { return busy.reads > 0; }));
  }
  SECTION("on_end, in order") {
    client.shut_down();
    REQUIRE(loop.run_until([&] { return busy.ends > 0; }));
  }
  SECTION("on_end, by a reset, with a write under way") {
    busy.write_all();
    client.vanish();
    REQUIRE(loop.run_until([&] { return busy.calls() > 0; }));
  }
  SECTION("a write that is done") {
    client.start_reading();
    busy.write_all();
    REQUIRE(loop.run_until([&] { return busy.writes > 0; }));
  }
  SECTION("a shutdown that is done") {
    busy.shut_down();
    REQUIRE(loop.run_until([&] { return busy.shutdowns > 0; }));
  }
  client.send("more that nobody hears of");
  client.close();
  REQUIRE(loop.run_out());
  CHECK(busy.calls() == 1);
  CHECK(closed == (destroy ? 0 : 1));
}

TEST_CASE("Transport: empty handlers are nobody's") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  client.start_reading();
  auto& server = *pair.server;
  const bool none_set = GENERATE(false, true);
  if (!none_set) server.set_read_handlers({}, {});
  server.start_reading();
  const Bytes bytes = bytes_of("word");
  server.write(std::span(&bytes, 1), {});
  server.shutdown({});
  server.shutdown({});
  server.write(std::span(&bytes, 1), {});
  client.send("nobody reads this");
  client.shut_down();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  CHECK(client.received() == "word");
  loop.run_turns(10);
  server.close({});
  client.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: may be destroyed inside the handler given to close") {
  TestLoop loop;
  TcpPair pair(loop);
  int closed = 0;
  pair.client->close([&] {
    ++closed;
    pair.client.reset();
  });
  pair.server->close({});
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}

TEST_CASE("Transport: may be destroyed before the handler given to close has run") {
  TestLoop loop;
  TcpPair pair(loop);
  int closed = 0;
  pair.client->close([&] { ++closed; });
  pair.client.reset();
  pair.server->close({});
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}
