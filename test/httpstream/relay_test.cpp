#include "uvspdy/httpstream/relay.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "support/death.h"
#include "support/patterned_text.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/spdy_pair.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::IsSuccess;
using test::patterned_text;
using test::PipePair;
using test::RawPeer;
using test::SpdyPair;
using test::TcpPair;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

/// The far end of the stream, as a client has it.
struct FarEnd {
  SpdyPair::StreamPtr stream;
  std::string data;
  bool ended = false;
  std::optional<Error> closed;

  explicit FarEnd(SpdyPair::StreamPtr given) : stream(std::move(given)) {
    stream->on_data([this](Bytes bytes) { data += text_of(bytes); });
    stream->on_end([this](const Error& error) { ended = !error; });
    stream->on_close([this](const Error& error) { closed = error; });
  }
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;
};

/// A relay between a stream of the pair and a transport, and how it ended.
struct Relayed {
  std::shared_ptr<Relay> relay;
  std::optional<Error> done;

  void start(SpdyPair::StreamPtr stream, std::unique_ptr<net::Transport> transport,
             RelayOptions options = {}) {
    relay = Relay::start(
        std::move(stream), std::move(transport),
        [this](const Error& error) {
          CHECK_FALSE(done);
          done = error;
        },
        std::move(options));
    CHECK_FALSE(done);  // not inside the call
  }

  /// The error that it must have ended with.
  const Error& error() const {
    REQUIRE(done);
    INFO(done->message());
    return *done;
  }
};

/// A stream over loopback, as its client and its server have it: the server relays its end.
struct RelayTest {
  TestLoop loop;
  SpdyPair pair{loop};
  SpdyPair::StreamPtr client;
  SpdyPair::StreamPtr server;

  RelayTest() { std::tie(client, server) = pair.stream(); }
};

/// A stream whose server end is to be relayed to a TCP connection; `target` is its far end.
struct TcpRelayTest : RelayTest {
  TcpPair tcp{loop};
  RawPeer target{std::move(tcp.server)};
  Relayed relayed;
};

}  // namespace

