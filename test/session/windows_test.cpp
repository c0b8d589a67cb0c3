// FlowControl::kStandard, what we send: the windows of streams and of the connection, to the letter
// of section 2.6.8.

#include "support/mentions.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;
using wire::SettingId;
using wire::WindowUpdateFrame;

struct StandardClient : SessionDriver {
  StandardClient() : SessionDriver(Role::kClient, with_windows()) { open(); }

  std::int64_t window(wire::StreamId id) const { return session.stream_stats(id)->send_window; }
  std::int64_t window() const { return session.stats().send_window; }

  void receive_initial_window(std::uint32_t size) {
    receive(wire::SettingsFrame{false, {{SettingId::kInitialWindowSize, 0, size}}});
    handler.take();
  }
};

TEST_CASE("DATA stays inside both windows", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.write(id, patterned_text(70000));
  client.sent();
  CHECK(client.sent_payload(id).size() == 65536);
  CHECK(client.window(id) == 0);
  CHECK(client.window() == 0);
  CHECK_FALSE(client.session.has_output());
  CHECK(client.session.stats().queued_bytes == 70000 - 65536);

  SECTION("the stream's alone is not enough") {
    client.receive(WindowUpdateFrame{id, 1000});
    CHECK(client.sent().empty());
    client.receive(WindowUpdateFrame{0, 400});
    CHECK(client.sent() == Lines{"DATA 1 400 bytes"});
    CHECK(client.window(id) == 600);
    CHECK(client.window() == 0);
  }
  SECTION("nor is the connection's") {
    client.receive(WindowUpdateFrame{0, 1000});
    CHECK(client.sent().empty());
    client.receive(WindowUpdateFrame{id, 400});
    CHECK(client.sent() == Lines{"DATA 1 400 bytes"});
    CHECK(client.window(id) == 0);
    CHECK(client.window() == 600);
  }
  SECTION("all of it arrives in the end") {
    client.receive(WindowUpdateFrame{0, 100000});
    client.receive(WindowUpdateFrame{id, 100000});
    client.sent();
    CHECK(client.sent_payload(id) == patterned_text(70000));
  }
}

TEST_CASE("a stream without a window stops no other, whatever its priority", "[session][windows]") {
  StandardClient client;
  client.receive(WindowUpdateFrame{0, 1000 * 1000});
  const auto first = client.create_accepted({.priority = 0});
  client.write(first, patterned_text(100 * 1000));
  client.sent();
  CHECK(client.window(first) == 0);
  const auto second = client.create_accepted({.priority = 7});
  client.write(second, "goes");
  CHECK(client.sent() == Lines{"DATA 3 'goes'"});
}

TEST_CASE("the connection's window is shared, by priority", "[session][windows]") {
  StandardClient client;
  const auto low = client.create_accepted({.priority = 3});
  const auto high = client.create_accepted({.priority = 1});
  client.write(low, patterned_text(60000));
  client.write(high, patterned_text(60000));
  client.sent();
  CHECK(client.sent_payload(high).size() == 60000);
  CHECK(client.sent_payload(low).size() == 5536);
  client.receive(WindowUpdateFrame{0, 100});
  CHECK(client.sent() == Lines{"DATA 1 100 bytes"});
}

TEST_CASE("SETTINGS move the windows of open streams, below nothing too", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.write(id, patterned_text(1000));
  client.sent();
  client.receive_initial_window(400);
  CHECK(client.window(id) == -600);
  CHECK(client.window() == 64536);  // never the connection's

  client.write(id, patterned_text(5000));
  CHECK(client.sent().empty());
  client.receive(WindowUpdateFrame{id, 600});
  CHECK(client.sent().empty());
  client.receive(WindowUpdateFrame{id, 100});
  CHECK(client.sent() == Lines{"DATA 1 100 bytes"});
  client.receive_initial_window(1400);
  CHECK(client.sent() == Lines{"DATA 1 1000 bytes"});
  client.receive_initial_window(0);
  CHECK(client.window(id) == -1400);
  CHECK(client.sent().empty());

  const auto later = client.create_accepted();
  CHECK(client.window(later) == 0);
  client.write(later, "waits");
  CHECK(client.sent().empty());
  client.receive_initial_window(5);
  CHECK(client.sent() == Lines{"DATA 3 'waits'"});
}

TEST_CASE("SETTINGS take a window away from a stream that stands in line", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.write(id, "not yet");
  client.receive_initial_window(0);
  CHECK(client.sent().empty());
  CHECK_FALSE(client.session.has_output());
  client.receive_initial_window(3);
  CHECK(client.sent() == Lines{"DATA 1 'not'"});
}

TEST_CASE("an empty DATA frame with FIN goes out whatever the windows say", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.write(id, patterned_text(65536));
  client.sent();
  SECTION("used up") {}
  SECTION("below nothing") { client.receive_initial_window(10); }
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 '' FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok"});
}

