#include "uvspdy/httpstream/connection.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::IsSuccess;
using test::SpdyPair;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

/// Accepts, and sends back what comes until the end.
void echo(StreamPtr stream, StreamDecision decision) {
  stream->on_data(
      [stream](Bytes bytes) { CHECK_THAT(stream->write(Buffer::copy_of(bytes)), IsSuccess()); });
  stream->on_end([stream](const Error&) { stream->close(); });
  decision.accept();
}

}  // namespace

TEST_CASE("Connection: ping measures a round trip, on both sides, several at once") {
  TestLoop loop;
  SpdyPair pair(loop);
  test::OutsideCalls outside;
  int pongs = 0;
  outside.during([&] {
    for (const auto& connection : {pair.client.connection, pair.server.connection}) {
      for (int i = 0; i < 3; ++i) {
        connection->ping([&](Result<std::chrono::nanoseconds> round_trip) {
          CHECK(outside.holds());
          CHECK_THAT(round_trip, IsSuccess());
          if (!round_trip) return;
          CHECK(*round_trip > 0ns);
          CHECK(*round_trip < test::kDeadline);
          ++pongs;
        });
      }
    }
  });
  REQUIRE(loop.run_until([&] { return pongs == 6; }));
  REQUIRE(pair.close());
  CHECK(pongs == 6);
}

TEST_CASE("Connection: an idle one closes with kIdleTimeout, and tells its streams") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  pair.client.connection->set_idle_timeout(50ms);
  Error stream_error;
  Error connection_error;
  Error there;
  mine->on_close([&](const Error& error) { stream_error = error; });
  pair.client.connection->on_close([&](const Error& error) { connection_error = error; });
  pair.server.connection->on_close([&](const Error& error) { there = error; });
  REQUIRE(loop.run_out());
  CHECK(stream_error.code() == Errc::kIdleTimeout);
  CHECK(connection_error.code() == Errc::kIdleTimeout);
  CHECK(connection_error.message().find("50 ms") != std::string::npos);
  CHECK_THAT(there, IsSuccess());  // it was told in order
}

TEST_CASE("Connection: one that is idle from its start closes, too") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.idle_timeout = 50ms;
  SpdyPair pair(loop, options);
  Error end;
  pair.client.connection->on_close([&](const Error& error) { end = error; });
  REQUIRE(loop.run_out());
  CHECK(end.code() == Errc::kIdleTimeout);
}

TEST_CASE("Connection: an idle timeout of 0 means never") {
  TestLoop loop;
  SpdyPair pair(loop);
  pair.client.connection->set_idle_timeout(50ms);
  pair.client.connection->set_idle_timeout(0ms);
  // Time has to pass here: it is what the timeout is about.
  bool passed = false;
  net::Timer timer(loop.get(), [&] { passed = true; });
  timer.start(150ms);
  REQUIRE(loop.run_until([&] { return passed; }));
  CHECK_FALSE(pair.client.connection->is_closed());
  CHECK(pair.stream().first != nullptr);
  REQUIRE(pair.close());
}

TEST_CASE("Connection: the PING period keeps asking, and both sides go on") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.ping_period = 1ms;
  int pings = 0;
  int pongs = 0;
  SpdyPair pair(loop, options);
  pair.client.connection->on_trace([&](const session::FrameTrace& frame) {
    if (frame.data || frame.type != static_cast<std::uint16_t>(wire::FrameType::kPing)) return;
    (frame.direction == session::FrameTrace::Direction::kOut ? pings : pongs)++;
  });
  REQUIRE(loop.run_until([&] { return pongs >= 5; }));
  CHECK(pings >= pongs);
  REQUIRE(pair.close());
}

TEST_CASE("Connection: 100 streams echo at once, created by both sides") {
  TestLoop loop;
  SpdyPair pair(loop);
  pair.client.on_new_stream = echo;
  pair.server.on_new_stream = echo;
  constexpr std::size_t kStreams = 100;
  constexpr std::size_t kSize = 50000;
  struct Talk {
    StreamPtr stream;
    std::string sent;
    std::string received;
    bool ended = false;
    int closed = 0;
  };
  std::vector<Talk> talks(2 * kStreams);
  int over = 0;
  for (std::size_t i = 0; i < talks.size(); ++i) {
    Talk& talk = talks[i];
    talk.sent = test::patterned_text(kSize + i, i);
    const auto& connection = i % 2 == 0 ? pair.client.connection : pair.server.connection;
    connection->create_stream({{"number", std::to_string(i)}},
                              [&talk, &over](Result<StreamPtr> stream) {
                                CHECK_THAT(stream, IsSuccess());
                                if (!stream) return;
                                talk.stream = *stream;
                                (*stream)->on_data([&talk](Bytes bytes) {
                                  CHECK_FALSE(talk.ended);
                                  talk.received += text_of(bytes);
                                });
                                (*stream)->on_end([&talk](const Error&) { talk.ended = true; });
                                (*stream)->on_close([&talk, &over](const Error& error) {
                                  CHECK_THAT(error, IsSuccess());
                                  CHECK(talk.ended);
                                  ++talk.closed;
                                  ++over;
                                });
                                CHECK_THAT((*stream)->write(Buffer(talk.sent)), IsSuccess());
                                (*stream)->close();
                              });
  }
  REQUIRE(loop.run_until([&] { return over == static_cast<int>(talks.size()); }));
  for (const Talk& talk : talks) {
    CHECK((talk.received == talk.sent));
    CHECK(talk.closed == 1);
  }
  // The side that created a stream may be over before the other.
  REQUIRE(loop.run_until([&] {
    return pair.client.connection->stats().streams == 0 &&
           pair.server.connection->stats().streams == 0;
  }));
  REQUIRE(pair.close());
}

TEST_CASE("Connection: stats count what went and what waits") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const session::Stats before = pair.client.connection->stats();
  CHECK(before.streams == 1);
  CHECK(before.queued_bytes == 0);
  CHECK_THAT(mine->write(Buffer(std::string(1000, 'x'))), IsSuccess());
  CHECK(pair.client.connection->stats().queued_bytes == 1000);
  // Nobody reads it there: it is held.
  REQUIRE(loop.run_until([&] { return pair.server.connection->stats().held_bytes == 1000; }));
  const session::Stats after = pair.client.connection->stats();
  CHECK(after.queued_bytes == 0);
  CHECK(after.bytes_sent == before.bytes_sent + 1000 + wire::kFrameHeadSize);
  CHECK(after.frames_sent == before.frames_sent + 1);
  its->reader().discard();
  REQUIRE(loop.run_until([&] { return pair.server.connection->stats().held_bytes == 0; }));
  const session::Stats there = pair.server.connection->stats();
  CHECK(there.bytes_received == after.bytes_sent);
  CHECK(there.frames_received == after.frames_sent);
  REQUIRE(pair.close());
}
