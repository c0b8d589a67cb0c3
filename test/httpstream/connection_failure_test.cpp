// How a connection ends when the peer breaks the protocol, or is gone.

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/connected_pair.h"
#include "support/half_pair.h"
#include "support/patterned_text.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/wire/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::HalfPair;
using test::IsSuccess;
using test::Lines;
using test::RawPeer;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

/// What a connection with a stream, one more on its way, and a PING is told when it ends.
struct Told {
  std::vector<std::string> order;
  Error stream;
  Error creating;
  Error ping;
  Error connection;

  Told(HalfPair& half, const StreamPtr& open) {
    open->on_data([this](Bytes bytes) { order.push_back("data " + std::string(text_of(bytes))); });
    open->on_end([this](const Error& how) { order.push_back(how ? "broken" : "end"); });
    open->on_close([this](const Error& error) {
      order.push_back("stream");
      stream = error;
    });
    half.connection->create_stream({}, [this](Result<StreamPtr> created) {
      order.push_back("creating");
      CHECK_FALSE(created);
      if (!created) creating = created.error();
    });
    half.connection->ping([this](Result<std::chrono::nanoseconds> pong) {
      order.push_back("ping");
      CHECK_FALSE(pong);
      if (!pong) ping = pong.error();
    });
    half.connection->on_close([this](const Error& error) {
      order.push_back("connection");
      connection = error;
    });
  }
  long count(const std::string& name) const { return std::count(order.begin(), order.end(), name); }
};

const std::string kMalformed("\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01", 12);  // SPDY/2

}  // namespace

TEST_CASE("Connection: a malformed frame is answered with GOAWAY PROTOCOL_ERROR, and ends it") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  Told told(half, open);
  std::error_code expected = Errc::kProtocolError;
  SECTION("another version") {
    half.peer->send(kMalformed);
    expected = wire::Errc::kUnsupportedVersion;
  }
  SECTION("a length that no such frame has") {
    half.peer->send(std::string("\x80\x03\x00\x06\x00\x00\x00\x05\x00\x00\x00\x01\x00", 13));
    expected = wire::Errc::kBadLength;
  }
  SECTION("a header block that is no zlib stream") {
    half.peer->send(
        std::string("\x80\x03\x00\x02\x00\x00\x00\x08\x00\x00\x00\x01\xff\xff\xff\xff", 16));
    expected = wire::Errc::kInflateFailed;
  }
  SECTION("a stream of our parity") { half.send(wire::SynStreamFrame{.stream_id = 7}); }
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  const Lines frames = half.frames();
  REQUIRE_FALSE(frames.empty());
  CHECK(frames.back() == "GOAWAY 0 PROTOCOL_ERROR");
  half.peer->close();
  REQUIRE(loop.run_out());
  for (const char* name : {"stream", "creating", "ping", "connection"}) {
    CAPTURE(name);
    CHECK(told.count(name) == 1);
  }
  CHECK(told.order.back() == "connection");
  CHECK(told.stream.code() == expected);
  CHECK(told.creating.code() == expected);
  CHECK(told.connection.code() == expected);
  CHECK(told.ping.code() == expected);
  CHECK_FALSE(told.connection.message().empty());
}

TEST_CASE("Connection: what came before a malformed frame is delivered, what comes behind is not") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  Told told(half, open);
  std::string all(text_of(half.writer.data(1, "good")));
  all += kMalformed;
  all += text_of(half.writer.data(1, "bad"));
  half.peer->send(all);
  half.peer->shut_down();
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  half.peer->close();
  REQUIRE(loop.run_out());
  REQUIRE_FALSE(told.order.empty());
  CHECK(told.order.front() == "data good");
  CHECK(told.count("data bad") == 0);
  CHECK(told.connection.code() == wire::Errc::kUnsupportedVersion);
}

