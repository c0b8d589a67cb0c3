// FlowControl::kAutomatic: finding out which kind of peer this is.

#include <chrono>

#include "support/mentions.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::PeerFlowControl;
using session::Role;
using std::chrono::seconds;
using wire::SettingId;

constexpr std::size_t kMuch = 200 * 1000;

struct AutomaticClient : SessionDriver {
  explicit AutomaticClient(session::Options options = with_windows(FlowControl::kAutomatic))
      : SessionDriver(Role::kClient, std::move(options)) {
    open();
  }

  PeerFlowControl found() const { return session.stats().flow_control; }

  /// An accepted stream on which more is written than the default windows let out.
  wire::StreamId blocked_stream() {
    const wire::StreamId id = create_accepted();
    write(id, patterned_text(kMuch));
    sent();
    return id;
  }
};

TEST_CASE("undecided means the default windows", "[session][finding out]") {
  AutomaticClient client;
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  client.write(first, patterned_text(40 * 1000));
  client.write(second, patterned_text(40 * 1000));
  client.sent();
  CHECK(client.sent_payload(first).size() + client.sent_payload(second).size() == 65536);
  CHECK(client.found() == PeerFlowControl::kUnknown);
  CHECK_FALSE(client.session.has_output());
}

TEST_CASE("SETTINGS or WINDOW_UPDATE ahead of the PING's answer mean windows",
          "[session][finding out]") {
  AutomaticClient client;
  const auto id = client.blocked_stream();
  SECTION("SETTINGS") {
    client.receive(wire::SettingsFrame{false, {{SettingId::kRoundTripTime, 0, 1}}});
  }
  SECTION("an empty SETTINGS") { client.receive(wire::SettingsFrame{}); }
  SECTION("WINDOW_UPDATE") { client.receive(wire::WindowUpdateFrame{0, 1}); }
  CHECK(client.found() == PeerFlowControl::kWindows);
  client.receive(wire::PingFrame{1});
  CHECK(client.found() == PeerFlowControl::kWindows);
  CHECK(client.sent().empty());
  CHECK(client.sent_payload(id).size() == 65536);
  client.receive(wire::WindowUpdateFrame{0, 1000});
  client.receive(wire::WindowUpdateFrame{id, 100});
  CHECK(client.sent() == Lines{"DATA 1 100 bytes"});
}

TEST_CASE("the PING's answer alone means none", "[session][finding out]") {
  AutomaticClient client;
  const auto id = client.blocked_stream();
  CHECK(client.sent_payload(id).size() == 65536);
  client.receive(wire::PingFrame{1});
  CHECK(client.found() == PeerFlowControl::kNone);
  client.sent();
  CHECK(client.sent_payload(id) == patterned_text(kMuch));
  // From here on, such a peer is spared our WINDOW_UPDATEs.
  client.receive_data(id, patterned_text(kMuch));
  CHECK(client.sent().empty());
  CHECK(client.session.is_open());
}

TEST_CASE("undecided, a window is given back only where the peer stops", "[session][finding out]") {
  // The answer to the opening PING may stand behind megabytes of a peer that has closed already.
  // A WINDOW_UPDATE that reaches such a peer is answered by a TCP reset, and they are lost.
  AutomaticClient client;
  const auto id = client.create_accepted();
  client.receive_data(id, patterned_text(60 * 1000));
  CHECK(client.sent().empty());
  CHECK(client.found() == PeerFlowControl::kUnknown);
  SECTION("past its end: the peer has none") {
    client.receive_data(id, patterned_text(kMuch));
    CHECK(client.found() == PeerFlowControl::kNone);
    CHECK(client.sent().empty());
  }
  SECTION("at its very end, and then past it: likewise") {
    client.receive_data(id, patterned_text(65536 - 60 * 1000));
    client.clock.advance(std::chrono::milliseconds(900));
    client.turn();
    CHECK(client.sent().empty());
    client.receive_data(id, "more");
    client.clock.advance(seconds(10));
    client.turn();
    CHECK(client.found() == PeerFlowControl::kNone);
    CHECK(client.sent().empty());
  }
  SECTION("at its end, and the peer is silent: it may wait for more") {
    if (GENERATE(false, true)) client.receive(wire::PingFrame{1});
    client.receive_data(id, patterned_text(65536 - 60 * 1000));
    CHECK(client.sent().empty());
    client.clock.advance(std::chrono::milliseconds(500));
    client.receive(wire::PingFrame{2});
    CHECK(client.sent() == Lines{"PING 2"});
    REQUIRE(client.session.deadline());
    CHECK(*client.session.deadline() == client.clock.now() + seconds(1));
    client.clock.advance(seconds(1));
    client.turn();
    CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 65536"});
    CHECK_FALSE(client.session.deadline());
  }
  SECTION("the peer shows that it has windows: what was read counts") {
    client.receive(wire::SettingsFrame{});
    client.receive_data(id, "x");
    CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 60001"});
  }
}