TEST_CASE("a FIN behind payload waits with it", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.write(id, patterned_text(65537));
  client.session.end(id);
  CHECK(client.sent().back() == "DATA 1 16384 bytes");
  client.receive(WindowUpdateFrame{id, 1});
  client.receive(WindowUpdateFrame{0, 1});
  CHECK(client.sent() == Lines{"DATA 1 '" + patterned_text(65537).substr(65536) + "' FIN"});
}

TEST_CASE("frames other than DATA need no window", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.write(id, patterned_text(65536));
  client.sent();
  CHECK_THAT(client.session.send_headers(id, {{"a", "b"}}), IsSuccess());
  CHECK(client.sent() == Lines{"HEADERS 1 {a: b}"});
  client.write(id, "waits");
  CHECK_THAT(client.session.send_headers(id, {{"waits", "too"}}), IsSuccess());
  client.create();
  client.receive(wire::PingFrame{2});
  CHECK(client.sent() == Lines{"PING 2", "SYN_STREAM 3 {}"});
  client.session.reset(id, RstStatus::kCancel);
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
}

TEST_CASE("a WINDOW_UPDATE that makes a stream's window pass 2^31-1 ends the stream",
          "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.receive(WindowUpdateFrame{id, 0x7fffffff - 65536});
  CHECK(client.window(id) == 0x7fffffff);
  client.receive(WindowUpdateFrame{id, 1});
  CHECK(client.told() == Lines{"on_stream_closed 1 kFlowControl"});
  CHECK(mentions(client.handler.closed_message(),
                 {"stream 1", "WINDOW_UPDATE", "delta of 1", "2147483647", "2^31-1"}));
  CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  CHECK(client.session.is_open());
}

TEST_CASE("one that makes the connection's pass it ends the session", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  client.receive(WindowUpdateFrame{0, 0x7fffffff - 65536});
  CHECK(client.window() == 0x7fffffff);
  client.receive(WindowUpdateFrame{0, 2});
  CHECK(client.told() == Lines{"on_stream_closed " + std::to_string(id) + " kFlowControl"});
  CHECK(error_text(client.session.error()) == "kFlowControl");
  CHECK(mentions(client.session.error().message(),
                 {"WINDOW_UPDATE", "delta of 2", "connection", "2147483647", "2^31-1"}));
  CHECK(client.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
  CHECK(client.session.finished());
}

TEST_CASE("SETTINGS that make a window pass 2^31-1 end the session", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  SECTION("a stream's, by the difference") {
    client.receive(WindowUpdateFrame{id, 0x7fffffff - 65536});
    client.receive_initial_window(65537);
    CHECK(mentions(client.session.error().message(), {"stream 1"}));
    CHECK(mentions(client.session.error().message(), {"65537"}));
  }
  SECTION("by themselves") {
    client.receive_initial_window(0x80000000);
    CHECK(mentions(client.session.error().message(), {"2147483648"}));
  }
  CHECK(error_text(client.session.error()) == "kFlowControl");
  CHECK(mentions(client.session.error().message(), {"INITIAL_WINDOW_SIZE"}));
  CHECK(client.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
}

TEST_CASE("a WINDOW_UPDATE of 0 is an error", "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  SECTION("of the stream") {
    client.receive(WindowUpdateFrame{id, 0});
    CHECK(client.told() == Lines{"on_stream_closed 1 kProtocolError"});
    CHECK(mentions(client.handler.closed_message(), {"delta of 0"}));
    CHECK(client.sent() == Lines{"RST_STREAM 1 PROTOCOL_ERROR"});
    CHECK(client.session.is_open());
  }
  SECTION("of the session") {
    client.receive(WindowUpdateFrame{0, 0});
    CHECK(error_text(client.session.error()) == "kFlowControl");
    CHECK(mentions(client.session.error().message(), {"delta of 0"}));
    CHECK(client.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
  }
}

TEST_CASE("a WINDOW_UPDATE for a stream that is half-closed or just closed is legal",
          "[session][windows]") {
  StandardClient client;
  const auto id = client.create_accepted();
  SECTION("half-closed by the peer") { client.receive_data(id, "", true); }
  SECTION("half-closed by us") { client.session.end(id); }
  SECTION("closed") {
    client.session.end(id);
    client.receive_data(id, "", true);
  }
  SECTION("reset by us") { client.session.reset(id, RstStatus::kCancel); }
  SECTION("reset by the peer") { client.receive(wire::RstStreamFrame{id, RstStatus::kCancel}); }
  client.sent();
  client.told();
  client.receive(WindowUpdateFrame{id, 1000});
  CHECK(client.sent().empty());
  CHECK(client.told().empty());
  CHECK(client.session.is_open());
}

TEST_CASE("one for a stream that never was is answered once", "[session][windows]") {
  StandardClient client;
  const wire::StreamId id = GENERATE(2u, 9u);
  client.receive(WindowUpdateFrame{id, 1});
  client.receive(WindowUpdateFrame{id, 1});
  CHECK(client.sent() == Lines{"RST_STREAM " + std::to_string(id) + " INVALID_STREAM"});
  CHECK(client.told().empty());
}

}  // namespace
}  // namespace uvspdy::test