TEST_CASE("Connection: a server goes on when one of its connections breaks the protocol") {
  TestLoop loop;
  std::vector<std::shared_ptr<Connection>> connections;
  std::vector<Error> ends;
  auto listening = HttpServer::listen(
      loop.get(), "127.0.0.1", 0, [&](const std::shared_ptr<HttpExchange>& exchange) {
        auto connection = ResponseUpgrader(test::patient_options())
                              .upgrade_response(*exchange, {}, NoOpNewStreamHandler());
        CHECK_THAT(connection, IsSuccess());
        if (!connection) return;
        (*connection)->on_close([&](const Error& error) { ends.push_back(error); });
        connections.push_back(*connection);
      });
  REQUIRE_THAT(listening, IsSuccess());
  const std::string request =
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n";
  const auto answer_of = [](const RawPeer& client) {
    const std::size_t head = client.received().find("\r\n\r\n");
    if (head == std::string::npos) return Lines{};
    return test::FrameReader().read(bytes_of(client.received()).subspan(head + 4));
  };
  const auto good = RawPeer::connect(loop, (*listening)->port());
  good->send(request);
  const auto bad = RawPeer::connect(loop, (*listening)->port());
  bad->send(request + kMalformed);
  REQUIRE(loop.run_until([&] { return bad->ended(); }));
  CHECK(answer_of(*bad) == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
  bad->close();
  REQUIRE(loop.run_until([&] { return !ends.empty(); }));
  CHECK(ends[0].code() == wire::Errc::kUnsupportedVersion);

  // The connection beside it, and a new one.
  const auto next = RawPeer::connect(loop, (*listening)->port());
  next->send(request);
  for (const auto& client : {good.get(), next.get()}) {
    client->send(test::FrameWriter().bytes(wire::PingFrame{1}));
    REQUIRE(loop.run_until([&] {
      const Lines answer = answer_of(*client);
      return !answer.empty() && answer.back() == "PING 1";
    }));
    client->close();
  }
  (*listening)->close();
  REQUIRE(loop.run_out());
  CHECK(connections.size() == 3);
  CHECK(ends.size() == 3);
}

TEST_CASE("Connection: a peer that vanishes with streams open is a lost connection") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  Told told(half, open);
  half.peer->send(half.writer.data(1, "last words"));
  REQUIRE(loop.run_until([&] { return !told.order.empty(); }));
  SECTION("by a reset") { half.peer->vanish(); }
  SECTION("by its end") { half.peer->close(); }
  SECTION("by its end inside a frame") {
    const auto frame = half.writer.data(1, "cut short");
    half.peer->send(Bytes(frame).first(frame.size() - 1));
    half.peer->shut_down();
  }
  REQUIRE(loop.run_until([&] { return half.connection->is_closed(); }));
  CHECK(told.order.front() == "data last words");
  CHECK(told.order.back() == "connection");
  for (const char* name : {"stream", "creating", "ping", "connection"}) {
    CAPTURE(name);
    CHECK(told.count(name) == 1);
  }
  CHECK(told.count("broken") == 1);
  for (const Error* error : {&told.stream, &told.creating, &told.ping, &told.connection}) {
    CHECK(error->code() == Errc::kConnectionLost);
    CHECK_FALSE(error->message().empty());
  }
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a peer that vanishes while a write waits for it") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  Told told(half, open);
  half.peer->stop_reading();
  CHECK_THAT(open->write(Buffer(std::string(64 * 1024 * 1024, 'x'))), IsSuccess());
  loop.run_turns(10);
  half.peer->vanish();
  REQUIRE(loop.run_until([&] { return half.connection->is_closed(); }));
  CHECK(told.count("stream") == 1);
  CHECK(told.connection.code() == Errc::kConnectionLost);
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: what arrived before the end waits for a paused reader, then the end") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  Told told(half, open);
  open->pause();
  const bool reset = GENERATE(true, false);
  std::string all(text_of(half.writer.data(1, "held")));
  if (reset) {
    all += text_of(half.writer.bytes(
        wire::RstStreamFrame{.stream_id = 1, .status = wire::RstStatus::kCancel}));
  }
  half.peer->send(all);
  half.peer->close();
  // Everybody who does not wait is told.
  REQUIRE(loop.run_until([&] { return told.count("creating") == 1 && told.count("ping") == 1; }));
  loop.run_turns(20);
  CHECK(told.count("stream") == 0);
  CHECK(told.count("connection") == 0);
  CHECK_FALSE(half.connection->is_closed());
  told.order.clear();
  open->resume();
  CHECK(told.order.empty());
  REQUIRE(loop.run_out());
  CHECK(told.order == std::vector<std::string>{"data held", "broken", "stream", "connection"});
  CHECK(told.stream.code() == (reset ? Errc::kStreamReset : Errc::kConnectionLost));
}

TEST_CASE("Connection: the wait for a reader that takes nothing can be ended") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  int stream_closed = 0;
  open->on_close([&](const Error&) { ++stream_closed; });
  half.peer->send(half.writer.data(1, "held"));
  half.peer->shut_down();
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));  // the transport is closed
  half.peer->close();
  loop.run_turns(20);
  CHECK(stream_closed == 0);
  SECTION("by a reader that discards") { open->reader().discard(); }
  SECTION("by a reader that is dropped") { open->take_reader(); }
  SECTION("by aborting the connection") { half.connection->abort(); }
  SECTION("by resetting the stream") { open->reset(); }
  REQUIRE(loop.run_out());
  CHECK(stream_closed == 1);
  CHECK(half.connection->is_closed());
}