TEST_CASE("only the opening PING decides", "[session][finding out]") {
  AutomaticClient client;
  REQUIRE_THAT(client.session.ping(client.clock.now()), IsSuccess());
  CHECK(client.sent() == Lines{"PING 3"});
  client.receive(wire::PingFrame{3});
  client.receive(wire::PingFrame{2});  // the peer's own
  CHECK(client.found() == PeerFlowControl::kUnknown);
  client.receive(wire::PingFrame{1});
  CHECK(client.found() == PeerFlowControl::kNone);
}

TEST_CASE("a peer that shows its windows late has them from then on", "[session][finding out]") {
  AutomaticClient client;
  const auto id = client.blocked_stream();
  client.receive(wire::PingFrame{1});
  client.sent();
  client.write(id, patterned_text(kMuch));
  std::int64_t stream_window = 65536;
  SECTION("by SETTINGS") {
    client.receive(wire::SettingsFrame{false, {{SettingId::kInitialWindowSize, 0, 1000}}});
    stream_window = 1000;
  }
  SECTION("by WINDOW_UPDATE") { client.receive(wire::WindowUpdateFrame{0, 10}); }
  SECTION("by WINDOW_UPDATE of the stream") {
    client.receive(wire::WindowUpdateFrame{id, 10});
    stream_window += 10;
  }
  CHECK(client.found() == PeerFlowControl::kWindows);
  CHECK(client.session.stream_stats(id)->send_window == stream_window);
  client.sent();
  CHECK(client.sent_payload(id).size() ==
        kMuch + static_cast<std::size_t>(std::min<std::int64_t>(stream_window, 65536)));
  CHECK_FALSE(client.session.has_output());
}

TEST_CASE("what a peer sent before it showed its windows is set right", "[session][finding out]") {
  session::Options options = with_windows(FlowControl::kAutomatic);
  options.limits.connection_buffer = 65536;
  AutomaticClient client(options);
  const auto id = client.create_accepted();
  client.receive(wire::PingFrame{1});
  SECTION("past the windows: it did not count, both begin anew") {
    client.receive_data(id, patterned_text(kMuch));
    client.receive(wire::SettingsFrame{});
    CHECK(client.sent().empty());
  }
  SECTION("inside them: it may have counted, and gets back what was read") {
    client.receive_data(id, patterned_text(60 * 1000));
    CHECK(client.sent().empty());
    client.receive(wire::SettingsFrame{});
    CHECK(client.sent() == Lines{"WINDOW_UPDATE 0 60000", "WINDOW_UPDATE 1 60000"});
  }
  CHECK(client.session.stats().receive_window == 65536);
  CHECK(client.session.stream_stats(id)->receive_window == 65536);
}

TEST_CASE("a peer past a stream's window gets no WINDOW_UPDATE where the connection's ends",
          "[session][finding out]") {
  // It may have closed already, all that it had to say in the kernel's buffers: what it is sent
  // then is answered by a TCP reset, which destroys the rest.
  session::Options options = with_windows(FlowControl::kAutomatic);
  options.limits.connection_buffer = 4 * 65536;
  AutomaticClient client(options);
  const auto id = client.create_accepted();
  client.receive(wire::PingFrame{1});
  client.sent();
  client.receive_data(id, patterned_text(kMuch));
  client.receive_data(id, patterned_text(4 * 65536 - kMuch));
  CHECK(client.session.stats().receive_window == 0);
  CHECK(client.sent().empty());
}

