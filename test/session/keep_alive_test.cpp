// Options::ping_timeout: a peer that has gone without a word.

#include <algorithm>
#include <chrono>

#include "support/mentions.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;

session::Options pinging() {
  session::Options options = without_windows();
  options.ping_period = seconds(5);
  options.ping_timeout = seconds(12);
  return options;
}

TEST_CASE("a peer that answers nothing is given up", "[session][keep alive]") {
  SessionDriver client(Role::kClient, pinging());
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held");
  client.turn();
  client.clock.advance(seconds(5));
  client.turn();
  CHECK(client.sent() == Lines{"PING 1"});
  client.clock.advance(seconds(5));
  client.turn();
  CHECK(client.sent() == Lines{"PING 3"});
  client.clock.advance(milliseconds(6999));
  CHECK(client.told().empty());
  client.sent();
  REQUIRE(client.session.deadline());
  CHECK(*client.session.deadline() == client.clock.now() + milliseconds(1));
  client.clock.advance(milliseconds(1));
  CHECK(client.told() == Lines{"on_sent 1 kPeerDead"});  // what it has sent is delivered first
  CHECK(error_text(client.session.error()) == "kPeerDead");
  CHECK(mentions(client.session.error().message(), {"12000 ms"}));
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 'held'", "on_stream_closed 1 kPeerDead"});
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL", "GOAWAY 0 OK"});
  CHECK(client.session.finished());
}

TEST_CASE("any frame shows that the peer lives", "[session][keep alive]") {
  SessionDriver client(Role::kClient, pinging());
  const auto id = client.create_accepted();
  for (int i = 0; i < 20; ++i) {
    client.clock.advance(seconds(5));
    client.turn();
    client.sent();
    client.clock.advance(seconds(5));
    client.receive_data(id, "x");
    client.turn();
    CHECK(client.session.is_open());
  }
  client.clock.advance(seconds(12));
  client.turn();
  CHECK(error_text(client.session.error()) == "kPeerDead");
}

TEST_CASE("a peer without flow control gets no PING while its data comes",
          "[session][keep alive]") {
  SessionDriver client(Role::kClient, pinging());
  const auto id = client.create_accepted();
  client.turn();
  for (int i = 0; i < 20; ++i) {
    client.clock.advance(seconds(3));
    client.receive_data(id, "x");
    client.turn();
    CHECK(client.sent().empty());
  }
  client.clock.advance(seconds(9));
  client.turn();
  CHECK(client.sent() == Lines{"PING 1"});
}

TEST_CASE("nor while its data waits to be read", "[session][keep alive]") {
  session::Options options = pinging();
  options.limits.stream_buffer = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "more than ten bytes");
  REQUIRE_FALSE(client.session.wants_input());
  client.clock.advance(seconds(20));
  client.turn();
  CHECK(client.sent().empty());
  client.session.resume(id);
  client.turn();
  client.clock.advance(seconds(5));
  client.turn();
  CHECK(client.sent() == Lines{"PING 1"});
}

TEST_CASE("a server sends its PINGs all the same: how else would it hear that the client is gone",
          "[session][keep alive]") {
  session::Options options = pinging();
  options.limits.stream_buffer = 10;
  SessionDriver server(Role::kServer, options);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  REQUIRE_THAT(server.session.reply(1, {}), IsSuccess());
  server.turn();
  server.sent();
  for (int ping = 2; ping < 20; ping += 2) {
    server.clock.advance(seconds(5));
    server.receive_data(1, "x");
    server.turn();
    CHECK(server.sent() == Lines{"PING " + std::to_string(ping)});
  }
  server.session.pause(1);
  server.receive_data(1, "more than ten bytes");
  REQUIRE_FALSE(server.session.wants_input());
  server.clock.advance(seconds(5));
  server.turn();
  CHECK(server.sent() == Lines{"PING 20"});
}

TEST_CASE("an answer is enough, and measures the round trip", "[session][keep alive]") {
  SessionDriver client(Role::kClient, pinging());
  client.turn();
  std::uint32_t ping = 1;
  for (int i = 0; i < 20; ++i) {
    client.clock.advance(seconds(5));
    client.turn();
    CHECK(client.sent() == Lines{"PING " + std::to_string(ping)});
    client.clock.advance(milliseconds(i));
    client.receive(wire::PingFrame{ping});
    CHECK(client.session.stats().round_trip == milliseconds(i));
    client.clock.advance(-milliseconds(i));
    ping += 2;
  }
  CHECK(client.told().empty());  // nobody asked
  CHECK(client.session.is_open());
}

TEST_CASE("time in which we do not read does not count", "[session][keep alive]") {
  session::Options options = pinging();
  options.limits.stream_buffer = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.turn();
  client.clock.advance(seconds(5));
  client.turn();
  client.session.pause(id);
  client.receive_data(id, "more than ten bytes");
  REQUIRE_FALSE(client.session.wants_input());
  for (int i = 0; i < 10; ++i) {
    client.clock.advance(seconds(10));
    client.turn();
    client.sent();
    CHECK(client.session.is_open());
  }
  client.session.resume(id);
  client.turn();
  client.clock.advance(seconds(11));
  client.turn();
  CHECK(client.session.is_open());
  client.clock.advance(seconds(1));
  client.turn();
  CHECK(error_text(client.session.error()) == "kPeerDead");
}

