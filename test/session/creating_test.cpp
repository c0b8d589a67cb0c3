// Streams that are created here: SYN_STREAM, what waits for the SYN_REPLY, refusal.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::CreateOptions;
using session::Role;
using wire::RstStatus;

TEST_CASE("a client's streams have odd ids that grow", "[session][creating]") {
  SessionDriver client(Role::kClient);
  CHECK(client.create({{"streamType", "stdin"}}) == 1);
  CHECK(client.create({}, {.priority = 7, .associated_to = 1}) == 3);
  CHECK(client.create({}, {.priority = 3}) == 5);
  CHECK(client.session.has_output());
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {streamtype: stdin}",
                               "SYN_STREAM 3 {} associated to 1 priority 7",
                               "SYN_STREAM 5 {} priority 3"});
  CHECK_FALSE(client.session.has_output());
  CHECK(client.told().empty());
  CHECK(client.session.stream_count() == 3);
}

TEST_CASE("a server's streams have even ids that grow", "[session][creating]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK(server.create() == 2);
  CHECK(server.create({}, {.associated_to = 1}) == 4);
  CHECK(server.sent() == Lines{"SYN_STREAM 2 {}", "SYN_STREAM 4 {} associated to 1"});
  server.receive(wire::SynReplyFrame{.stream_id = 2});
  server.receive(wire::SynReplyFrame{.stream_id = 4});
  CHECK(server.told() == Lines{"on_stream 1 {}", "on_reply 2 {}", "on_reply 4 {}"});
}

TEST_CASE("a stream whose headers cannot be sent takes no id", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto refused = [&client](Headers headers) {
    const auto id = client.session.create_stream(std::move(headers), {}, client.clock.now());
    return id ? std::error_code() : id.error().code();
  };
  CHECK(client.create({{"a", "first"}}) == 1);
  CHECK(refused({{"connection", "upgrade"}}) == wire::Errc::kForbiddenHeader);
  CHECK(refused({{"", "nameless"}}) == wire::Errc::kBadHeaderName);
  CHECK(refused({{"a", std::string_view("x\0y", 3)}}) == wire::Errc::kBadHeaderValue);
  CHECK(client.session.stream_count() == 1);
  CHECK(client.create({{"a", "first"}}) == 3);
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {a: first}", "SYN_STREAM 3 {a: first}"});
}

TEST_CASE("what is written before the SYN_REPLY is held until it comes", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.write(id, "early, ");
  client.write(id, "too");
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  CHECK(client.session.stats().queued_bytes == 10);
  client.receive(wire::SynReplyFrame{.stream_id = id, .headers = {{"x", "y"}}});
  CHECK(client.told() == Lines{"on_reply 1 {x: y}"});
  client.write(id, "; late");
  CHECK(client.sent() == Lines{"DATA 1 'early, too; late'"});
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("a FIN before the SYN_REPLY waits for it, with the data or without",
          "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto with_data = client.create();
  const auto without = client.create();
  client.write(with_data, "all");
  client.session.end(with_data);
  client.session.end(without);
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}", "SYN_STREAM 3 {}"});
  CHECK(client.told().empty());
  client.receive(wire::SynReplyFrame{.stream_id = with_data});
  client.receive(wire::SynReplyFrame{.stream_id = without});
  CHECK(client.sent() == Lines{"DATA 3 '' FIN", "DATA 1 'all' FIN"});
  CHECK(client.told() == Lines{"on_reply 1 {}", "on_reply 3 {}", "on_sent 3 ok", "on_sent 1 ok"});
}

TEST_CASE("a SYN_REPLY with FIN ends the peer's direction only", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.receive(wire::SynReplyFrame{.stream_id = id, .fin = true, .headers = {{"x", "y"}}});
  CHECK(client.told() == Lines{"on_reply 1 {x: y}", "on_received 1 ok"});
  client.write(id, "still here");
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 'still here' FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
  CHECK(client.session.stream_count() == 0);
}

TEST_CASE("a stream created with FIN sends nothing", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create({}, {.fin = true});
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {} FIN"});
  CHECK_FALSE(client.session.writable(id));
  CHECK(error_text(client.session.write(id, Buffer::copy_of("x"))) == "kStreamClosed");
  client.session.end(id);
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.receive_data(id, "answer", true);
  CHECK(client.told() == Lines{"on_reply 1 {}", "on_data 1 'answer'", "on_received 1 ok",
                               "on_sent 1 ok", "on_stream_closed 1 ok"});
  CHECK(client.sent().empty());
}

