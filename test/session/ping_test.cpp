// PINGs: measuring, answering, and a peer that asks without reading the answers.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using std::chrono::milliseconds;

std::uint32_t ping(SessionDriver& driver) {
  const Result<std::uint32_t> id = driver.session.ping(driver.clock.now());
  REQUIRE_THAT(id, IsSuccess());
  return *id;
}

TEST_CASE("a PING's answer tells the round trip", "[session][ping]") {
  SessionDriver client(Role::kClient);
  CHECK(ping(client) == 1);
  client.clock.advance(milliseconds(10));
  CHECK(ping(client) == 3);
  CHECK(client.sent() == Lines{"PING 1", "PING 3"});
  client.clock.advance(milliseconds(15));
  client.receive(wire::PingFrame{3});
  client.receive(wire::PingFrame{1});
  CHECK(client.told() == Lines{"on_pong 3 after 15 ms", "on_pong 1 after 25 ms"});
  CHECK(client.sent().empty());
}

TEST_CASE("a server's PINGs have even ids", "[session][ping]") {
  SessionDriver server(Role::kServer);
  CHECK(ping(server) == 2);
  CHECK(ping(server) == 4);
  server.receive(wire::PingFrame{4});
  CHECK(server.told() == Lines{"on_pong 4 after 0 ms"});
}

TEST_CASE("an answer that nobody asked for, or a second one, is ignored", "[session][ping]") {
  const Role role = GENERATE(Role::kClient, Role::kServer);
  const std::uint32_t own = role == Role::kClient ? 1 : 2;
  SessionDriver driver(role);
  driver.receive(wire::PingFrame{own});
  driver.receive(wire::PingFrame{own + 2});
  ping(driver);
  driver.receive(wire::PingFrame{own});
  driver.receive(wire::PingFrame{own});
  CHECK(driver.told() == Lines{"on_pong " + std::to_string(own) + " after 0 ms"});
  CHECK(driver.sent() == Lines{"PING " + std::to_string(own)});
}

TEST_CASE("the peer's PINGs are answered with the identical frame", "[session][ping]") {
  SessionDriver client(Role::kClient);
  std::vector<std::uint8_t> asked;
  for (const std::uint32_t id : {2u, 0x80000000u, 0xfffffffeu, 2u}) {
    const std::vector<std::uint8_t> frame = client.peer.bytes(wire::PingFrame{id});
    client.receive_bytes(frame);
    asked.insert(asked.end(), frame.begin(), frame.end());
  }
  CHECK(client.take_output() == asked);
  CHECK(client.told().empty());

  SessionDriver server(Role::kServer);
  server.receive(wire::PingFrame{0xffffffff});
  CHECK(server.sent() == Lines{"PING 4294967295"});
}

TEST_CASE("no PING once the session has ended", "[session][ping]") {
  SessionDriver client(Role::kClient);
  ping(client);
  SECTION("closed") { client.session.close(wire::GoAwayStatus::kOk); }
  SECTION("lost") { client.receive_end(); }
  SECTION("aborted") { client.session.abort(Error(session::Errc::kConnectionClosed, "gone")); }
  const Result<std::uint32_t> id = client.session.ping(client.clock.now());
  REQUIRE_FALSE(id);
  CHECK(error_text(id.error()) == "kConnectionClosed");
  client.receive(wire::PingFrame{1});
  CHECK(client.told().empty());
}

TEST_CASE("a peer that floods and does not read is cut off", "[session][ping]") {
  session::Options options = without_windows();
  options.limits.queued_control_output = 1000;
  options.limits.concurrent_streams = 2;
  SessionDriver server(Role::kServer, options);
  server.accept({.stream_id = 1});

  // Each of these makes us answer.
  std::function<void()> provoke;
  SECTION("with PINGs") {
    provoke = [&] { server.receive(wire::PingFrame{1}); };
  }
  SECTION("with frames for streams that never were") {
    provoke = [&, id = wire::StreamId{99}]() mutable {
      server.receive_data(id, "x");
      id += 2;
    };
  }
  SECTION("with streams that it resets once they are accepted") {
    server.handler.during = [&](std::string_view name, wire::StreamId id) {
      if (name == "on_stream") (void)server.session.reply(id, {});
    };
    provoke = [&, id = wire::StreamId{3}]() mutable {
      server.receive(wire::SynStreamFrame{.stream_id = id});
      server.receive(wire::RstStreamFrame{id, wire::RstStatus::kCancel});
      id += 2;
    };
  }
  SECTION("with streams past concurrent_streams") {
    server.receive(wire::SynStreamFrame{.stream_id = 3});
    provoke = [&, id = wire::StreamId{5}]() mutable {
      server.receive(wire::SynStreamFrame{.stream_id = id});
      id += 2;
    };
  }
  for (int i = 0; i < 2000 && server.session.is_open(); ++i) {
    provoke();
    server.turn();
  }
  server.handler.during = nullptr;
  REQUIRE_FALSE(server.session.is_open());
  CHECK(error_text(server.session.error()) == "kLimitExceeded");
  CHECK(server.session.error().message().find("queued_control_output = 1000") != std::string::npos);
  server.told();
  CHECK(server.session.stream_count() == 0);
  const std::vector<std::uint8_t> output = server.take_output();
  CHECK(output.size() < 1000 + 200);
  CHECK(server.read_lines(output).back().rfind("GOAWAY ", 0) == 0);
  CHECK(server.session.finished());
}

TEST_CASE("a peer that floods and reads is served", "[session][ping]") {
  session::Options options = without_windows();
  options.limits.queued_control_output = 1000;
  SessionDriver server(Role::kServer, options);
  for (int i = 0; i < 1000; ++i) {
    server.receive(wire::PingFrame{1});
    CHECK(server.sent() == Lines{"PING 1"});
  }
  CHECK(server.session.is_open());
}

}  // namespace
}  // namespace uvspdy::test
