// How a connection ends in order: close, abort, the peer's GOAWAY, the peer's end.

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/half_pair.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::FrameReader;
using test::HalfPair;
using test::IsSuccess;
using test::Lines;
using test::SpdyPair;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

/// What the last handlers of streams and connections were told, in order.
struct Ends {
  std::vector<std::string> order;
  std::vector<Error> errors;

  void watch(const std::shared_ptr<Stream>& stream, const std::string& name) {
    stream->on_close([this, name](const Error& error) { add(name, error); });
  }
  void watch(const std::shared_ptr<Connection>& connection, const std::string& name) {
    connection->on_close([this, name](const Error& error) { add(name, error); });
  }
  /// The error that `name` was told, once.
  Error of(const std::string& name) const {
    CHECK(std::count(order.begin(), order.end(), name) == 1);
    const auto found = std::find(order.begin(), order.end(), name);
    if (found == order.end()) return {};
    return errors[static_cast<std::size_t>(found - order.begin())];
  }

 private:
  void add(const std::string& name, const Error& error) {
    order.push_back(name);
    errors.push_back(error);
  }
};

}  // namespace

TEST_CASE("Connection: close tells every stream, then the connection, and the other side") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const auto [second, second_there] = pair.stream(pair.server);
  Ends here;
  Ends there;
  here.watch(mine, "mine");
  here.watch(second_there, "second");
  here.watch(pair.client.connection, "connection");
  there.watch(its, "its");
  there.watch(second, "second");
  there.watch(pair.server.connection, "connection");

  pair.client.connection->close();
  CHECK(here.order.empty());  // not inside the call
  CHECK_FALSE(pair.client.connection->is_closed());
  pair.client.connection->close();  // harmless
  REQUIRE(loop.run_out());

  CHECK(here.of("mine").code() == Errc::kConnectionClosed);
  CHECK(here.of("second").code() == Errc::kConnectionClosed);
  CHECK_THAT(here.of("connection"), IsSuccess());
  CHECK(here.order.back() == "connection");
  CHECK(pair.client.connection->is_closed());
  CHECK(mine->is_closed());
  // As Go does it: a reset for each stream, then GOAWAY.
  CHECK(there.of("its").code() == Errc::kStreamReset);
  CHECK(there.of("second").code() == Errc::kStreamReset);
  CHECK_THAT(there.of("connection"), IsSuccess());
  CHECK(there.order.back() == "connection");
  pair.client.connection->close();
  pair.client.connection->abort();
  REQUIRE(loop.run_out());
  CHECK(here.order.size() == 3);
}