TEST_CASE("a unidirectional stream sends without a SYN_REPLY", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create({}, {.unidirectional = true});
  client.write(id, "news");
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {} UNIDIRECTIONAL", "DATA 1 'news'"});
  CHECK(client.told() == Lines{"on_received 1 ok"});
  // Go's spdystream replies all the same.
  client.receive(wire::SynReplyFrame{.stream_id = id});
  CHECK(client.told().empty());
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 '' FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("a unidirectional stream with FIN is over once it is sent", "[session][creating]") {
  SessionDriver client(Role::kClient);
  client.create({{"a", "b"}}, {.fin = true, .unidirectional = true});
  CHECK(client.told() == Lines{"on_received 1 ok"});
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {a: b} FIN UNIDIRECTIONAL"});
  CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("a stream can be refused with REFUSED_STREAM and with CANCEL", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto first = client.create();
  const auto second = client.create();
  client.write(first, "never sent");
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}", "SYN_STREAM 3 {}"});
  client.receive(wire::RstStreamFrame{first, RstStatus::kRefusedStream});
  client.receive(wire::RstStreamFrame{second, RstStatus::kCancel});
  CHECK(client.told() ==
        Lines{"on_stream_closed 1 kStreamRefused", "on_stream_closed 3 kStreamRefused"});
  CHECK(client.handler.closed_message().find("CANCEL") != std::string::npos);
  CHECK(client.sent().empty());
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("the SYN_REPLY with FIN that Go sends behind its RST_STREAM is passed over",
          "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.sent();
  client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
  const bool told_between = GENERATE(false, true);
  if (told_between) client.turn();
  client.receive(wire::SynReplyFrame{.stream_id = id, .fin = true});
  CHECK(client.told() == Lines{"on_stream_closed 1 kStreamRefused"});
  CHECK(client.sent().empty());
  CHECK(client.session.is_open());
}

TEST_CASE("a stream can be given up before its SYN_REPLY", "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.write(id, "never sent");
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.session.reset(id, RstStatus::kCancel);
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.receive_data(id, "crossed the reset");
  CHECK(client.told().empty());
  CHECK(client.sent().empty());
}

TEST_CASE("a stream given up before its SYN_STREAM has left is never heard of",
          "[session][creating]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.write(id, "never sent");
  // A SYN_REPLY for it can only be made up.
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.session.reset(id, RstStatus::kCancel);
  CHECK(client.sent() == Lines{"RST_STREAM 1 INVALID_STREAM"});
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
  CHECK(client.create() == 3);
  client.session.reset(3, RstStatus::kCancel);
  CHECK_FALSE(client.session.has_output());
  CHECK(client.create() == 5);
  CHECK(client.sent() == Lines{"SYN_STREAM 5 {}"});
}

TEST_CASE("a server says nothing until the client's first frame is there", "[session][creating]") {
  SessionDriver server(Role::kServer);
  const auto id = server.create({{"a", "b"}});
  REQUIRE_THAT(server.session.ping(server.clock.now()), IsSuccess());
  CHECK(server.session.has_output());
  CHECK(server.session.output().empty());

  const std::vector<std::uint8_t> first = server.peer.bytes(wire::PingFrame{1});
  server.receive_bytes(Bytes(first).first(first.size() - 1));
  CHECK(server.session.output().empty());
  server.receive_bytes(Bytes(first).last(1));
  CHECK(server.sent() == Lines{"PING 1", "PING 2", "SYN_STREAM 2 {a: b}"});
  CHECK(server.session.stream_count() == 1);
  server.session.reset(id, RstStatus::kCancel);
}

TEST_CASE("a server may be told to speak first; a client always may", "[session][creating]") {
  SessionDriver server(Role::kServer,
                       {.flow_control = session::FlowControl::kNone, .wait_for_client = false});
  server.create();
  CHECK(server.sent() == Lines{"SYN_STREAM 2 {}"});
  SessionDriver client(Role::kClient,
                       {.flow_control = session::FlowControl::kNone, .wait_for_client = true});
  client.create();
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
}

TEST_CASE("every kind of first frame ends a server's wait", "[session][creating]") {
  SessionDriver server(Role::kServer);
  server.create();
  SECTION("PING") { server.receive(wire::PingFrame{2}); }
  SECTION("SETTINGS") { server.receive(wire::SettingsFrame{}); }
  SECTION("WINDOW_UPDATE") { server.receive(wire::WindowUpdateFrame{0, 1}); }
  SECTION("of an unknown type") {
    server.receive_bytes(bytes_of(std::string_view("\x80\x03\x00\x63\x00\x00\x00\x00", 8)));
  }
  const Lines sent = server.sent();
  REQUIRE_FALSE(sent.empty());
  CHECK(sent.front() == "SYN_STREAM 2 {}");
}

}  // namespace
}  // namespace uvspdy::test
