// What the peer does wrong on one stream: that stream ends, the others and the session go on
// (section 2.4.2).

#include "support/header_blocks.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

// Another stream still works in both directions.
void check_session_lives(SessionDriver& driver) {
  CHECK(driver.session.is_open());
  CHECK_THAT(driver.session.error(), IsSuccess());
  const auto id = driver.create();
  const std::string number = std::to_string(id);
  CHECK(driver.sent() == Lines{"SYN_STREAM " + number + " {}"});
  driver.receive(wire::SynReplyFrame{.stream_id = id, .headers = {{"still", "alive"}}});
  CHECK(driver.told() == Lines{"on_reply " + number + " {still: alive}"});
  driver.write(id, "alive");
  CHECK(driver.sent() == Lines{"DATA " + number + " 'alive'"});
}

TEST_CASE("frames before the SYN_REPLY are a PROTOCOL_ERROR", "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.write(id, "dropped");
  client.sent();
  SECTION("DATA") { client.receive_data(id, "too early"); }
  SECTION("DATA with FIN") { client.receive_data(id, "", true); }
  SECTION("HEADERS") { client.receive(wire::HeadersFrame{.stream_id = id}); }
  CHECK(client.sent() == Lines{"RST_STREAM 1 PROTOCOL_ERROR"});
  CHECK(client.told() == Lines{"on_stream_closed 1 kProtocolError"});
  check_session_lives(client);
}

TEST_CASE("frames behind a FIN are STREAM_ALREADY_CLOSED", "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.receive_data(id, "all", true);
  SECTION("DATA") { client.receive_data(id, "more"); }
  SECTION("empty DATA") { client.receive_data(id, ""); }
  SECTION("a second FIN") { client.receive_data(id, "", true); }
  SECTION("HEADERS") { client.receive(wire::HeadersFrame{.stream_id = id}); }
  CHECK(client.sent() == Lines{"RST_STREAM 1 STREAM_ALREADY_CLOSED"});
  CHECK(client.told() ==
        Lines{"on_data 1 'all'", "on_received 1 ok", "on_stream_closed 1 kProtocolError"});
  check_session_lives(client);
}

TEST_CASE("DATA on a unidirectional stream of ours is STREAM_ALREADY_CLOSED",
          "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create({}, {.unidirectional = true});
  client.sent();
  CHECK(client.told() == Lines{"on_received 1 ok"});
  client.receive_data(id, "wrong way");
  CHECK(client.sent() == Lines{"RST_STREAM 1 STREAM_ALREADY_CLOSED"});
  CHECK(client.told() == Lines{"on_stream_closed 1 kProtocolError"});
  check_session_lives(client);
}

TEST_CASE("a second SYN_REPLY is STREAM_IN_USE", "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.receive_data(id, "good");
  client.receive(wire::SynReplyFrame{.stream_id = id, .headers = {{"again", "yes"}}});
  CHECK(client.sent() == Lines{"RST_STREAM 1 STREAM_IN_USE"});
  CHECK(client.told() == Lines{"on_data 1 'good'", "on_stream_closed 1 kProtocolError"});
  check_session_lives(client);
}

TEST_CASE("a SYN_REPLY to the peer's own stream is a PROTOCOL_ERROR", "[session][stream-errors]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.receive(wire::SynReplyFrame{.stream_id = 1});
  CHECK(server.sent() == Lines{"RST_STREAM 1 PROTOCOL_ERROR"});
  CHECK(server.told() == Lines{"on_stream_closed 1 kProtocolError"});
  check_session_lives(server);
}

TEST_CASE("the same id in two SYN_STREAMs is a PROTOCOL_ERROR on it", "[session][stream-errors]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.accept({.stream_id = 5});
  server.receive(wire::SynStreamFrame{.stream_id = 5, .headers = {{"a", "b"}}});
  CHECK(server.sent() == Lines{"RST_STREAM 5 PROTOCOL_ERROR"});
  CHECK(server.told() == Lines{"on_stream_closed 5 kProtocolError"});
  server.receive_data(1, "not me");
  CHECK(server.told() == Lines{"on_data 1 'not me'"});
  check_session_lives(server);
}