TEST_CASE("Connection: close lets out what was written, then the resets, GOAWAY last") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const std::vector<StreamPtr> streams = {half.stream(1), half.stream(3), half.stream(5)};
  // More than the kernel takes at once, on two streams; the third has nothing to say. One has
  // half-closed: its end is a FIN.
  const std::string large = test::patterned_text(5 * 1000 * 1000);
  half.peer->stop_reading();
  CHECK_THAT(streams[0]->write(Buffer(large)), IsSuccess());
  CHECK_THAT(streams[1]->write(Buffer(large)), IsSuccess());
  streams[1]->close();
  half.connection->close();
  CHECK(streams[0]->write(Buffer::copy_of("too late")).code() == Errc::kStreamClosed);
  loop.run_turns(10);
  half.peer->start_reading();
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  CHECK_THAT(half.peer->end(), IsSuccess());

  FrameReader reader;
  const Lines frames = reader.read(bytes_of(half.peer->received()));
  CHECK((reader.payload(1) == large));
  CHECK((reader.payload(3) == large));
  CHECK(reader.payload(5).empty());
  REQUIRE_FALSE(frames.empty());
  CHECK(frames.back() == "GOAWAY 0 OK");
  const auto place = [&frames](const std::string& line) {
    CHECK(std::count(frames.begin(), frames.end(), line) == 1);
    return std::find(frames.begin(), frames.end(), line) - frames.begin();
  };
  const auto last_data = std::find_if(frames.rbegin(), frames.rend(), [](const std::string& line) {
    return line.starts_with("DATA 1 ");
  });
  CHECK(place("RST_STREAM 1 CANCEL") > frames.rend() - last_data - 1);
  CHECK(place("RST_STREAM 5 CANCEL") >= 0);
  CHECK(std::count_if(frames.begin(), frames.end(), [](const std::string& line) {
          return line.starts_with("DATA 3 ") && line.ends_with(" FIN");
        }) == 1);
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: close gives up on a peer that does not take the rest") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.close_timeout = 100ms;
  options.slow_reader_timeout = 300ms;
  HalfPair half(loop, session::Role::kClient, options);
  const StreamPtr stream = half.stream();
  half.peer->stop_reading();
  Ends ends;
  ends.watch(stream, "stream");
  ends.watch(half.connection, "connection");
  CHECK_THAT(stream->write(Buffer(std::string(64 * 1024 * 1024, 'x'))), IsSuccess());
  half.connection->close();
  REQUIRE(loop.run_until([&] { return half.connection->is_closed(); }));
  CHECK(ends.of("stream").code() == Errc::kConnectionClosed);
  CHECK_THAT(ends.of("connection"), IsSuccess());
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: close gives a slow reader longer, and loses nothing of what is on its way") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.close_timeout = 10ms;
  HalfPair half(loop, session::Role::kClient, options);
  const StreamPtr stream = half.stream();
  half.peer->stop_reading();
  const std::string large = test::patterned_text(20 * 1000 * 1000);
  CHECK_THAT(stream->write(Buffer(large)), IsSuccess());
  half.connection->close();
  // Several times the close_timeout, which is about a peer that needs nothing more from us.
  bool passed = false;
  net::Timer pause(loop.get(), [&] { passed = true; });
  pause.start(100ms);
  REQUIRE(loop.run_until([&] { return passed; }));
  CHECK_FALSE(half.connection->is_closed());
  half.peer->start_reading();
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  CHECK_THAT(half.peer->end(), IsSuccess());
  FrameReader reader;
  CHECK(reader.read(bytes_of(half.peer->received())).back() == "GOAWAY 0 OK");
  CHECK((reader.payload(1) == large));
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: close waits for the peer's end, and no longer than close_timeout") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  const bool peer_closes = GENERATE(true, false);
  if (!peer_closes) options.close_timeout = 100ms;
  HalfPair half(loop, session::Role::kClient, options);
  Ends ends;
  ends.watch(half.connection, "connection");
  half.connection->close();
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  CHECK(half.frames() == Lines{"GOAWAY 0 OK"});
  CHECK(ends.order.empty());  // the sending side is shut down, the peer's end is awaited
  // What still comes is thrown away, and does not become a reset that destroys what was sent.
  half.peer->send(half.writer.bytes(wire::PingFrame{2}));
  if (peer_closes) half.peer->shut_down();
  REQUIRE(loop.run_until([&] { return half.connection->is_closed(); }));
  CHECK_THAT(ends.of("connection"), IsSuccess());
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: abort ends at once, with success here and a loss there") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  Ends here;
  Ends there;
  here.watch(mine, "stream");
  here.watch(pair.client.connection, "connection");
  there.watch(its, "stream");
  there.watch(pair.server.connection, "connection");
  CHECK_THAT(mine->write(Buffer(std::string(64 * 1024 * 1024, 'x'))), IsSuccess());
  pair.client.connection->abort();
  pair.client.connection->abort();
  CHECK(here.order.empty());
  REQUIRE(loop.run_out());
  CHECK(here.of("stream").code() == Errc::kConnectionClosed);
  CHECK_THAT(here.of("connection"), IsSuccess());
  CHECK(here.order.back() == "connection");
  CHECK(there.of("stream").code() == Errc::kConnectionLost);
  CHECK(there.of("connection").code() == Errc::kConnectionLost);
  CHECK(there.order.back() == "connection");
}

