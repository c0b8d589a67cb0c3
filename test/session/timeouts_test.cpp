// Deadlines: a SYN_REPLY that does not come, idle connections, the PING period.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a session that waits for nothing has no deadline", "[session][timeouts]") {
  SessionDriver client(Role::kClient);
  CHECK_FALSE(client.session.deadline());
  const auto id = client.create_accepted();
  client.write(id, "data");
  client.receive_data(id, "data");
  client.sent();
  client.session.advance(client.clock.now());  // forgets streams that no longer wait
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("a stream without a SYN_REPLY is given up after create_timeout", "[session][timeouts]") {
  SessionDriver client(
      Role::kClient, {.flow_control = session::FlowControl::kNone, .create_timeout = seconds(30)});
  const auto start = client.clock.now();
  const auto first = client.create();
  client.clock.advance(seconds(10));
  const auto second = client.create();
  CHECK(client.session.deadline() == start + seconds(30));
  client.sent();

  client.clock.advance(seconds(20) - milliseconds(1));
  CHECK(client.told().empty());
  client.clock.advance(milliseconds(1));
  CHECK(client.told() == Lines{"on_stream_closed 1 kCreateTimeout"});
  CHECK(client.handler.closed_message().find("30000 ms") != std::string::npos);
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  CHECK(client.session.deadline() == start + seconds(40));

  // Too late for one, in time for the other.
  client.receive(wire::SynReplyFrame{.stream_id = first});
  client.receive(wire::SynReplyFrame{.stream_id = second});
  CHECK(client.told() == Lines{"on_reply 3 {}"});
  client.clock.advance(seconds(100));
  CHECK(client.told().empty());
  CHECK(client.sent().empty());
}

TEST_CASE("create_timeout 0 waits for ever", "[session][timeouts]") {
  SessionDriver client(Role::kClient, {.flow_control = session::FlowControl::kNone,
                                       .create_timeout = milliseconds(0)});
  client.create();
  CHECK_FALSE(client.session.deadline());
  client.clock.advance(std::chrono::hours(24));
  CHECK(client.told().empty());
}

TEST_CASE("unidirectional streams wait for no SYN_REPLY", "[session][timeouts]") {
  SessionDriver client(Role::kClient);
  client.create({}, {.unidirectional = true});
  client.sent();
  CHECK(client.told() == Lines{"on_received 1 ok"});
  client.clock.advance(seconds(100));
  CHECK(client.told().empty());
}

TEST_CASE("there is no deadline left of streams that no longer wait", "[session][timeouts]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.sent();
  REQUIRE(client.session.deadline());
  SECTION("replied to") { client.receive(wire::SynReplyFrame{.stream_id = id}); }
  SECTION("refused") { client.receive(wire::RstStreamFrame{id, wire::RstStatus::kCancel}); }
  SECTION("given up") { client.session.reset(id, wire::RstStatus::kCancel); }
  SECTION("closed with the connection") { client.session.close(wire::GoAwayStatus::kOk); }
  SECTION("lost") { client.receive_end(); }
  client.sent();
  client.session.advance(client.clock.now());
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("an idle connection is closed", "[session][timeouts]") {
  SessionDriver server(Role::kServer,
                       {.flow_control = session::FlowControl::kNone, .idle_timeout = seconds(60)});
  server.accept({.stream_id = 1});
  server.clock.advance(seconds(60) - milliseconds(1));
  CHECK(server.told().empty());
  REQUIRE(server.session.deadline());
  CHECK(*server.session.deadline() == server.clock.now() + milliseconds(1));
  server.clock.advance(milliseconds(1));
  CHECK(server.told() == Lines{"on_stream_closed 1 kIdleTimeout"});
  CHECK_FALSE(server.session.is_open());
  CHECK(error_text(server.session.error()) == "kIdleTimeout");
  CHECK(server.session.error().message().find("60000 ms") != std::string::npos);
  CHECK(server.sent() == Lines{"RST_STREAM 1 CANCEL", "GOAWAY 1 OK"});
  CHECK(server.session.finished());
  CHECK_FALSE(server.session.deadline());
}

TEST_CASE("the idle time starts with the first advance", "[session][timeouts]") {
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .idle_timeout = seconds(60)});
  CHECK(client.told().empty());
  CHECK(client.session.deadline() == client.clock.now() + seconds(60));
}