TEST_CASE("frames for a stream that never was are INVALID_STREAM, once for each stream",
          "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  client.create_accepted();
  // Of either parity: not created yet here, not created by the peer.
  for (const wire::StreamId first : {3u, 2u}) {
    client.receive_data(first, "to nobody", true);
    client.receive(wire::SynReplyFrame{.stream_id = first + 10, .headers = {{"a", "b"}}});
    client.receive(wire::HeadersFrame{.stream_id = first + 20, .headers = {{"a", "b"}}});
    for (int i = 0; i < 3; ++i) client.receive_data(first, "to nobody");
    Lines expected;
    for (const wire::StreamId id : {first, first + 10, first + 20}) {
      expected.push_back("RST_STREAM " + std::to_string(id) + " INVALID_STREAM");
    }
    CHECK(client.sent() == expected);
  }
  CHECK(client.told().empty());
  check_session_lives(client);
}

TEST_CASE("one DATA frame for a stream that never was gets one RST_STREAM",
          "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const std::vector<std::uint8_t> frame = client.peer.data(2, patterned_text(100));
  for (const std::uint8_t byte : frame) client.receive_bytes(Bytes(&byte, 1));
  CHECK(client.sent() == Lines{"RST_STREAM 2 INVALID_STREAM"});
  CHECK(client.told().empty());
}

TEST_CASE("the rest of a refused DATA frame is not for a stream that begins meanwhile",
          "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const std::vector<std::uint8_t> frame = client.peer.data(1, "too early", true);
  client.receive_bytes(Bytes(frame).first(12));
  CHECK(client.sent() == Lines{"RST_STREAM 1 INVALID_STREAM"});
  const auto id = client.create();
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.receive_bytes(Bytes(frame).subspan(12));
  CHECK(client.told().empty());
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.receive_data(id, "in time");
  CHECK(client.told() == Lines{"on_reply 1 {}", "on_data 1 'in time'"});
}

TEST_CASE("frames for a stream that is over get one RST_STREAM in all, from whichever side",
          "[session][stream-errors]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.accept({.stream_id = 3});
  const auto own = server.create_accepted();
  // One ended in order, one reset by the peer, one reset here.
  server.receive_data(1, "", true);
  server.session.end(1);
  CHECK(server.sent() == Lines{"DATA 1 '' FIN"});
  server.receive(wire::RstStreamFrame{3, RstStatus::kCancel});
  server.session.reset(own, RstStatus::kCancel);
  const bool told_between = GENERATE(false, true);
  server.sent();
  if (told_between) server.turn();

  for (const wire::StreamId id : {wire::StreamId{1}, wire::StreamId{3}, own}) {
    server.receive_data(id, "late");
    server.receive_data(id, "", true);
    server.receive(wire::HeadersFrame{.stream_id = id, .headers = {{"late", "too"}}});
    server.receive(wire::SynReplyFrame{.stream_id = id, .headers = {{"late", "too"}}});
    server.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    server.receive(wire::WindowUpdateFrame{id, 1000});
  }
  // For the one that nobody has reset (section 2.3.7).
  CHECK(server.sent() == Lines{"RST_STREAM 1 PROTOCOL_ERROR"});
  CHECK(server.told() == Lines{"on_received 1 ok", "on_sent 1 ok", "on_stream_closed 1 ok",
                               "on_stream_closed 3 kStreamReset", "on_stream_closed 2 kResetHere"});
  check_session_lives(server);
}

TEST_CASE("the rest of a DATA frame is passed over when its stream ends in the middle",
          "[session][stream-errors]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.handler.during = [&client](std::string_view name, wire::StreamId stream) {
    if (name == "on_data") client.session.reset(stream, RstStatus::kCancel);
  };
  const std::vector<std::uint8_t> frame = client.peer.data(id, patterned_text(100), true);
  client.receive_bytes(Bytes(frame).first(50));
  client.receive_bytes(Bytes(frame).subspan(50));
  CHECK(client.told() == Lines{"on_data 1 42 bytes", "on_stream_closed 1 kResetHere"});
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  client.handler.during = nullptr;
  check_session_lives(client);
}

// ---- header blocks that inflate but break section 2.6.10

