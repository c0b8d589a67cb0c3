// The frames that a session with flow control opens with.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::Role;
using wire::SettingId;

TEST_CASE("a client opens with SETTINGS, the connection's window and a PING",
          "[session][opening]") {
  SessionDriver client(Role::kClient,
                       with_windows(GENERATE(FlowControl::kAutomatic, FlowControl::kStandard)));
  SECTION("at its first advance") {
    REQUIRE(client.session.deadline());
    CHECK(*client.session.deadline() <= client.clock.now());
    client.turn();
    CHECK(client.sent() == Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 1"});
  }
  SECTION("or ahead of its first stream") {
    client.create();
    CHECK(client.sent() ==
          Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 1", "SYN_STREAM 1 {}"});
  }
  SECTION("or ahead of the answer to a PING that came first") {
    client.receive(wire::PingFrame{2});
    CHECK(client.sent() ==
          Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 1", "PING 2"});
  }
  SECTION("or ahead of what its user asked for") {
    REQUIRE_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 1000}}),
                 IsSuccess());
    REQUIRE_THAT(client.session.ping(client.clock.now()), IsSuccess());
    // The answer to the opening PING stands for both SETTINGS.
    CHECK(client.sent() == Lines{"SETTINGS 4=4096 7=1000", "WINDOW_UPDATE 0 4128768", "PING 1",
                                 "SETTINGS 7=1000", "PING 3"});
  }
  // Once.
  client.turn();
  CHECK(client.sent().empty());
}

TEST_CASE("a server opens behind the client's first frame, ahead of every PING answer",
          "[session][opening]") {
  SessionDriver server(Role::kServer,
                       with_windows(GENERATE(FlowControl::kAutomatic, FlowControl::kStandard)));
  server.turn();
  CHECK(server.sent().empty());
  CHECK_FALSE(server.session.deadline());
  REQUIRE_THAT(server.session.ping(server.clock.now()), IsSuccess());
  CHECK(server.sent().empty());
  // Half a frame is not a frame.
  const std::vector<std::uint8_t> ping = server.peer.bytes(wire::PingFrame{1});
  server.receive_bytes(Bytes(ping).first(5));
  server.turn();
  CHECK(server.sent().empty());
  server.receive_bytes(Bytes(ping).subspan(5));
  CHECK(server.sent() ==
        Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 4", "PING 1", "PING 2"});
}

TEST_CASE("SETTINGS of a session that closes before it has opened are not sent",
          "[session][opening]") {
  SessionDriver server(Role::kServer, with_windows());
  CHECK_THAT(server.session.send_settings({{wire::SettingId::kRoundTripTime, 0, 50}}, false),
             IsSuccess());
  server.session.close(wire::GoAwayStatus::kOk);
  // An answer ahead of SETTINGS would say that we have no windows.
  server.receive(wire::PingFrame{1});
  CHECK(server.sent() == Lines{"PING 1", "GOAWAY 0 OK"});
}

TEST_CASE("a session that shuts down before it has opened still says so", "[session][opening]") {
  SessionDriver server(Role::kServer, with_windows(FlowControl::kStandard));
  server.session.shutdown(server.clock.now());
  server.turn();
  CHECK(server.sent() == Lines{"GOAWAY 0 OK"});
  CHECK(server.session.finished());
}

TEST_CASE("a server that need not wait opens at once", "[session][opening]") {
  session::Options options = with_windows();
  options.wait_for_client = false;
  SessionDriver server(Role::kServer, options);
  server.turn();
  CHECK(server.sent() == Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 2"});
}

TEST_CASE("the opening announces what the options say", "[session][opening]") {
  session::Options options = with_windows();
  options.limits.concurrent_streams = 7;
  SECTION("windows") {
    options.initial_stream_window = 1000;
    options.limits.connection_buffer = 100 * 1000;
    SessionDriver client(Role::kClient, options);
    client.turn();
    CHECK(client.sent() == Lines{"SETTINGS 4=7 7=1000", "WINDOW_UPDATE 0 34464", "PING 1"});
  }
  SECTION("a connection window that is not larger than the default needs no WINDOW_UPDATE") {
    options.limits.connection_buffer = 1000;
    SessionDriver client(Role::kClient, options);
    client.turn();
    CHECK(client.sent() == Lines{"SETTINGS 4=7 7=65536", "PING 1"});
    CHECK(client.session.stats().receive_window == 65536);
  }
  SECTION("no window is 0, or past 2^31-1") {
    const auto [asked, announced] = GENERATE(std::pair{0u, "SETTINGS 4=7 7=1"},
                                             std::pair{0xffffffffu, "SETTINGS 4=7 7=2147483647"});
    options.initial_stream_window = asked;
    SessionDriver client(Role::kClient, options);
    client.turn();
    CHECK(client.sent().front() == announced);
  }
}

TEST_CASE("without flow control nothing of it is ever sent", "[session][opening]") {
  SessionDriver client(Role::kClient);
  client.turn();
  CHECK(client.sent().empty());
  const auto id = client.create_accepted();
  client.receive(wire::SettingsFrame{false, {{SettingId::kInitialWindowSize, 0, 10}}});
  client.receive(wire::WindowUpdateFrame{0, 0x7fffffff});
  client.receive(wire::WindowUpdateFrame{id, 0x7fffffff});
  CHECK(client.told() == Lines{"on_settings 7=10"});
  client.receive_data(id, patterned_text(1000 * 1000));
  client.turn();
  CHECK(client.sent().empty());
  client.write(id, patterned_text(300 * 1000));
  client.sent();
  CHECK(client.sent_payload(id).size() == 300 * 1000);
  CHECK(client.session.is_open());
}

}  // namespace
}  // namespace uvspdy::test