TEST_CASE("a peer past its windows is no error in automatic", "[session][finding out]") {
  AutomaticClient client;
  const auto id = client.create_accepted();
  const bool with_settings = GENERATE(false, true);
  if (with_settings) client.receive(wire::SettingsFrame{});
  client.session.pause(id);
  client.receive_data(id, patterned_text(kMuch));
  CHECK(client.session.stream_stats(id)->receive_window == 65536 - std::int64_t{kMuch});
  client.session.resume(id);
  client.turn();
  CHECK(client.handler.data(id) == patterned_text(kMuch));
  CHECK(client.session.is_open());
}

TEST_CASE("a writer that is blocked while the PING stays unanswered fails",
          "[session][finding out]") {
  AutomaticClient client;
  const auto idle = client.create_accepted();
  const auto id = client.blocked_stream();
  client.receive_data(id, "arrived");
  CHECK(client.told() == Lines{"on_data 3 'arrived'"});
  client.clock.advance(seconds(29));
  CHECK(client.told().empty());
  REQUIRE(client.session.deadline());
  CHECK(*client.session.deadline() == client.clock.now() + seconds(1));
  client.clock.advance(seconds(1));
  CHECK(client.told() == Lines{"on_stream_closed 3 kFlowControlUnknown"});
  CHECK(mentions(client.handler.closed_message(), {"stream 3", "30000 ms", "PING", "none"}));
  CHECK(client.sent() == Lines{"RST_STREAM 3 CANCEL"});
  CHECK(client.session.stream_stats(idle));
  CHECK(client.session.is_open());
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("the connection's window blocks writers, too", "[session][finding out]") {
  AutomaticClient client;
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  const auto finishing = client.create_accepted();
  client.write(first, patterned_text(65536));
  client.sent();
  client.write(second, "waits for the connection");
  client.session.end(finishing);
  CHECK(client.sent() == Lines{"DATA 5 '' FIN"});
  client.told();
  client.clock.advance(seconds(30));
  CHECK(client.told() == Lines{"on_stream_closed 3 kFlowControlUnknown"});
  CHECK(client.sent() == Lines{"RST_STREAM 3 CANCEL"});
}

TEST_CASE("no writer fails that way", "[session][finding out]") {
  session::Options options = with_windows(FlowControl::kAutomatic);
  options.limits.stream_buffer = 10;
  options.limits.stream_window = 10;
  options.initial_stream_window = 10;
  SECTION("if flow_control_timeout is 0") {
    options.flow_control_timeout = seconds(0);
    AutomaticClient client(options);
    client.blocked_stream();
    client.clock.advance(std::chrono::hours(100));
    CHECK(client.told().empty());
    CHECK_FALSE(client.session.deadline());
  }
  SECTION("if the windows give room in time") {
    AutomaticClient client(options);
    const auto id = client.blocked_stream();
    client.clock.advance(seconds(20));
    client.receive(wire::WindowUpdateFrame{id, 1});
    client.sent();
    client.clock.advance(seconds(20));
    CHECK(client.told().empty());
  }
  SECTION("if SETTINGS came, even when nothing could be sent since") {
    AutomaticClient client(options);
    client.blocked_stream();
    client.clock.advance(seconds(20));
    client.receive(wire::SettingsFrame{});
    client.told();
    client.clock.advance(seconds(20));
    CHECK(client.told().empty());
    CHECK_FALSE(client.session.deadline());
  }
  SECTION("if what it wrote was given up") {
    AutomaticClient client(options);
    const auto id = client.blocked_stream();
    client.session.reset(id, wire::RstStatus::kCancel);
    client.sent();
    client.told();
    client.clock.advance(seconds(40));
    CHECK(client.told().empty());
  }
}

TEST_CASE("a peer that sends past our window has none, before it has answered the PING",
          "[session][finding-out]") {
  // Its answer may stand behind more than a paused reader holds before we stop reading.
  session::Options options;
  options.flow_control = session::FlowControl::kAutomatic;
  SessionDriver server(Role::kServer, options);
  server.accept({.stream_id = 1});
  server.write(1, std::string(200000, 'x'));
  server.sent();
  CHECK(server.session.stats().queued_bytes == 200000 - 65536);
  server.session.pause(1);
  server.receive_data(1, std::string(65536, 'y'));
  CHECK(server.session.stats().flow_control == session::PeerFlowControl::kUnknown);
  server.receive_data(1, "z");
  CHECK(server.session.stats().flow_control == session::PeerFlowControl::kNone);
  server.sent();
  CHECK(server.session.stats().queued_bytes == 0);
}

}  // namespace
}  // namespace uvspdy::test
