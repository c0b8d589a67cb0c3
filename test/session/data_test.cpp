// Data and headers on open streams, half-close and reset.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

TEST_CASE("data goes both ways until both sides have said FIN", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, "ping");
  CHECK(client.sent() == Lines{"DATA 1 'ping'"});
  client.receive_data(id, "pong");
  CHECK(client.told() == Lines{"on_data 1 'pong'"});

  SECTION("here first") {
    client.session.end(id);
    CHECK(client.sent() == Lines{"DATA 1 '' FIN"});
    CHECK(client.told() == Lines{"on_sent 1 ok"});
    client.receive_data(id, "rest", true);
    CHECK(client.told() == Lines{"on_data 1 'rest'", "on_received 1 ok", "on_stream_closed 1 ok"});
  }
  SECTION("the peer first") {
    client.receive_data(id, "rest", true);
    CHECK(client.told() == Lines{"on_data 1 'rest'", "on_received 1 ok"});
    client.write(id, "more");
    client.session.end(id);
    CHECK(client.sent() == Lines{"DATA 1 'more' FIN"});
    CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
  }
  CHECK(client.session.stream_count() == 0);
  CHECK(client.session.stats().streams == 0);
  CHECK(client.sent().empty());
}

TEST_CASE("a FIN travels on the last DATA frame, or alone behind it", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  client.write(first, "last");
  client.write(second, "last");
  client.session.end(first);
  CHECK(client.sent() == Lines{"DATA 1 'last' FIN", "DATA 3 'last'"});
  client.session.end(second);
  CHECK(client.sent() == Lines{"DATA 3 '' FIN"});
}

TEST_CASE("nothing can be written behind a FIN", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  CHECK(client.session.writable(id));
  client.session.end(id);
  const bool sent_between = GENERATE(false, true);
  if (sent_between) client.sent();
  CHECK_FALSE(client.session.writable(id));
  CHECK(error_text(client.session.write(id, Buffer::copy_of("x"))) == "kStreamClosed");
  client.session.end(id);  // once is enough
  CHECK(client.sent() == (sent_between ? Lines{} : Lines{"DATA 1 '' FIN"}));
}

TEST_CASE("an empty write sends nothing", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  CHECK_THAT(client.session.write(id, Buffer()), IsSuccess());
  CHECK_FALSE(client.session.has_output());
  CHECK(client.sent().empty());
}

TEST_CASE("empty DATA frames tell nothing, but for their FIN", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.receive_data(id, "");
  CHECK(client.told().empty());
  client.receive_data(id, "", true);
  CHECK(client.told() == Lines{"on_received 1 ok"});
}

TEST_CASE("HEADERS come in mid-stream, and may end it", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.receive_data(id, "body");
  client.receive(wire::HeadersFrame{.stream_id = id, .headers = {{"a", "b"}}});
  client.receive_data(id, "more");
  client.receive(wire::HeadersFrame{.stream_id = id, .fin = true, .headers = {{"c", "d"}}});
  CHECK(client.told() == Lines{"on_data 1 'body'", "on_headers 1 {a: b}", "on_data 1 'more'",
                               "on_headers 1 {c: d}", "on_received 1 ok"});
}

TEST_CASE("what comes in may be cut anywhere", "[session][data]") {
  // The same conversation each time; the input in two pieces, then in pieces of one size.
  const auto converse = [](auto&& feed) {
    SessionDriver server(Role::kServer);
    std::vector<std::uint8_t> input;
    const auto add = [&input](const std::vector<std::uint8_t>& bytes) {
      input.insert(input.end(), bytes.begin(), bytes.end());
    };
    add(server.peer.bytes(wire::SynStreamFrame{.stream_id = 1, .headers = {{"a", "b"}}}));
    add(server.peer.data(1, "some payload"));
    add(server.peer.bytes(wire::PingFrame{1}));
    add(server.peer.bytes(wire::HeadersFrame{.stream_id = 1, .headers = {{"c", "d"}}}));
    add(server.peer.data(1, "the end", true));
    add(server.peer.bytes(wire::SynStreamFrame{.stream_id = 3, .headers = {{"a", "b"}}}));
    add(server.peer.bytes(wire::RstStreamFrame{3, RstStatus::kCancel}));
    feed(server, Bytes(input));

    Lines lines;
    for (const std::string& line : server.told()) {
      if (line.rfind("on_data", 0) != 0) lines.push_back(line);  // comes in pieces
    }
    CHECK(lines == Lines{"on_stream 1 {a: b}", "on_headers 1 {c: d}", "on_received 1 ok",
                         "on_stream 3 {a: b}", "on_stream_closed 3 kStreamReset"});
    CHECK(server.handler.data(1) == "some payloadthe end");
    CHECK(server.sent() == Lines{"PING 1"});
    return input.size();
  };

  const std::size_t size =
      converse([](SessionDriver& server, Bytes input) { server.receive_bytes(input); });
  for (std::size_t cut = 0; cut <= size; ++cut) {
    INFO("cut at " << cut);
    converse([cut](SessionDriver& server, Bytes input) {
      server.receive_bytes(input.first(cut));
      server.receive_bytes(input.subspan(cut));
    });
  }
  for (std::size_t step : {1u, 2u, 3u, 7u}) {
    INFO("pieces of " << step);
    converse([step](SessionDriver& server, Bytes input) {
      while (!input.empty()) {
        const std::size_t count = std::min(step, input.size());
        server.receive_bytes(input.first(count));
        input = input.subspan(count);
      }
    });
  }
}

