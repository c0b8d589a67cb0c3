// A peer that is there and says nothing: PINGs find out.

#include <uv.h>

#include <chrono>
#include <string>

#include "support/catch.h"
#include "support/half_pair.h"
#include "support/test_loop.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;
using test::HalfPair;
using test::IsSuccess;
using test::TestLoop;

TEST_CASE("Connection: a peer that answers no PING is given up at once when ping_timeout is over") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.ping_period = 10ms;
  options.session.ping_timeout = 50ms;
  HalfPair half(loop, session::Role::kClient, options);
  const auto stream = half.stream();
  half.peer->stop_reading();
  // What the kernel holds for it is not waited for; what it does not take would be.
  CHECK_THAT(stream->write(Buffer(std::string(10 * 1000, 'x'))), IsSuccess());
  Error stream_end;
  Error end;
  bool closed = false;
  stream->on_close([&](const Error& error) { stream_end = error; });
  half.connection->on_close([&](const Error& error) {
    end = error;
    closed = true;
  });
  REQUIRE(loop.run_until([&] { return closed; }));
  CHECK(end.code() == session::Errc::kPeerDead);
  CHECK(end.message().find("50 ms") != std::string::npos);
  CHECK(stream_end.code() == session::Errc::kPeerDead);
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a peer that answers PINGs lives") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.ping_period = 5ms;
  options.session.ping_timeout = 1min;
  HalfPair half(loop, session::Role::kClient, options);
  bool closed = false;
  half.connection->on_close([&](const Error&) { closed = true; });
  for (std::size_t answered = 0; answered < 20; ++answered) {
    REQUIRE(loop.run_until([&] { return half.frames().size() > answered; }));
    CHECK(half.frames()[answered] == "PING " + std::to_string(2 * answered + 1));
    half.send(wire::PingFrame{static_cast<std::uint32_t>(2 * answered + 1)});
  }
  CHECK_FALSE(closed);
  REQUIRE(loop.run_until([&] { return half.connection->stats().round_trip.has_value(); }));
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK(closed);
}