TEST_CASE("without a ping_timeout silence lasts", "[session][keep alive]") {
  session::Options options = pinging();
  options.ping_timeout = seconds(0);
  SessionDriver client(Role::kClient, options);
  client.turn();
  for (int i = 0; i < 1000; ++i) {
    client.clock.advance(seconds(5));
    client.turn();
    client.sent();
  }
  CHECK(client.session.is_open());
}

TEST_CASE("a client that has not spoken yet is not taken for dead", "[session][keep alive]") {
  session::Options options = without_windows();
  options.ping_period = seconds(5);
  options.ping_timeout = seconds(12);
  options.wait_for_client = true;
  SessionDriver server(Role::kServer, options);
  for (int i = 0; i < 100; ++i) {
    server.clock.advance(seconds(1));
    CHECK(server.told().empty());
    CHECK(server.sent().empty());
  }
  CHECK(server.session.is_open());
  CHECK_FALSE(server.session.deadline());

  // With its first frame the periods begin.
  server.receive(wire::PingFrame{1});
  server.turn();
  CHECK(server.sent() == Lines{"PING 1"});
  server.clock.advance(seconds(5));
  server.turn();
  CHECK(server.sent() == Lines{"PING 2"});
  server.clock.advance(milliseconds(11999));
  server.turn();
  CHECK(server.session.is_open());
  server.clock.advance(milliseconds(1));
  server.turn();
  CHECK(error_text(server.session.error()) == "kPeerDead");
}

TEST_CASE("PINGs do not pile up while none leaves", "[session][keep alive]") {
  session::Options options = without_windows();
  options.ping_period = seconds(5);
  SessionDriver client(Role::kClient, options);
  for (int i = 0; i < 1000; ++i) {
    client.turn();
    client.clock.advance(seconds(5));
  }
  CHECK(client.sent() == Lines{"PING 1"});
  client.turn();
  CHECK(client.sent() == Lines{"PING 3"});
}

// The transport takes `most` bytes of what there is.
void take(SessionDriver& driver, std::size_t most) {
  std::size_t size = 0;
  for (const Bytes span : driver.session.output()) size += span.size();
  driver.output_sent(std::min(size, most));
}

TEST_CASE("a peer that is slow to take what we send is not taken for dead",
          "[session][keep alive]") {
  SessionDriver client(Role::kClient, pinging());
  const auto id = client.create_accepted();
  client.turn();
  client.write(id, patterned_text(100000));
  SECTION("the PING stands behind what the peer takes slowly") {
    for (int i = 0; i < 100; ++i) {
      take(client, 500);
      client.clock.advance(seconds(5));
      client.turn();
      REQUIRE(client.session.is_open());
    }
    // Its time begins when it has left.
    while (client.session.has_output()) take(client, 100000);
    client.clock.advance(milliseconds(11999));
    client.turn();
    CHECK(client.session.is_open());
    client.clock.advance(milliseconds(1));
    client.turn();
    CHECK(error_text(client.session.error()) == "kPeerDead");
  }
  SECTION("behind the PING comes more than the peer takes at once") {
    client.sent();
    client.clock.advance(seconds(5));
    client.turn();
    CHECK(client.sent() == Lines{"PING 1"});
    client.write(id, patterned_text(100000));
    take(client, 1);
    for (int i = 0; i < 100; ++i) {
      client.clock.advance(seconds(5));
      client.turn();
      take(client, 1);
      REQUIRE(client.session.is_open());
    }
    // It may take nothing at all: the system knows whether it is there.
    REQUIRE(client.session.deadline());
    client.clock.advance(std::chrono::hours(1));
    client.turn();
    CHECK(client.session.is_open());
    CHECK(client.session.deadline() > client.clock.now());
  }
}

TEST_CASE("data that waits for a window hides no dead peer", "[session][keep alive]") {
  session::Options options = pinging();
  options.flow_control = session::FlowControl::kStandard;
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = client.create_accepted();
  client.write(id, patterned_text(70000));
  client.sent();
  client.clock.advance(seconds(5));
  client.turn();
  client.sent();
  client.clock.advance(seconds(12));
  client.turn();
  CHECK(error_text(client.session.error()) == "kPeerDead");
}

TEST_CASE("nor is one slow that has not had the opening: its writers are not failed",
          "[session][keep alive]") {
  session::Options options;
  options.flow_control = session::FlowControl::kAutomatic;
  options.flow_control_timeout = seconds(30);
  SessionDriver client(Role::kClient, options);
  const auto id = client.create();
  client.turn();
  client.sent();
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.told();
  client.write(id, patterned_text(70000));
  for (int i = 0; i < 100; ++i) {
    take(client, 100);
    client.clock.advance(seconds(5));
    client.turn();
    REQUIRE(client.told().empty());
  }
  while (client.session.has_output()) take(client, 100000);
  client.clock.advance(seconds(30));
  CHECK(client.told() == Lines{"on_stream_closed 1 kFlowControlUnknown"});
}

}  // namespace
}  // namespace uvspdy::test