TEST_CASE("a frame in either direction ends the idle time", "[session][timeouts]") {
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .idle_timeout = seconds(60)});
  const auto id = client.create_accepted();
  const int way = GENERATE(0, 1, 2);
  for (int i = 0; i < 10; ++i) {
    client.clock.advance(seconds(59));
    client.session.advance(client.clock.now());  // as a loop may do in every turn
    CHECK(client.session.is_open());
    if (way == 0) client.receive_data(id, "x");
    if (way == 1) client.receive(wire::WindowUpdateFrame{0, 1});
    if (way == 2) {
      client.write(id, "x");
      CHECK(client.sent() == Lines{"DATA 1 'x'"});
    }
  }
  client.turn();
  CHECK(client.session.deadline() == client.clock.now() + seconds(60));
  client.clock.advance(seconds(60));
  client.turn();
  CHECK_FALSE(client.session.is_open());
}

TEST_CASE("a frame that leaves between two deadlines ends the idle time", "[session][timeouts]") {
  // A loop that calls advance at deadline() only, as the header has it.
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .idle_timeout = seconds(60)});
  const auto id = client.create_accepted();
  client.clock.advance(seconds(59));
  client.turn();
  client.write(id, "x");
  CHECK(client.sent() == Lines{"DATA 1 'x'"});
  client.clock.advance(seconds(1));
  CHECK(client.told().empty());
  CHECK(client.session.is_open());
}

TEST_CASE("our own periodic PINGs do not end the idle time, the peer's do", "[session][timeouts]") {
  SessionDriver server(Role::kServer, {.flow_control = session::FlowControl::kNone,
                                       .idle_timeout = seconds(60),
                                       .ping_period = seconds(25)});
  server.accept({.stream_id = 1});
  server.clock.advance(seconds(25));
  CHECK(server.told().empty());
  CHECK(server.sent() == Lines{"PING 2"});
  server.receive(wire::PingFrame{2});
  server.clock.advance(seconds(25));
  CHECK(server.told().empty());
  SECTION("nothing else") {
    CHECK(server.sent() == Lines{"PING 4"});
    server.receive(wire::PingFrame{4});
    server.clock.advance(seconds(10) - milliseconds(1));
    CHECK(server.told().empty());
    server.clock.advance(milliseconds(1));
    CHECK(server.told() == Lines{"on_stream_closed 1 kIdleTimeout"});
    return;
  }
  SECTION("a PING of the peer's") {
    CHECK(server.sent() == Lines{"PING 4"});
    server.receive(wire::PingFrame{1});
    CHECK(server.sent() == Lines{"PING 1"});
  }
  SECTION("data in one batch with a PING") {
    server.write(1, "x");
    CHECK(server.sent() == Lines{"PING 4", "DATA 1 'x'"});
  }
  SECTION("an answer in one batch with a PING") {
    server.receive(wire::PingFrame{1});
    CHECK(server.sent() == Lines{"PING 1", "PING 4"});
  }
  server.clock.advance(seconds(10));
  CHECK(server.told().empty());
  CHECK(server.session.is_open());
}

TEST_CASE("what waits in a queue is no frame", "[session][timeouts]") {
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .idle_timeout = seconds(60)});
  const auto id = client.create_accepted();
  client.clock.advance(seconds(59));
  client.turn();
  client.write(id, "not taken by the transport");
  client.clock.advance(seconds(1));
  CHECK(client.told() == Lines{"on_stream_closed 1 kIdleTimeout"});
}

TEST_CASE("the idle timeout can be set on the way", "[session][timeouts]") {
  SessionDriver client(Role::kClient);
  client.turn();
  client.clock.advance(seconds(1000));
  client.session.set_idle_timeout(seconds(5), client.clock.now());
  CHECK(client.session.deadline() == client.clock.now() + seconds(5));
  client.clock.advance(seconds(4));
  client.turn();
  client.session.set_idle_timeout(milliseconds(0), client.clock.now());
  client.clock.advance(seconds(1000));
  client.turn();
  CHECK_FALSE(client.session.deadline());
  CHECK(client.session.is_open());
  client.session.set_idle_timeout(seconds(5), client.clock.now());
  client.clock.advance(seconds(5));
  client.turn();
  CHECK(error_text(client.session.error()) == "kIdleTimeout");
}

TEST_CASE("a PING leaves once a period", "[session][timeouts]") {
  const Role role = GENERATE(Role::kClient, Role::kServer);
  const std::uint32_t first = role == Role::kClient ? 1 : 2;
  SessionDriver driver(role, {.flow_control = session::FlowControl::kNone,
                              .ping_period = seconds(5),
                              .wait_for_client = false});
  CHECK(driver.told().empty());
  CHECK(driver.sent().empty());
  session::Time due = driver.clock.now();
  for (std::uint32_t id = first; id < first + 10; id += 2) {
    due += seconds(5);
    CHECK(driver.session.deadline() == due);
    driver.clock.advance(due - driver.clock.now() - milliseconds(1));
    CHECK(driver.told().empty());
    CHECK(driver.sent().empty());
    driver.clock.advance(milliseconds(1));
    CHECK(driver.told().empty());
    CHECK(driver.sent() == Lines{"PING " + std::to_string(id)});
    driver.clock.advance(milliseconds(7));
    driver.receive(wire::PingFrame{id});
    CHECK(driver.told().empty());  // on_pong is for those who called ping
  }
}