TEST_CASE("Connection: abort does not wait for the peer, also when close does") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const bool closing = GENERATE(false, true);
  if (closing) {
    half.connection->close();
    REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  }
  half.connection->abort();
  REQUIRE(loop.run_until([&] { return half.connection->is_closed() && half.peer->ended(); }));
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a PING that this side's end leaves unanswered hears what streams hear") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  std::optional<std::error_code> ping;
  half.connection->ping([&](Result<std::chrono::nanoseconds> pong) {
    ping = pong ? std::error_code() : pong.error().code();
  });
  loop.run_turns(5);
  SECTION("close") { half.connection->close(); }
  SECTION("abort") { half.connection->abort(); }
  SECTION("shutdown") { half.connection->shutdown(); }
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  half.peer->close();
  REQUIRE(loop.run_out());
  REQUIRE(ping);
  CHECK(*ping == Errc::kConnectionClosed);
}

TEST_CASE("Connection: on_goaway that is set late hears of the peer's GOAWAY from the loop") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr stream = half.stream();
  half.send(wire::GoAwayFrame{.last_good_stream_id = 1});
  std::optional<std::error_code> refused;
  const auto has_come = [&] {
    half.connection->create_stream({}, [&](Result<StreamPtr> created) {
      CHECK_FALSE(created);
      if (!created) refused = created.error().code();
    });
    return refused == Errc::kGoneAway;
  };
  REQUIRE(loop.run_until(has_come));
  const bool over = GENERATE(false, true);
  if (over) {
    half.connection->abort();
    REQUIRE(loop.run_until([&] { return half.connection->is_closed(); }));
  }
  test::OutsideCalls outside;
  int told = 0;
  outside.during([&] {
    half.connection->on_goaway([](const wire::GoAwayFrame&) { FAIL_CHECK("it was replaced"); });
    half.connection->on_goaway([&](const wire::GoAwayFrame& frame) {
      CHECK(outside.holds());
      CHECK(frame.last_good_stream_id == 1);
      ++told;
    });
  });
  CHECK(told == 0);
  REQUIRE(loop.run_until([&] { return told > 0; }));
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK(told == 1);
}

TEST_CASE("Connection: the peer's end without a stream open is an orderly one") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kServer);
  Ends ends;
  ends.watch(half.connection, "connection");
  SECTION("the bare end") { half.peer->close(); }
  SECTION("behind a GOAWAY") {
    half.send(wire::GoAwayFrame{});
    half.peer->shut_down();
  }
  SECTION("a GOAWAY alone: this side ends the connection") {
    half.send(wire::GoAwayFrame{});
    REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
    CHECK(half.frames() == Lines{"GOAWAY 0 OK"});
    half.peer->close();
  }
  REQUIRE(loop.run_until([&] { return half.connection->is_closed(); }));
  CHECK_THAT(ends.of("connection"), IsSuccess());
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: behind the peer's GOAWAY the streams that are open go on to their end") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  StreamPtr open;
  std::optional<Error> unanswered;
  Ends ends;
  ends.watch(half.connection, "connection");
  half.connection->create_stream({}, [&](Result<StreamPtr> stream) {
    CHECK_THAT(stream, IsSuccess());
    if (stream) open = *stream;
  });
  half.connection->create_stream(
      {}, [&](Result<StreamPtr> stream) { unanswered = stream ? Error() : stream.error(); });
  half.send(wire::SynReplyFrame{.stream_id = 1});
  half.send(wire::GoAwayFrame{.last_good_stream_id = 1});
  REQUIRE(loop.run_until([&] { return open && unanswered.has_value(); }));
  CHECK(unanswered->code() == Errc::kGoneAway);  // safe to retry elsewhere

  std::optional<Error> late;
  half.connection->create_stream(
      {}, [&](Result<StreamPtr> stream) { late = stream ? Error() : stream.error(); });
  CHECK_FALSE(late.has_value());
  std::string received;
  open->on_data([&](Bytes bytes) { received += text_of(bytes); });
  ends.watch(open, "stream");
  CHECK_THAT(open->write(Buffer::copy_of("still open")), IsSuccess());
  open->close();
  half.peer->send(half.writer.data(1, "so it is", true));
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  REQUIRE(late.has_value());
  CHECK(late->code() == Errc::kGoneAway);
  CHECK(received == "so it is");
  CHECK_THAT(ends.of("stream"), IsSuccess());
  const Lines frames = half.frames();
  CHECK(std::count(frames.begin(), frames.end(), "DATA 1 'still open' FIN") == 1);
  CHECK(frames.back() == "GOAWAY 0 OK");
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK_THAT(ends.of("connection"), IsSuccess());
}

