// The promises of net::Transport, kept by the one over TLS.

#include <functional>
#include <memory>
#include <string>

#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using test::IsSuccess;
using test::patterned_text;
using test::PipePair;
using test::RawPeer;
using test::TestLoop;
using test::TlsPair;

namespace {

constexpr std::size_t kMoreThanBuffers = 64 * 1024 * 1024;

}  // namespace

TEST_CASE("TLS transport: much both ways at once, readers that pause") {
  TestLoop loop;
  TlsPair pair(loop);
  pair.open();
  RawPeer client(std::move(pair.client.transport));
  RawPeer server(std::move(pair.server.transport));
  const std::string there = patterned_text(12 * 1024 * 1024 + 1);
  const std::string back = patterned_text(9 * 1024 * 1024 + 7);
  int pauses = 0;
  std::size_t seen = 0;
  server.on_received = [&] {
    if (server.received().size() < seen + 1000000) return;
    seen = server.received().size();
    ++pauses;
    server.stop_reading();
  };
  client.start_reading();
  server.start_reading();
  client.send(there);
  for (std::size_t i = 0; i < back.size(); i += 100000) server.send(back.substr(i, 100000));
  while (server.received().size() < there.size()) {
    const std::size_t before = server.received().size();
    loop.run_turns(20);
    server.start_reading();
    if (server.received().size() == before) {
      REQUIRE(loop.run_until([&] { return server.received().size() > before; }));
    }
  }
  REQUIRE(loop.run_until([&] { return client.received().size() == back.size(); }));
  CHECK(pauses >= 10);
  CHECK(server.received() == there);
  CHECK(client.received() == back);
  client.close();
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: stop_reading inside the handler stops at once, the rest comes later") {
  TestLoop loop;
  TlsPair pair(loop);
  pair.open();
  const std::string text = patterned_text(100000);
  const Bytes bytes = bytes_of(text);
  auto& reader = *pair.server.transport;
  test::OutsideCalls outside;
  std::string received;
  int calls = 0;
  bool ended = false;
  reader.set_read_handlers(
      [&](Bytes piece) {
        CHECK(outside.holds());
        CHECK_FALSE(ended);
        ++calls;
        received += text_of(piece);
        reader.stop_reading();
      },
      [&](const Error& error) {
        CHECK(outside.holds());
        CHECK_THAT(error, IsSuccess());
        ended = true;
      });
  outside.during([&] { reader.start_reading(); });
  bool written = false;
  pair.client.transport->write(std::span(&bytes, 1), [&](Result<std::size_t> result) {
    CHECK_THAT(result, IsSuccess());
    CHECK(*result == bytes.size());
    written = true;
    pair.client.transport->shutdown({});
  });
  CHECK_FALSE(written);
  while (received.size() < text.size()) {
    const int before = calls;
    REQUIRE(loop.run_until([&] { return calls > before; }));
    loop.run_turns(3);
    CHECK(calls == before + 1);
    outside.during([&] { reader.start_reading(); });
  }
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(received == text);
  CHECK(written);
  pair.client.transport->close({});
  reader.close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: a slow peer fills no memory, and all of it arrives") {
  TestLoop loop;
  TlsPair pair(loop);
  pair.open();
  RawPeer server(std::move(pair.server.transport));
  const std::string text(kMoreThanBuffers, 'x');
  const Bytes bytes = bytes_of(text);
  auto& writer = *pair.client.transport;
  auto taken = writer.try_write(std::span(&bytes, 1));
  REQUIRE_THAT(taken, IsSuccess());
  std::size_t sent = *taken;
  CHECK(sent > 0);
  CHECK(sent < bytes.size());
  taken = writer.try_write(std::span(&bytes, 1));
  REQUIRE_THAT(taken, IsSuccess());
  CHECK(*taken == 0);
  CHECK(writer.unacknowledged() > 0);
  const Bytes rest = bytes.subspan(sent, 1000000);
  bool written = false;
  writer.write(std::span(&rest, 1), [&](Result<std::size_t> result) {
    CHECK_THAT(result, IsSuccess());
    written = true;
    sent += *result;
  });
  writer.shutdown({});
  loop.run_turns(5);
  CHECK_FALSE(written);
  server.start_reading();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK_THAT(server.end(), IsSuccess());
  CHECK(written);
  CHECK(server.received().size() == sent);
  writer.close({});
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: behind shutdown nothing is written, and it is asked for once") {
  TestLoop loop;
  TlsPair pair(loop);
  pair.open();
  auto& client = *pair.client.transport;
  int done = 0;
  Error second;
  client.shutdown([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    ++done;
  });
  client.shutdown([&](const Error& error) {
    second = error;
    ++done;
  });
  CHECK(done == 0);
  const Bytes bytes = bytes_of("late");
  const auto tried = client.try_write(std::span(&bytes, 1));
  REQUIRE_FALSE(tried);
  CHECK(tried.error().code().value() == UV_EPIPE);
  Error late;
  client.write(std::span(&bytes, 1), [&](Result<std::size_t> result) {
    REQUIRE_FALSE(result);
    late = result.error();
    ++done;
  });
  REQUIRE(loop.run_until([&] { return done == 3; }));
  CHECK(second.code().value() == UV_EALREADY);
  CHECK(late.code().value() == UV_EPIPE);
  client.close({});
  pair.server.transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: after close only close's handler runs") {
  TestLoop loop;
  TlsPair pair(loop);
  pair.open();
  RawPeer server(std::move(pair.server.transport));
  const std::string text(kMoreThanBuffers, 'x');
  const Bytes bytes = bytes_of(text);
  auto& client = *pair.client.transport;
  int calls = 0;
  bool closed = false;
  client.set_read_handlers([&](Bytes) { ++calls; }, [&](const Error&) { ++calls; });
  client.start_reading();
  client.write(std::span(&bytes, 1), [&](Result<std::size_t>) { ++calls; });
  client.shutdown([&](const Error&) { ++calls; });
  server.send("hello");
  client.close([&] { closed = true; });
  client.close([&] { ++calls; });
  CHECK_FALSE(closed);
  REQUIRE(loop.run_until([&] { return closed; }));
  loop.run_turns(5);
  CHECK(calls == 0);
  CHECK_FALSE(client.try_write(std::span(&bytes, 1)));
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: the handler given to close runs over any transport, and lets go") {
  const bool over_tcp = GENERATE(false, true);
  const bool destroy = GENERATE(false, true);
  CAPTURE(over_tcp, destroy);
  TestLoop loop;
  auto pair = over_tcp ? TlsPair(loop) : TlsPair(loop, PipePair(loop.get()));
  pair.open();
  test::OutsideCalls outside;
  auto token = std::make_shared<int>(0);
  outside.during([&] {
    pair.client.transport->close([&outside, token] {
      CHECK(outside.holds());
      ++*token;
    });
    if (destroy) pair.client.transport.reset();
  });
  CHECK(*token == 0);
  REQUIRE(loop.run_until([&] { return *token == 1; }));
  loop.run_turns(3);
  CHECK(*token == 1);
  CHECK(token.use_count() == 1);
  pair.server.transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: what a write below holds stays until that transport is closed") {
  TestLoop loop;
  PipePair pipe(loop.get());
  const auto up = pipe.up;
  up->capacity = 100;  // less than a ClientHello
  test::HandshakeResult client;
  const auto attempt = net::tls_connect(std::move(pipe.client), test::client_context(), "localhost",
                                        test::kDeadline, client.handler());
  REQUIRE(loop.run_until([&] { return up->passed == 100; }));
  attempt.cancel();
  REQUIRE(loop.run_until([&] { return client.done; }));
  CHECK(up->ended);
  CHECK_FALSE(up->overwritten);
  pipe.server.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: closed and destroyed inside each handler") {
  enum class Where { kRead, kEnd, kWritten, kShutdown };
  for (const Where where : {Where::kRead, Where::kEnd, Where::kWritten, Where::kShutdown}) {
    for (const bool destroy : {false, true}) {
      for (const bool over_tcp : {false, true}) {
        INFO(static_cast<int>(where) << (destroy ? " destroyed" : " closed"));
        TestLoop loop;
        auto pair = over_tcp ? TlsPair(loop) : TlsPair(loop, PipePair(loop.get()));
        pair.open();
        std::unique_ptr<net::Transport> ours = std::move(pair.client.transport);
        RawPeer server(std::move(pair.server.transport));
        server.start_reading();
        int calls = 0;
        const auto go = [&](Where here) {
          ++calls;
          if (here != where) return;
          calls = 0;
          if (destroy) {
            ours.reset();
          } else {
            ours->close({});
          }
        };
        ours->set_read_handlers([&](Bytes) { go(Where::kRead); },
                                [&](const Error&) { go(Where::kEnd); });
        ours->start_reading();
        const std::string text = patterned_text(300000);
        const Bytes bytes = bytes_of(text);
        ours->write(std::span(&bytes, 1), [&](Result<std::size_t>) { go(Where::kWritten); });
        ours->shutdown([&](const Error&) { go(Where::kShutdown); });
        server.send(patterned_text(50000));
        server.shut_down();
        REQUIRE(loop.run_until([&] { return server.ended(); }));
        loop.run_turns(20);
        CHECK(calls == 0);  // the last call was the one that closed
        server.close();
        ours.reset();
        REQUIRE(loop.run_out());
      }
    }
  }
}

