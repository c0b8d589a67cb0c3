// What one connection may do in a turn of the loop, so that the others have theirs.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/connected_pair.h"
#include "support/frame_writer.h"
#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/connection.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;

namespace {

enum class Over { kTcp, kTls };

struct Ends {
  std::unique_ptr<net::Transport> server;
  std::unique_ptr<net::Transport> client;
};

Ends connected(TestLoop& loop, Over over) {
  if (over == Over::kTls) {
    test::TlsPair pair(loop);
    pair.open();
    return {std::move(pair.server.transport), std::move(pair.client.transport)};
  }
  auto pair = test::connected_pair(AF_INET);
  return {test::transport_over(loop, std::move(pair[0])),
          test::transport_over(loop, std::move(pair[1]))};
}

/// A server's connection, and its peer, played by hand.
struct Attacked {
  test::FrameWriter writer;
  std::shared_ptr<Connection> connection;
  std::unique_ptr<RawPeer> peer;
  std::size_t frames = 0;  ///< that the connection has received
  std::optional<Error> closed;

  Attacked(TestLoop& loop, ConnectionOptions options, Over over = Over::kTcp) {
    options.session.flow_control = session::FlowControl::kNone;
    options.close_timeout = std::chrono::milliseconds(200);
    Ends ends = connected(loop, over);
    connection =
        Connection::create(std::move(ends.server), session::Role::kServer, std::move(options));
    connection->on_close([this](const Error& error) { closed = error; });
    connection->on_trace([this](const session::FrameTrace& frame) {
      if (frame.direction == session::FrameTrace::Direction::kIn) ++frames;
    });
    peer = std::make_unique<RawPeer>(std::move(ends.client));
    peer->start_reading();
  }

  /// PINGs of the client's.
  std::string pings(std::uint32_t count) {
    std::string text;
    for (std::uint32_t i = 0; i < count; ++i) {
      text += text_of(writer.bytes(wire::PingFrame{1 + 2 * i}));
    }
    return text;
  }
};

}  // namespace