TEST_CASE(
    "Connection: close lets go of readers that take nothing, also when it has failed before") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr open = half.stream();
  std::optional<Error> end;
  open->on_end([&](const Error& how) { end = how; });
  std::optional<Error> closed;
  half.connection->on_close([&](const Error& how) { closed = how; });
  half.peer->send(std::string(text_of(half.writer.data(1, "held"))) + kMalformed);
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  loop.run_turns(20);
  CHECK_FALSE(end);
  half.connection->close();
  CHECK_FALSE(end);
  REQUIRE(loop.run_until([&] { return end.has_value(); }));
  CHECK(end->code() == Errc::kConnectionClosed);
  half.peer->close();
  REQUIRE(loop.run_until([&] { return closed.has_value(); }));
  CHECK(closed->code() == wire::Errc::kUnsupportedVersion);
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: what a stream holds that nobody has any more is not waited for") {
  TestLoop loop;
  bool accepted = false;
  HalfPair half(loop, session::Role::kServer);
  half.connection->on_new_stream([&](const StreamPtr&, StreamDecision decision) {
    decision.accept();
    accepted = true;
  });
  int closed = 0;
  half.connection->on_close([&](const Error&) { ++closed; });
  half.send(wire::SynStreamFrame{.stream_id = 1});
  half.peer->send(half.writer.data(1, "for nobody"));
  REQUIRE(loop.run_until([&] { return accepted; }));
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
}

TEST_CASE("Connection: a peer that asks without reading the answers meets a limit") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.queued_control_output = 4096;
  options.session.limits.ping_rate = {SIZE_MAX, SIZE_MAX};  // which would come first
  options.close_timeout = 50ms;                             // it would not read the GOAWAY either
  options.session.flow_control = session::FlowControl::kNone;
  // The kernel's buffers take the first answers; those of a local socket are small.
  auto sockets = test::connected_pair(AF_UNIX);
  const auto connection = Connection::create(test::transport_over(loop, std::move(sockets[0])),
                                             session::Role::kServer, options);
  test::RawPeer peer = test::peer_over(loop, std::move(sockets[1]));
  Error end;
  connection->on_close([&](const Error& error) { end = error; });
  test::FrameWriter writer;
  std::string pings;
  for (std::uint32_t id = 1; id < 20000; id += 2) {
    pings += text_of(writer.bytes(wire::PingFrame{id}));
  }
  for (int i = 0; i < 100 && !connection->is_closed(); ++i) {
    peer.send(pings);
    loop.run_turns(4);
  }
  REQUIRE(loop.run_until([&] { return connection->is_closed(); }));
  CHECK(end.code() == Errc::kLimitExceeded);
  CHECK(end.message().find("queued_control_output") != std::string::npos);
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: once lost it does not wait for streams that await their decision") {
  TestLoop loop;
  std::optional<StreamDecision> decision;
  std::optional<Error> stream_end;
  StreamPtr kept;
  HalfPair half(loop, session::Role::kServer);
  half.connection->on_new_stream([&](StreamPtr stream, StreamDecision later) {
    stream->on_data([](Bytes) { CHECK(false); });
    stream->pause();
    stream->on_close([&](const Error& error) { stream_end = error; });
    kept = std::move(stream);
    decision = std::move(later);
  });
  std::optional<Error> closed;
  half.connection->on_close([&](const Error& error) { closed = error; });
  half.send(wire::SynStreamFrame{.stream_id = 1});
  half.peer->send(half.writer.data(1, "unread"));
  REQUIRE(loop.run_until([&] { return half.connection->stats().held_bytes > 0; }));
  half.peer->vanish();
  REQUIRE(loop.run_until([&] { return closed.has_value(); }));
  CHECK(closed->code() == Errc::kConnectionLost);
  REQUIRE(stream_end.has_value());
  CHECK(kept->is_closed());
  decision->accept();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: once lost it waits for the reader of a stream that was accepted") {
  TestLoop loop;
  StreamPtr kept;
  HalfPair half(loop, session::Role::kServer);
  half.connection->on_new_stream([&](StreamPtr stream, StreamDecision decision) {
    kept = std::move(stream);
    decision.accept();
  });
  std::optional<Error> closed;
  half.connection->on_close([&](const Error& error) { closed = error; });
  half.send(wire::SynStreamFrame{.stream_id = 1});
  half.peer->send(half.writer.data(1, "exit status"));
  REQUIRE(loop.run_until([&] { return half.connection->stats().held_bytes > 0; }));
  half.peer->vanish();
  loop.run_turns(50);
  CHECK_FALSE(closed);
  std::string text;
  kept->on_data([&](Bytes bytes) { text += text_of(bytes); });
  REQUIRE(loop.run_until([&] { return closed.has_value(); }));
  CHECK(text == "exit status");
  REQUIRE(loop.run_out());
}
