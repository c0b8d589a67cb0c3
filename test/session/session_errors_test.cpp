// What the peer does wrong with the whole connection: GOAWAY, and no more of it (section 2.4.1).

#include <algorithm>

#include "support/hex.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

struct Violation {
  const char* what;
  const char* bytes;  // hex
};

// By a client towards a server that has accepted stream 5.
const Violation kViolations[] = {
    {"an id of the other parity", "80030001 0000000a 00000006 00000000 0000"},
    {"a smaller id", "80030001 0000000a 00000003 00000000 0000"},
    {"stream 0 in a SYN_STREAM", "80030001 0000000a 00000000 00000000 0000"},
    {"stream 0 in DATA", "00000000 00000000"},
    {"another version", "80020006 00000004 00000001"},
    {"a PING of 5 bytes", "80030006 00000005 0000000100"},
    {"a GOAWAY of 4 bytes", "80030007 00000004 00000000"},
    {"an RST_STREAM with status 0", "80030003 00000008 00000005 00000000"},
    {"a SETTINGS that claims too many", "80030004 00000004 00000001"},
    {"a header block that does not inflate", "80030008 00000008 00000005 ffffffff"},
    {"a control frame past control_frame_length", "80030008 00ffffff"},
};

TEST_CASE("a session error sends GOAWAY and ends everything", "[session][session-errors]") {
  const Violation& violation = GENERATE(from_range(std::begin(kViolations), std::end(kViolations)));
  INFO(violation.what);
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 5});
  server.receive(wire::SynStreamFrame{.stream_id = 7});  // not replied to
  const auto own = server.create();
  CHECK(server.sent() == Lines{"SYN_STREAM 2 {}"});
  server.write(5, "never sent");
  server.told();

  // In one read with what comes before, which counts, and behind, which does not.
  std::vector<std::uint8_t> input = server.peer.data(5, "before");
  const std::vector<std::uint8_t> bad = from_hex(violation.bytes);
  const std::vector<std::uint8_t> behind = server.peer.data(5, "behind");
  input.insert(input.end(), bad.begin(), bad.end());
  input.insert(input.end(), behind.begin(), behind.end());
  server.receive_bytes(input);

  CHECK_FALSE(server.session.is_open());
  CHECK_FALSE(server.session.finished());
  CHECK(server.session.error());
  INFO(server.session.error().message());
  CHECK(server.session.error().message().find("frame") != std::string::npos);
  Lines told = server.told();
  REQUIRE(told.size() == 4);
  CHECK(told[0] == "on_data 5 'before'");
  std::sort(told.begin() + 1, told.end());
  const std::string how = error_text(server.session.error());
  CHECK(told[1] == "on_stream_closed " + std::to_string(own) + " " + how);
  CHECK(told[2] == "on_stream_closed 5 " + how);
  CHECK(told[3] == "on_stream_closed 7 " + how);

  CHECK(server.sent() == Lines{"GOAWAY 5 PROTOCOL_ERROR"});
  CHECK(server.session.finished());
  CHECK(server.session.stream_count() == 0);
  CHECK(server.session.stats().queued_bytes == 0);

  // Nothing works any more, and nothing is told.
  server.receive(wire::PingFrame{1});
  CHECK(server.session.write(5, Buffer::copy_of("x")));
  const auto id = server.session.create_stream({}, {}, server.clock.now());
  REQUIRE_FALSE(id);
  CHECK(error_text(id.error()) == "kConnectionClosed");
  server.session.close(wire::GoAwayStatus::kOk);
  CHECK(error_text(server.session.error()) == how);
  server.receive_end();
  CHECK(server.told().empty());
  CHECK(server.sent().empty());
}

TEST_CASE("a first frame in error is answered too", "[session][session-errors]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 2});
  CHECK_FALSE(server.session.is_open());
  CHECK(server.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
  CHECK(server.session.finished());
}

TEST_CASE("GOAWAY names the last stream that was replied to", "[session][session-errors]") {
  SessionDriver server(Role::kServer);
  for (const wire::StreamId id : {1u, 3u, 5u, 7u}) {
    server.receive(wire::SynStreamFrame{.stream_id = id});
  }
  // Out of order, one refused, the last without an answer.
  CHECK_THAT(server.session.reply(5, {}), IsSuccess());
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  server.session.reset(3, wire::RstStatus::kRefusedStream);
  server.sent();
  SECTION("in an error") { server.receive(wire::SynStreamFrame{.stream_id = 2}); }
  SECTION("in an orderly end") { server.session.close(wire::GoAwayStatus::kOk); }
  const Lines sent = server.sent();
  REQUIRE_FALSE(sent.empty());
  CHECK(sent.back().rfind("GOAWAY 5 ", 0) == 0);
}

TEST_CASE("GOAWAY counts a unidirectional stream as accepted", "[session][session-errors]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  server.receive(wire::SynStreamFrame{.stream_id = 3, .unidirectional = true});
  server.session.close(wire::GoAwayStatus::kOk);
  CHECK(server.sent().back() == "GOAWAY 3 OK");
}

TEST_CASE("a client fails in the same way", "[session][session-errors]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.accept({.stream_id = 4});
  SECTION("an id of ours") { client.receive(wire::SynStreamFrame{.stream_id = 9}); }
  SECTION("a smaller id") { client.receive(wire::SynStreamFrame{.stream_id = 2}); }
  CHECK(error_text(client.session.error()) == "kProtocolError");
  Lines told = client.told();
  std::sort(told.begin(), told.end());
  CHECK(told == Lines{"on_stream_closed " + std::to_string(id) + " kProtocolError",
                      "on_stream_closed 4 kProtocolError"});
  CHECK(client.sent() == Lines{"GOAWAY 4 PROTOCOL_ERROR"});
}

}  // namespace
}  // namespace uvspdy::test
