// The end of the transport.

#include <algorithm>

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

TEST_CASE("the transport's end loses every open stream", "[session][lost]") {
  SessionDriver client(Role::kClient);
  const auto open = client.create_accepted();
  const auto half = client.create_accepted();
  client.create();
  client.receive_data(half, "all", true);
  client.told();
  client.write(open, "never sent");

  client.receive_end();
  CHECK_FALSE(client.session.is_open());
  CHECK(client.session.finished());
  CHECK(client.session.output().empty());
  Lines told = client.told();
  std::sort(told.begin(), told.end());
  CHECK(told == Lines{"on_stream_closed 1 kConnectionLost", "on_stream_closed 3 kConnectionLost",
                      "on_stream_closed 5 kConnectionLost"});
  CHECK_THAT(client.session.error(), IsSuccess());
  CHECK(client.session.stats().queued_bytes == 0);

  const auto id = client.session.create_stream({}, {}, client.clock.now());
  REQUIRE_FALSE(id);
  CHECK(error_text(id.error()) == "kConnectionClosed");
  client.receive_end();
  client.receive(wire::SynStreamFrame{.stream_id = 2});
  CHECK(client.told().empty());
}

TEST_CASE("the text says how the transport ended", "[session][lost]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  SECTION("with an error") {
    client.receive_end(Error(std::make_error_code(std::errc::connection_reset), "reset by peer"));
    client.turn();
    CHECK(client.handler.closed_message().find("reset by peer") != std::string::npos);
  }
  SECTION("in order") {
    client.receive_end();
    client.turn();
    CHECK(client.handler.closed_message().find("closed the connection") != std::string::npos);
  }
  SECTION("inside a frame") {
    const std::vector<std::uint8_t> frame = client.peer.data(id, "cut off");
    client.receive_bytes(Bytes(frame).first(10));
    client.receive_end();
    client.turn();
    CHECK(client.handler.closed_message().find("inside a frame") != std::string::npos);
  }
}

TEST_CASE("what was received is given before the loss is told", "[session][lost]") {
  SessionDriver client(Role::kClient);
  const auto paused = client.create_accepted();
  const auto resumed = client.create_accepted();
  client.session.pause(paused);
  client.session.pause(resumed);
  client.receive_data(paused, "for later");
  client.receive_data(resumed, "for now", true);
  client.session.resume(resumed);
  client.receive_end();
  CHECK(client.told() == Lines{"on_sent 3 kConnectionLost", "on_data 3 'for now'",
                               "on_received 3 ok", "on_stream_closed 3 kConnectionLost",
                               "on_sent 1 kConnectionLost"});
  CHECK(client.session.stream_count() == 1);
  client.session.resume(paused);
  CHECK(client.told() == Lines{"on_data 1 'for later'", "on_stream_closed 1 kConnectionLost"});
  CHECK(client.session.stream_count() == 0);
}

TEST_CASE("a stream that was done before the end is done well", "[session][lost]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.end(id);
  client.sent();
  client.receive_data(id, "all", true);
  client.receive_end();
  CHECK(client.told() ==
        Lines{"on_data 1 'all'", "on_received 1 ok", "on_sent 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("the end of a transport behind close tells nothing new", "[session][lost]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(1000));
  client.session.close(wire::GoAwayStatus::kOk);
  const bool told_between = GENERATE(false, true);
  if (told_between) client.turn();
  client.receive_end();
  CHECK(client.told() == Lines{"on_stream_closed 1 kConnectionClosed"});
  CHECK(client.session.stream_count() == 0);
  CHECK(client.session.finished());
}

}  // namespace
}  // namespace uvspdy::test