TEST_CASE_METHOD(TcpRelayTest, "Relay: bytes go both ways, and each end is passed on by itself") {
  FarEnd far(client);
  target.start_reading();
  RelayOptions options;
  const bool pooled = GENERATE(false, true);
  if (pooled) options.pool = std::make_shared<BufferPool>(64 * 1024);
  relayed.start(server, std::move(tcp.client), options);

  const std::string up = patterned_text(300000, 1);
  const std::string down = patterned_text(400000, 2);
  const bool target_ends_first = GENERATE(false, true);
  if (target_ends_first) {
    target.send(down);
    target.shut_down();
    REQUIRE(loop.run_until([&] { return far.ended; }));
    CHECK_FALSE(target.ended());
    CHECK_FALSE(relayed.done);
    CHECK_THAT(client->write(Buffer(up)), IsSuccess());
    client->close();
  } else {
    CHECK_THAT(client->write(Buffer(up)), IsSuccess());
    client->close();
    REQUIRE(loop.run_until([&] { return target.ended(); }));
    CHECK_FALSE(far.ended);
    CHECK_FALSE(relayed.done);
    target.send(down);
    target.shut_down();
  }
  REQUIRE(loop.run_until([&] { return relayed.done && far.closed && target.ended(); }));
  CHECK_THAT(*relayed.done, IsSuccess());
  CHECK_THAT(*far.closed, IsSuccess());
  CHECK_THAT(target.end(), IsSuccess());
  CHECK(target.received() == up);
  CHECK(far.data == down);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(RelayTest,
                 "Relay: a transport that is slow holds up the stream, and gets all of it") {
  FarEnd far(client);
  PipePair pipe(loop.get());
  pipe.up->capacity = 1000;
  Relayed relayed;
  relayed.start(server, std::move(pipe.client));
  const std::string up = patterned_text(3000000);
  CHECK_THAT(client->write(Buffer(up)), IsSuccess());
  client->close();
  REQUIRE(loop.run_until([&] {
    const auto stats = server->stats();
    return stats && stats->held_bytes > 30000;
  }));
  loop.run_turns(20);
  REQUIRE(client->stats());
  CHECK(client->stats()->queued_bytes > 2000000);  // it waits where it comes from
  CHECK(pipe.up->data.size() <= 1000);

  std::string received;
  bool ended = false;
  pipe.up->capacity = 1000000;
  pipe.server->set_read_handlers([&](Bytes bytes) { received += text_of(bytes); },
                                 [&](const Error&) { ended = true; });
  pipe.server->start_reading();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(received == up);
  CHECK_FALSE(pipe.up->overwritten);
  CHECK_FALSE(relayed.done);
  pipe.server->shutdown({});
  REQUIRE(loop.run_until([&] { return relayed.done && far.closed; }));
  CHECK_THAT(*relayed.done, IsSuccess());
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(RelayTest, "Relay: a stream that nobody reads holds up the transport") {
  PipePair pipe(loop.get());
  pipe.down->capacity = 3000000;
  Relayed relayed;
  relayed.start(server, std::move(pipe.client));
  const std::string down = patterned_text(3000000);
  const Bytes bytes = bytes_of(down);
  REQUIRE(*pipe.server->try_write(std::span(&bytes, 1)) == down.size());
  pipe.server->shutdown({});
  REQUIRE(loop.run_until([&] { return !server->writable(); }));
  loop.run_turns(20);
  CHECK(pipe.down->data.size() > 2000000);
  REQUIRE(server->stats());
  CHECK(server->stats()->queued_bytes < 400000);  // the high-water mark and one read

  FarEnd far(client);
  REQUIRE(loop.run_until([&] { return far.ended; }));
  CHECK(far.data == down);
  client->close();
  REQUIRE(loop.run_until([&] { return relayed.done.has_value(); }));
  CHECK_THAT(*relayed.done, IsSuccess());
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest,
                 "Relay: a transport that breaks resets the stream behind what came before") {
  client->pause();
  relayed.start(server, std::move(tcp.client));
  // More than the client's window takes, so that some waits on the server.
  const std::string down = patterned_text(150000);
  target.send(down);
  REQUIRE(loop.run_until([&] { return server->stats()->queued_bytes > 0; }));
  target.vanish();
  loop.run_turns(20);
  CHECK_FALSE(server->is_closed());

  FarEnd far(client);
  client->resume();
  REQUIRE(loop.run_until([&] { return relayed.done && far.closed; }));
  CHECK(far.data == down);
  CHECK_FALSE(far.ended);
  CHECK(far.closed->code() == Errc::kStreamReset);
  CHECK(relayed.error().code().value() == UV_ECONNRESET);
  CHECK(pair.stream_is_possible());
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest,
                 "Relay: what a client still sends for a transport that broke is dropped") {
  FarEnd far(client);
  relayed.start(server, std::move(tcp.client));
  // The target does not read: far more than its socket takes.
  CHECK_THAT(client->write(Buffer(patterned_text(20000000))), IsSuccess());
  REQUIRE(loop.run_until([&] { return server->stats()->held_bytes > 0; }));
  target.vanish();
  REQUIRE(loop.run_until([&] { return relayed.done && far.closed; }));
  CHECK(relayed.error().code().category() == net::uv_category());
  CHECK(far.closed->code() == Errc::kStreamReset);
  CHECK(pair.stream_is_possible());
  CHECK(pair.server.connection->stats().held_bytes == 0);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(RelayTest,
                 "Relay: a server's refusal arrives although it takes no more of the request") {
  FarEnd far(client);
  TcpPair tcp(loop);
  auto target = std::make_unique<RawPeer>(std::move(tcp.server));
  Relayed relayed;
  relayed.start(server, std::move(tcp.client));
  CHECK_THAT(client->write(Buffer(patterned_text(20000000))), IsSuccess());
  REQUIRE(loop.run_until([&] { return server->stats()->held_bytes > 0; }));
  // Closing a socket with unread bytes resets the connection behind the answer.
  target->send("413 Content Too Large");
  target->close();
  REQUIRE(loop.run_until([&] { return relayed.done && far.closed; }));
  CHECK(far.data == "413 Content Too Large");
  CHECK(far.closed->code() == Errc::kStreamReset);
  CHECK(relayed.error().code().category() == net::uv_category());
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(
    TcpRelayTest,
    "Relay: a stream that is reset or lost aborts the transport behind what came before") {
  relayed.start(server, std::move(tcp.client));
  // The target does not read: in its socket, in the relay, in the stream that waits for that.
  std::string up;
  const bool much = GENERATE(false, true);
  do {
    up += patterned_text(100000, up.size());
    CHECK_THAT(client->write(Buffer(up.substr(up.size() - 100000))), IsSuccess());
    loop.run_turns(3);
  } while (much && server->stats()->held_bytes == 0);
  bool answered = false;
  pair.client.connection->ping([&](const auto&) { answered = true; });
  REQUIRE(loop.run_until([&] { return answered; }));
  up.resize(up.size() - client->stats()->queued_bytes);
  const bool lost = GENERATE(false, true);
  if (lost) {
    pair.client.connection->abort();
  } else {
    client->reset();
  }
  loop.run_turns(20);
  target.start_reading();
  REQUIRE(loop.run_until([&] { return target.ended() && relayed.done; }));
  CHECK(target.received() == up);
  CHECK(target.end().code().value() == UV_ECONNRESET);
  CHECK(relayed.error().code() == (lost ? Errc::kConnectionLost : Errc::kStreamReset));
  pair.client.connection->close();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(RelayTest,
                 "Relay: a transport that takes nothing any more is given up in the end") {
  FarEnd far(client);
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  RelayOptions options;
  options.flush_timeout = 20ms;
  Relayed relayed;
  relayed.start(server, std::move(pipe.client), options);
  CHECK_THAT(client->write(Buffer(patterned_text(3000))), IsSuccess());
  client->close();
  pipe.server->shutdown({});
  REQUIRE(loop.run_until([&] { return far.closed.has_value(); }));
  CHECK_THAT(*far.closed, IsSuccess());
  REQUIRE(loop.run_until([&] { return relayed.done.has_value(); }));
  CHECK(relayed.error().code() == net::Errc::kTimeout);
  CHECK(relayed.error().message().find("pipe took nothing for 20 ms") != std::string::npos);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(
    RelayTest,
    "Relay: a stream that is over while it is paused and holds bytes does not wait for ever") {
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  RelayOptions options;
  options.flush_timeout = 20ms;
  Relayed relayed;
  relayed.start(server, std::move(pipe.client), options);
  CHECK_THAT(client->write(Buffer(patterned_text(300000))), IsSuccess());
  REQUIRE(loop.run_until([&] {
    const auto stats = server->stats();
    return stats && stats->held_bytes > 30000;
  }));
  // As long as the stream is open the transport may be as slow as it likes.
  bool passed = false;
  net::Timer timer(loop.get(), [&passed] { passed = true; });
  timer.start(3 * options.flush_timeout);
  REQUIRE(loop.run_until([&] { return passed; }));
  CHECK_FALSE(relayed.done);
  SECTION("reset") { client->reset(); }
  SECTION("lost with its connection") { pair.client.connection->abort(); }
  REQUIRE(loop.run_until([&] { return relayed.done.has_value(); }));
  CHECK(relayed.error().code() == net::Errc::kTimeout);
  REQUIRE(loop.run_until([&] { return server->is_closed(); }));
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest, "Relay: takes a stream that the peer has ended already, or closed") {
  target.start_reading();
  SECTION("ended, with nothing on it") {
    FarEnd far(client);
    client->close();
    REQUIRE(loop.run_until([&] { return server->reader().state() == HalfState::kEnded; }));
    relayed.start(server, std::move(tcp.client));
    REQUIRE(loop.run_until([&] { return target.ended(); }));
    target.send("answer");
    target.shut_down();
    REQUIRE(loop.run_until([&] { return relayed.done.has_value(); }));
    CHECK_THAT(*relayed.done, IsSuccess());
    REQUIRE(loop.run_until([&] { return far.ended; }));
    CHECK(far.data == "answer");
  }
  SECTION("reset") {
    client->reset();
    REQUIRE(loop.run_until([&] { return server->is_closed(); }));
    relayed.start(server, std::move(tcp.client));
    REQUIRE(loop.run_until([&] { return relayed.done && target.ended(); }));
    CHECK(target.end().code().value() == UV_ECONNRESET);
    CHECK(relayed.error().code() == Errc::kStreamReset);
  }
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(RelayTest,
                 "Relay: of a stream whose half was taken before is a break, in the next turn") {
  FarEnd far(client);
  TcpPair tcp(loop);
  RawPeer target(std::move(tcp.server));
  target.start_reading();
  StreamReader reader;
  StreamWriter writer;
  SECTION("the reader") { reader = server->take_reader(); }
  SECTION("the writer") { writer = server->take_writer(); }
  Relayed relayed;
  relayed.start(server, std::move(tcp.client));
  const bool reset = GENERATE(false, true);
  if (reset) relayed.relay->reset();  // harmless
  loop.run_turns(2);
  CHECK(relayed.error().code() == Errc::kStreamClosed);
  REQUIRE(loop.run_until([&] { return target.ended() && far.closed; }));
  CHECK(target.end().code().value() == UV_ECONNRESET);
  CHECK(far.closed->code() == Errc::kStreamReset);
  REQUIRE(pair.close());
}

TEST_CASE("Relay: null pointers end the process with a text") {
  CHECK(test::text_of_death([] { Relay::start(nullptr, nullptr, {}); }) ==
        "uvspdy: Relay::start: the stream is null\n");
}

TEST_CASE_METHOD(RelayTest,
                 "Relay: reset ends both at once, and everything may be dropped in done") {
  FarEnd far(client);
  TcpPair tcp(loop);
  RawPeer target(std::move(tcp.server));
  target.start_reading();
  std::shared_ptr<Relay> relay;
  std::optional<Error> done;
  relay = Relay::start(server, std::move(tcp.client), [&](const Error& error) {
    done = error;
    relay->reset();  // harmless
    relay.reset();
    pair.server.streams.clear();
  });
  server.reset();
  CHECK_THAT(client->write(Buffer::copy_of("hello")), IsSuccess());
  REQUIRE(loop.run_until([&] { return target.received() == "hello"; }));
  relay->reset();
  relay->reset();
  CHECK_FALSE(done);
  REQUIRE(loop.run_until([&] { return done && far.closed && target.ended(); }));
  CHECK(done->code() == Errc::kResetHere);
  CHECK(far.closed->code() == Errc::kStreamReset);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest, "Relay: end_with_stream ends in order with the peer's direction") {
  FarEnd far(client);
  relayed.start(server, std::move(tcp.client));
  const std::string up = patterned_text(20000000);
  CHECK_THAT(client->write(Buffer(up)), IsSuccess());
  client->close();
  const bool asked_late = GENERATE(false, true);
  if (!asked_late) relayed.relay->end_with_stream();
  target.start_reading();
  if (asked_late) {
    REQUIRE(loop.run_until([&] { return target.ended(); }));
    CHECK_FALSE(relayed.done);
    relayed.relay->end_with_stream();
  }
  // The target has not ended, and need not.
  REQUIRE(loop.run_until([&] { return relayed.done && target.ended() && far.closed; }));
  CHECK_THAT(relayed.error(), IsSuccess());
  CHECK(target.received() == up);
  CHECK_THAT(target.end(), IsSuccess());
  CHECK_FALSE(far.ended);
  CHECK(far.closed->code() == Errc::kStreamReset);
  relayed.relay->end_with_stream();
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest, "Relay: end_with_stream makes no end of a break") {
  target.start_reading();
  relayed.start(server, std::move(tcp.client));
  relayed.relay->end_with_stream();
  CHECK_THAT(client->write(Buffer::copy_of("half")), IsSuccess());
  REQUIRE(loop.run_until([&] { return target.received() == "half"; }));
  client->reset();
  REQUIRE(loop.run_until([&] { return relayed.done && target.ended(); }));
  CHECK(relayed.error().code() == Errc::kStreamReset);
  CHECK(target.end().code().value() == UV_ECONNRESET);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest, "Relay: broken off by somebody else, behind what came before") {
  client->pause();
  relayed.start(server, std::move(tcp.client));
  // More than the client's window takes, and more than the target's socket.
  const std::string down = patterned_text(150000, 1);
  target.send(down);
  REQUIRE(loop.run_until([&] { return server->stats()->queued_bytes > 50000; }));
  std::string up;
  do {
    up += patterned_text(20000, up.size());
    CHECK_THAT(client->write(Buffer(up.substr(up.size() - 20000))), IsSuccess());
    loop.run_turns(3);
    REQUIRE(loop.run_until([&] { return client->stats()->queued_bytes == 0; }));
  } while (server->stats()->held_bytes == 0);
  const bool ended = GENERATE(false, true);
  if (ended) client->close();
  bool answered = false;
  pair.client.connection->ping([&](const auto&) { answered = true; });
  REQUIRE(loop.run_until([&] { return answered; }));
  // Whether the end counts that waits behind what is held.
  const Error why(Errc::kLimitExceeded, "somebody knows");
  const bool both = GENERATE(false, true);
  both ? relayed.relay->break_off(why) : relayed.relay->break_off_stream(why);
  relayed.relay->break_off_stream(Error(Errc::kIdleTimeout, "too late"));
  FarEnd far(client);
  client->resume();
  loop.run_turns(20);
  target.start_reading();
  REQUIRE(loop.run_until([&] { return relayed.done && target.ended() && far.closed; }));
  INFO(target.received().size() << " of " << up.size() << " bytes have arrived");
  CHECK((target.received() == up));  // too long to be shown
  CHECK(static_cast<bool>(target.end()) == (both || !ended));
  CHECK(far.data == down);
  CHECK_FALSE(far.ended);
  CHECK(far.closed->code() == Errc::kStreamReset);
  if (both || ended) CHECK(relayed.error().message() == "somebody knows");
  CHECK(relayed.error());
  relayed.relay->break_off(why);
  relayed.relay->break_off_stream(why);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(TcpRelayTest, "Relay: a reset behind our end may be the peer's end") {
  FarEnd far(client);
  target.start_reading();
  const bool is_end = GENERATE(false, true);
  relayed.start(server, std::move(tcp.client), {.reset_behind_end_is_end = is_end});
  CHECK_THAT(client->write(Buffer::copy_of("question")), IsSuccess());
  REQUIRE(loop.run_until([&] { return target.received() == "question"; }));
  const bool ended = GENERATE(false, true);
  target.send("answer");
  if (ended) target.shut_down();
  REQUIRE(loop.run_until([&] { return far.data == "answer" && far.ended == ended; }));
  client->reset();
  REQUIRE(loop.run_until([&] { return relayed.done && target.ended(); }));
  const bool in_order = is_end && ended;
  CHECK(static_cast<bool>(relayed.error()) == !in_order);
  CHECK(static_cast<bool>(target.end()) == !in_order);
  REQUIRE(pair.close());
}

TEST_CASE_METHOD(
    RelayTest,
    "Relay: a client that still sends to a transport that is gone gets a reset in the end") {
  FarEnd far(client);
  TcpPair tcp(loop);
  auto target = std::make_unique<RawPeer>(std::move(tcp.server));
  Relayed relayed;
  relayed.start(server, std::move(tcp.client));
  target->send("goodbye");
  target->close();  // an end in order, so far
  REQUIRE(loop.run_until([&] { return far.ended; }));
  CHECK(far.data == "goodbye");
  CHECK_FALSE(relayed.done);
  REQUIRE(loop.run_until([&] {
    if (client->writable()) CHECK_THAT(client->write(Buffer(patterned_text(100000))), IsSuccess());
    return far.closed.has_value();
  }));
  CHECK(far.closed->code() == Errc::kStreamReset);
  CHECK(relayed.error().code().category() == net::uv_category());
  REQUIRE(pair.close());
}