TEST_CASE("PINGs that nobody answers do not keep the next one back", "[session][timeouts]") {
  // Writing to a peer that has vanished is what shows that it has.
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .ping_period = seconds(5)});
  client.turn();
  for (std::uint32_t i = 0; i < 1000; ++i) {
    client.clock.advance(seconds(5));
    client.turn();
    CHECK(client.sent() == Lines{"PING " + std::to_string(2 * i + 1)});
  }
  CHECK(client.session.is_open());
}

TEST_CASE("a connection is not idle while something waits for a reader", "[session][timeouts]") {
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .idle_timeout = seconds(60)});
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held");
  client.clock.advance(seconds(1000));
  CHECK(client.told().empty());
  CHECK(client.session.is_open());
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 'held'"});
  CHECK(client.session.deadline() == client.clock.now() + seconds(60));
  client.clock.advance(seconds(60));
  CHECK(client.told() == Lines{"on_stream_closed 1 kIdleTimeout"});
}

TEST_CASE("a connection that is not read is not idle", "[session][timeouts]") {
  // The peer cannot show that it is alive.
  session::Options options = without_windows();
  options.idle_timeout = seconds(60);
  options.limits.stream_buffer = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "more than the limit");
  REQUIRE_FALSE(client.session.wants_input());
  client.clock.advance(seconds(1000));
  client.session.advance(client.clock.now());
  CHECK(client.session.is_open());
  CHECK_FALSE(client.session.deadline());
  client.clock.advance(seconds(1000));
  SECTION("until its reader goes on") { client.session.resume(id); }
  SECTION("until its reader leaves") { client.session.reset(id, wire::RstStatus::kCancel); }
  client.turn();
  REQUIRE(client.session.wants_input());
  // From here on it has its time again.
  CHECK(client.session.is_open());
  client.clock.advance(seconds(59));
  client.turn();
  CHECK(client.session.is_open());
  client.clock.advance(seconds(60));
  client.turn();
  CHECK_FALSE(client.session.is_open());
}

TEST_CASE("a closed session sends no PINGs", "[session][timeouts]") {
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .ping_period = seconds(5)});
  client.turn();
  client.session.close(wire::GoAwayStatus::kOk);
  client.clock.advance(seconds(50));
  client.turn();
  CHECK(client.sent() == Lines{"GOAWAY 0 OK"});
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("the longest duration is never over", "[session][timeouts]") {
  const milliseconds longest =
      GENERATE(milliseconds::max(), milliseconds::max() - milliseconds(1),
               std::chrono::duration_cast<milliseconds>(session::Time::duration::max()));
  session::Options options = with_windows(session::FlowControl::kAutomatic);
  options.create_timeout = milliseconds(0);
  options.flow_control_timeout = milliseconds(0);
  SECTION("idle_timeout") { options.idle_timeout = longest; }
  SECTION("ping_period") {
    options.ping_period = longest;
    options.ping_timeout = seconds(1);
  }
  SECTION("ping_timeout") {
    options.ping_period = std::chrono::hours(1);
    options.ping_timeout = longest;
  }
  SECTION("create_timeout") { options.create_timeout = longest; }
  SECTION("flow_control_timeout") { options.flow_control_timeout = longest; }
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = client.create_accepted();
  client.write(id, patterned_text(100 * 1000));  // more than the default window
  client.create();
  client.sent();
  client.told();
  for (int day = 0; day < 3; ++day) {
    client.clock.advance(std::chrono::hours(24));
    CHECK(client.told().empty());
    client.sent();
  }
  CHECK(client.session.is_open());
  CHECK(error_text(client.session.error()) == "ok");
}

TEST_CASE("set_idle_timeout to the longest duration", "[session][timeouts]") {
  SessionDriver client(Role::kClient);
  client.session.set_idle_timeout(milliseconds::max(), client.clock.now());
  client.clock.advance(std::chrono::hours(24));
  CHECK(client.told().empty());
  CHECK(client.session.is_open());
  CHECK_FALSE(client.session.deadline());
}

}  // namespace
}  // namespace uvspdy::test