TEST_CASE("TLS transport: empty handlers are nobody's") {
  const bool over_tcp = GENERATE(false, true);
  TestLoop loop;
  auto pair = over_tcp ? TlsPair(loop) : TlsPair(loop, PipePair(loop.get()));
  pair.open();
  RawPeer server(std::move(pair.server.transport));
  server.start_reading();
  auto& client = *pair.client.transport;
  client.set_read_handlers({}, {});
  client.start_reading();
  const std::string text = patterned_text(100000);
  const Bytes bytes = bytes_of(text);
  client.write(std::span(&bytes, 1), {});
  client.shutdown({});
  client.shutdown({});
  server.send("nobody reads this");
  server.shut_down();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK((server.received() == text));
  client.write(std::span(&bytes, 1), {});
  loop.run_turns(10);
  client.close({});
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS transport: dropped inside the handshake's handler") {
  TestLoop loop;
  test::TcpPair tcp(loop);
  int done = 0;
  net::tls_accept(std::move(tcp.server), test::server_context(), test::kDeadline,
                  [&](Result<std::unique_ptr<net::Transport>> result) {
                    ++done;
                    if (result) (*result).reset();
                  });
  net::tls_connect(std::move(tcp.client), test::client_context(), "localhost", test::kDeadline,
                   [&](Result<std::unique_ptr<net::Transport>> result) {
                     ++done;
                     if (result) (*result).reset();
                   });
  REQUIRE(loop.run_until([&] { return done == 2; }));
  REQUIRE(loop.run_out());
}