TEST_CASE("Connection: frames that take long leave the loop to others after 64 of them") {
  TestLoop loop;
  Attacked attacked(loop, {}, GENERATE(Over::kTcp, Over::kTls));
  attacked.peer->send(attacked.pings(3000));
  REQUIRE(loop.run_until([&] { return attacked.peer->sent_all(); }));
  attacked.connection->on_trace([&](const session::FrameTrace& frame) {
    if (frame.direction != session::FrameTrace::Direction::kIn) return;
    ++attacked.frames;
    std::this_thread::sleep_for(std::chrono::microseconds(10));
  });
  std::size_t most = 0;
  REQUIRE(loop.run_until([&, before = attacked.frames]() mutable {
    most = std::max(most, attacked.frames - before);
    before = attacked.frames;
    return attacked.connection->stats().frames_received == 3000;
  }));
  // The turn that reads, and the one that goes on with the rest, may be the same of the loop.
  CHECK(most <= 2 * 64);
  REQUIRE(loop.run_until([&] { return attacked.peer->received().size() == 3000 * 12; }));
  attacked.connection->close();
  attacked.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: bytes that were read before it began have their share of a turn, too") {
  TestLoop loop;
  auto pair = test::connected_pair(AF_INET);
  test::FrameWriter writer;
  std::string pings;
  for (std::uint32_t id = 1; id < 6000; id += 2)
    pings += text_of(writer.bytes(wire::PingFrame{id}));
  ConnectionOptions options;
  options.session.flow_control = session::FlowControl::kNone;
  const auto connection =
      Connection::create(test::transport_over(loop, std::move(pair[0])), session::Role::kServer,
                         options, {.already_read = Buffer::copy_of(pings)});
  connection->on_trace([](const session::FrameTrace& frame) {
    if (frame.direction != session::FrameTrace::Direction::kIn) return;
    std::this_thread::sleep_for(std::chrono::microseconds(10));
  });
  RawPeer peer(test::transport_over(loop, std::move(pair[1])));
  peer.start_reading();
  std::size_t most = 0;
  REQUIRE(loop.run_until([&, before = std::size_t{0}]() mutable {
    const std::size_t frames = connection->stats().frames_received;
    most = std::max(most, frames - before);
    before = frames;
    return frames == 3000;
  }));
  CHECK(most <= 2 * 64);
  connection->close();
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a peer past a rate is slowed, and loses nothing") {
  TestLoop loop;
  ConnectionOptions options;
  options.session.limits.ping_rate = {10'000, 100};
  Attacked attacked(loop, std::move(options));
  const auto begin = std::chrono::steady_clock::now();
  attacked.peer->send(attacked.pings(1100));
  REQUIRE(loop.run_until([&] { return attacked.peer->received().size() == 1100 * 12; }));
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(99));
  CHECK_FALSE(attacked.closed);
  SECTION("nor does its end get lost") {
    attacked.peer->send(attacked.pings(600));
    attacked.peer->shut_down();
    REQUIRE(loop.run_until([&] { return attacked.closed && attacked.peer->ended(); }));
    CHECK(attacked.connection->stats().frames_received == 1700);
    CHECK_THAT(*attacked.closed, IsSuccess());
  }
  attacked.connection->close();
  attacked.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a peer that has to be slowed for too long is closed, with the rate's name") {
  TestLoop loop;
  ConnectionOptions options;
  options.session.limits.ping_rate = {1000, 10};
  options.session.limits.slowed_time = std::chrono::milliseconds(50);
  Attacked attacked(loop, std::move(options));
  attacked.peer->send(attacked.pings(10'000));
  REQUIRE(loop.run_until([&] { return attacked.closed && attacked.peer->ended(); }));
  CHECK(attacked.closed->code() == session::Errc::kLimitExceeded);
  CHECK(test::mentions(attacked.closed->message(), {"ping_rate = 1000"}));
  attacked.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: closing does not wait for a peer that is slowed") {
  TestLoop loop;
  ConnectionOptions options;
  options.session.limits.ping_rate = {1, 0};
  Attacked attacked(loop, std::move(options));
  attacked.peer->send(attacked.pings(1000));
  REQUIRE(loop.run_until([&] { return attacked.frames > 0; }));
  attacked.connection->close();
  // The peer gets the GOAWAY and an end in order, and answers with its own.
  REQUIRE(loop.run_until([&] { return attacked.peer->ended(); }));
  CHECK_THAT(attacked.peer->end(), IsSuccess());
  attacked.peer->shut_down();
  REQUIRE(loop.run_until([&] { return attacked.closed.has_value(); }));
  CHECK_THAT(*attacked.closed, IsSuccess());
  attacked.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: input that is left behind a paused reader survives a write that fails") {
  TestLoop loop;
  ConnectionOptions options;
  options.session.limits.stream_buffer = 1000;
  Attacked attacked(loop, std::move(options));
  std::shared_ptr<Stream> stream;
  std::string received;
  std::optional<Error> end;
  attacked.connection->on_new_stream([&](std::shared_ptr<Stream> created, StreamDecision decision) {
    stream = std::move(created);
    decision.accept();
  });
  std::string input =
      std::string(text_of(attacked.writer.bytes(wire::SynStreamFrame{.stream_id = 1})));
  const std::string piece(200, 'x');
  for (int i = 0; i < 200; ++i) input += text_of(attacked.writer.data(1, piece));
  input += text_of(attacked.writer.data(1, "the last words", true));
  attacked.peer->send(input);
  // More than 64 frames have come for a reader that takes none.
  REQUIRE(loop.run_until([&] { return stream && attacked.connection->stats().held_bytes > 1000; }));
  attacked.peer->vanish();
  loop.run_turns(20);
  CHECK_THAT(stream->write(Buffer::copy_of("to nobody")), IsSuccess());
  loop.run_turns(20);
  stream->on_end([&](const Error& how) { end = how; });
  stream->on_data([&](Bytes bytes) { received += text_of(bytes); });
  REQUIRE(loop.run_until([&] { return attacked.closed && end; }));
  CHECK(received.size() == 200 * piece.size() + std::string("the last words").size());
  CHECK_THAT(*end, IsSuccess());
  stream.reset();
  REQUIRE(loop.run_out());
}