TEST_CASE("Connection: what the peer sent before its GOAWAY and its end is delivered first") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  std::vector<std::string> told;
  StreamPtr stream;
  half.connection->create_stream({}, [&](Result<StreamPtr> created) {
    CHECK_THAT(created, IsSuccess());
    if (!created) return;
    stream = *created;
    stream->on_data([&](Bytes bytes) { told.push_back("data " + std::string(text_of(bytes))); });
    stream->on_end([&](const Error& error) {
      told.push_back(error.code() == Errc::kStreamReset ? "end by reset" : "end");
    });
    stream->on_close([&](const Error& error) {
      told.push_back(error.code() == Errc::kStreamReset ? "reset" : "closed");
    });
  });
  half.connection->on_close([&](const Error&) { told.push_back("connection"); });
  // As Kubernetes servers end: all at once, right behind the last data.
  std::string all(text_of(half.writer.bytes(wire::SynReplyFrame{.stream_id = 1})));
  all += text_of(half.writer.data(1, "last words"));
  all += text_of(
      half.writer.bytes(wire::RstStreamFrame{.stream_id = 1, .status = wire::RstStatus::kCancel}));
  all += text_of(half.writer.bytes(wire::GoAwayFrame{.last_good_stream_id = 1}));
  half.peer->send(all);
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK(told == std::vector<std::string>{"data last words", "end by reset", "reset", "connection"});
}

TEST_CASE("Connection: dropped by the caller it goes on, and is freed when it has closed") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  std::string received;
  mine->on_data([&](Bytes bytes) { received += text_of(bytes); });
  int closed = 0;
  pair.client.connection->on_close([&](const Error&) { ++closed; });
  const std::weak_ptr<Connection> weak = pair.client.connection;
  pair.client.connection.reset();
  REQUIRE_FALSE(weak.expired());
  CHECK_THAT(its->write(Buffer::copy_of("are you there?")), IsSuccess());
  REQUIRE(loop.run_until([&] { return received == "are you there?"; }));
  CHECK_FALSE(weak.expired());
  pair.server.connection->close();
  REQUIRE(loop.run_out());
  CHECK(weak.expired());
  CHECK(closed == 1);
}

TEST_CASE("Connection: removed streams are left out when close resets the others") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const std::vector<StreamPtr> streams = {half.stream(1), half.stream(3)};
  Ends ends;
  ends.watch(streams[0], "removed");
  ends.watch(streams[1], "other");
  half.connection->remove_streams(std::span(streams).first(1));
  half.connection->close();
  REQUIRE(loop.run_until([&] { return half.peer->ended(); }));
  CHECK(half.frames() ==
        Lines{"SYN_STREAM 1 {}", "SYN_STREAM 3 {}", "RST_STREAM 3 CANCEL", "GOAWAY 0 OK"});
  half.peer->close();
  REQUIRE(loop.run_out());
  // Both are over all the same.
  CHECK(ends.of("removed").code() == Errc::kConnectionClosed);
  CHECK(ends.of("other").code() == Errc::kConnectionClosed);
}

TEST_CASE("Connection: streams of another connection, and closed ones, may be removed too") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const std::vector<StreamPtr> foreign = {its};
  pair.client.connection->remove_streams(foreign);
  Ends ends;
  ends.watch(its, "stream");
  REQUIRE(pair.close());
  CHECK(ends.of("stream").code() == Errc::kStreamReset);  // it was not left out
  const std::vector<StreamPtr> closed = {mine};
  pair.client.connection->remove_streams(closed);
}