TEST_CASE("payload is handed on before its frame is whole", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  const std::vector<std::uint8_t> frame = client.peer.data(id, "first second", true);
  client.receive_bytes(Bytes(frame).first(8 + 5));
  CHECK(client.told() == Lines{"on_data 1 'first'"});
  client.receive_bytes(Bytes(frame).subspan(8 + 5));
  CHECK(client.told() == Lines{"on_data 1 ' second'", "on_received 1 ok"});
}

TEST_CASE("a reset here drops what was queued and what comes in later", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, "dropped");
  client.session.reset(id, RstStatus::kInternalError);
  CHECK(client.session.stats().queued_bytes == 0);
  CHECK(client.sent() == Lines{"RST_STREAM 1 INTERNAL_ERROR"});
  client.session.reset(id, RstStatus::kCancel);
  CHECK(client.sent().empty());
  client.receive_data(id, "crossed the reset", true);
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
  CHECK(client.handler.closed_message().find("INTERNAL_ERROR") != std::string::npos);
  CHECK(client.sent().empty());
}

TEST_CASE("a reset by the peer names its status and is not answered", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, "dropped");
  client.receive(wire::RstStreamFrame{id, RstStatus::kInternalError});
  CHECK(client.told() == Lines{"on_stream_closed 1 kStreamReset"});
  CHECK(client.handler.closed_message().find("INTERNAL_ERROR (6)") != std::string::npos);
  CHECK(client.handler.closed_message().find("stream 1") != std::string::npos);
  // A second one, and one for a stream that never was, are not answered either.
  client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
  client.receive(wire::RstStreamFrame{99, RstStatus::kCancel});
  client.receive(wire::RstStreamFrame{98, RstStatus::kInvalidStream});
  CHECK(client.told().empty());
  CHECK(client.sent().empty());
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("an RST_STREAM with a status that nobody defined still ends the stream",
          "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.receive(wire::RstStreamFrame{id, static_cast<RstStatus>(4711)});
  CHECK(client.told() == Lines{"on_stream_closed 1 kStreamReset"});
  CHECK(client.handler.closed_message().find("4711") != std::string::npos);
}

TEST_CASE("FIN in both directions first, RST_STREAM after: the stream ended well",
          "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.end(id);
  client.sent();
  client.receive_data(id, "all", true);
  client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
  client.turn();
  const Lines told = client.handler.take();
  REQUIRE_FALSE(told.empty());
  CHECK(told.back() == "on_stream_closed 1 ok");
}

TEST_CASE("a stream that has ended refuses everything", "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.reset(id, RstStatus::kCancel);
  client.turn();
  for (const wire::StreamId gone : {id, wire::StreamId{98}, wire::StreamId{0}}) {
    CHECK(error_text(client.session.write(gone, Buffer::copy_of("x"))) == "kNoSuchStream");
    CHECK(error_text(client.session.reply(gone, {})) == "kNoSuchStream");
    CHECK_FALSE(client.session.writable(gone));
    client.session.pause(gone);
    client.session.resume(gone);
    client.session.discard(gone);
    client.session.end(gone);
    client.session.end_with_reset(gone);
    client.session.reset(gone, RstStatus::kCancel);
    client.session.keep_on_close(gone);
  }
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
}

TEST_CASE("until its end is told, a stream that was reset is closed for writing",
          "[session][data]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  SECTION("here") { client.session.reset(id, RstStatus::kCancel); }
  SECTION("by the peer") { client.receive(wire::RstStreamFrame{id, RstStatus::kCancel}); }
  CHECK(error_text(client.session.write(id, Buffer::copy_of("x"))) == "kStreamClosed");
}

}  // namespace
}  // namespace uvspdy::test