/// A peer that can write any header block: it owns the compression state.
class BlockWriter {
 public:
  std::vector<std::uint8_t> syn_stream(wire::StreamId id, Bytes block) {
    std::vector<std::uint8_t> body;
    append_number(id, 4, body);
    append_number(0, 4, body);  // associated to nothing
    append_number(0, 2, body);  // priority and slot
    return frame(wire::FrameType::kSynStream, std::move(body), block);
  }
  std::vector<std::uint8_t> syn_reply(wire::StreamId id, Bytes block) {
    std::vector<std::uint8_t> body;
    append_number(id, 4, body);
    return frame(wire::FrameType::kSynReply, std::move(body), block);
  }
  std::vector<std::uint8_t> headers(wire::StreamId id, Bytes block) {
    std::vector<std::uint8_t> body;
    append_number(id, 4, body);
    return frame(wire::FrameType::kHeaders, std::move(body), block);
  }

 private:
  std::vector<std::uint8_t> frame(wire::FrameType type, std::vector<std::uint8_t> body,
                                  Bytes block) {
    REQUIRE_THAT(deflater_.deflate(block, wire::kMaxFrameLength, body), IsSuccess());
    return control_frame(static_cast<std::uint16_t>(type), 0, body);
  }

  wire::HeaderDeflater deflater_;
};

const std::vector<std::uint8_t> kGood = header_block(1, {{"a", "1"}});

// With one fault each.
const std::vector<std::uint8_t> kBadBlocks[] = {
    header_block(1, {{"A", "1"}}),
    header_block(1, {{"", "1"}}),
    header_block(2, {{"a", "1"}, {"a", "2"}}),
    header_block(1, {{"a", std::string_view("1\0", 2)}}),
    header_block(0xffffffff, {{"a", "1"}}),
};

TEST_CASE("an invalid header block costs its stream, not the session", "[session][stream-errors]") {
  const Bytes bad = kBadBlocks[GENERATE(range(0, 5))];
  SessionDriver server(Role::kServer);
  BlockWriter writer;

  // A new stream: refused, and never told.
  server.receive_bytes(writer.syn_stream(1, bad));
  CHECK(server.sent() == Lines{"RST_STREAM 1 PROTOCOL_ERROR"});
  CHECK(server.told().empty());
  // Its id is used up: what else comes for it is passed over.
  server.receive_data(1, "late");
  CHECK(server.sent().empty());

  // HEADERS on an open stream.
  server.receive_bytes(writer.syn_stream(3, kGood));
  CHECK_THAT(server.session.reply(3, {}), IsSuccess());
  server.receive_bytes(writer.headers(3, bad));
  CHECK(server.sent() == Lines{"SYN_REPLY 3 {}", "RST_STREAM 3 PROTOCOL_ERROR"});
  CHECK(server.told() ==
        Lines{"on_stream 3 {a: 1}", "on_reply_sent 3", "on_stream_closed 3 kProtocolError"});
  // Once is enough; for a stream that never was it is told all the same.
  server.receive_bytes(writer.headers(3, bad));
  CHECK(server.sent().empty());
  server.receive_bytes(writer.headers(99, bad));
  CHECK(server.sent() == Lines{"RST_STREAM 99 INVALID_STREAM"});

  // SYN_REPLY to a stream of ours.
  const auto own = server.create();
  CHECK(server.sent() == Lines{"SYN_STREAM 2 {}"});
  server.receive_bytes(writer.syn_reply(own, bad));
  CHECK(server.sent() == Lines{"RST_STREAM 2 PROTOCOL_ERROR"});
  CHECK(server.told() == Lines{"on_stream_closed 2 kProtocolError"});

  // The compression state is sound.
  server.receive_bytes(writer.syn_stream(5, kGood));
  CHECK(server.told() == Lines{"on_stream 5 {a: 1}"});
  CHECK(server.session.is_open());
}

TEST_CASE("an invalid header block does not excuse a wrong id", "[session][stream-errors]") {
  SessionDriver server(Role::kServer);
  BlockWriter writer;
  server.receive_bytes(writer.syn_stream(5, kGood));
  SECTION("smaller") { server.receive_bytes(writer.syn_stream(3, kBadBlocks[0])); }
  SECTION("of our parity") { server.receive_bytes(writer.syn_stream(8, kBadBlocks[0])); }
  CHECK_FALSE(server.session.is_open());
  CHECK(error_text(server.session.error()) == "kProtocolError");
  CHECK(server.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
}

}  // namespace
}  // namespace uvspdy::test
