// Streams that the peer creates: on_stream, the reply, what waits for it.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

TEST_CASE("a peer's stream comes with all that its SYN_STREAM says", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{
      .stream_id = 1, .associated_to = 2, .priority = 5, .headers = {{"a", "1"}, {"a", "2"}}});
  server.receive(wire::SynStreamFrame{.stream_id = 7, .fin = true, .unidirectional = true});
  CHECK(server.handler.take() == Lines{"on_stream 1 {a: 1, a: 2} associated to 2 priority 5",
                                       "on_stream 7 {} FIN UNIDIRECTIONAL", "on_received 7 ok"});
  CHECK(server.told() == Lines{"on_sent 7 ok", "on_stream_closed 7 ok"});
  CHECK(server.sent().empty());
}

TEST_CASE("a client accepts a server's streams", "[session][accepting]") {
  SessionDriver client(Role::kClient);
  client.receive(wire::SynStreamFrame{.stream_id = 2});
  CHECK_THAT(client.session.reply(2, {{"x", "y"}}), IsSuccess());
  client.write(2, "data");
  CHECK(client.sent() == Lines{"SYN_REPLY 2 {x: y}", "DATA 2 'data'"});
  CHECK(client.told() == Lines{"on_stream 2 {}", "on_reply_sent 2"});
  client.receive_data(2, "back");
  CHECK(client.told() == Lines{"on_data 2 'back'"});
}

TEST_CASE("what is written before reply goes behind it", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  server.receive(wire::SynStreamFrame{.stream_id = 3});
  server.write(1, "early");
  server.session.end(1);
  server.session.end(3);
  CHECK(server.sent().empty());
  CHECK_THAT(server.session.reply(3, {}), IsSuccess());
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  CHECK(server.sent() ==
        Lines{"SYN_REPLY 3 {}", "SYN_REPLY 1 {}", "DATA 3 '' FIN", "DATA 1 'early' FIN"});
}

TEST_CASE("a peer's stream may send before the reply", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  server.receive_data(1, "no need to wait", true);
  CHECK(server.told() ==
        Lines{"on_stream 1 {}", "on_data 1 'no need to wait'", "on_received 1 ok"});
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  server.session.end(1);
  CHECK(server.sent() == Lines{"SYN_REPLY 1 {}", "DATA 1 '' FIN"});
  CHECK(server.told() == Lines{"on_reply_sent 1", "on_sent 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("a unidirectional stream of the peer's is read and not answered",
          "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1, .unidirectional = true});
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  CHECK_FALSE(server.session.writable(1));
  CHECK(error_text(server.session.write(1, Buffer::copy_of("x"))) == "kStreamClosed");
  server.session.end(1);
  server.receive_data(1, "news", true);
  CHECK(server.told() == Lines{"on_stream 1 {} UNIDIRECTIONAL", "on_data 1 'news'",
                               "on_received 1 ok", "on_sent 1 ok", "on_stream_closed 1 ok"});
  CHECK(server.sent().empty());
}

TEST_CASE("a reply is given once, and to the peer's streams only", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  CHECK(error_text(server.session.reply(1, {})) == "kAlreadyReplied");
  const auto own = server.create();
  CHECK(error_text(server.session.reply(own, {})) == "kAlreadyReplied");
  CHECK(error_text(server.session.reply(99, {})) == "kNoSuchStream");
  server.session.end(1);
  CHECK(server.sent() == Lines{"SYN_REPLY 1 {}", "SYN_STREAM 2 {}", "DATA 1 '' FIN"});
  CHECK(error_text(server.session.reply(1, {})) == "kAlreadyReplied");
}

TEST_CASE("a reply whose headers cannot be sent leaves the stream as it was",
          "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK(server.session.reply(1, {{"host", "x"}}).code() == wire::Errc::kForbiddenHeader);
  CHECK(server.sent().empty());
  CHECK_THAT(server.session.reply(1, {{"a", "b"}}), IsSuccess());
  CHECK(server.sent() == Lines{"SYN_REPLY 1 {a: b}"});
}

TEST_CASE("on_reply_sent comes once the last byte of the reply is taken", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  server.receive(wire::SynStreamFrame{.stream_id = 3});
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  server.told();
  const std::size_t size = joined(server.session.output()).size();
  // Queued too late for this batch.
  CHECK_THAT(server.session.reply(3, {}), IsSuccess());
  CHECK(server.told().empty());
  server.output_sent(size - 1);
  CHECK(server.told().empty());
  server.output_sent(1);
  CHECK(server.told() == Lines{"on_reply_sent 1"});
  CHECK_FALSE(server.session.output().empty());
  server.output_sent(joined(server.session.output()).size());
  CHECK(server.told() == Lines{"on_reply_sent 3"});
}

TEST_CASE("a reply that leaves after its stream has ended is not told", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  server.write(1, patterned_text(1000 * 1000));
  const std::size_t size = joined(server.session.output()).size();
  SECTION("closed with the connection") { server.session.close(wire::GoAwayStatus::kOk); }
  SECTION("reset here") { server.session.reset(1, RstStatus::kCancel); }
  SECTION("reset by the peer") { server.receive(wire::RstStreamFrame{1, RstStatus::kCancel}); }
  const Lines before = server.told();
  REQUIRE(before.size() == 2);
  CHECK(before[1].rfind("on_stream_closed 1 ", 0) == 0);
  server.output_sent(size);
  CHECK(server.told().empty());  // on_stream_closed is the last call for a stream
}

TEST_CASE("a peer's stream can be rejected", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  server.receive(wire::SynStreamFrame{.stream_id = 3});
  server.session.reset(1, RstStatus::kRefusedStream);
  server.session.reset(3, RstStatus::kCancel);
  CHECK(server.sent() == Lines{"RST_STREAM 1 REFUSED_STREAM", "RST_STREAM 3 CANCEL"});
  CHECK(server.told() == Lines{"on_stream 1 {}", "on_stream 3 {}", "on_stream_closed 1 kResetHere",
                               "on_stream_closed 3 kResetHere"});
  CHECK(error_text(server.session.reply(1, {})) == "kNoSuchStream");
}

TEST_CASE("streams past concurrent_streams are refused", "[session][accepting]") {
  session::Options options = without_windows();
  options.limits.concurrent_streams = 2;
  SessionDriver server(Role::kServer, options);
  for (wire::StreamId id : {1u, 3u, 5u}) server.receive(wire::SynStreamFrame{.stream_id = id});
  CHECK(server.told() == Lines{"on_stream 1 {}", "on_stream 3 {}"});
  CHECK(server.sent() == Lines{"RST_STREAM 5 REFUSED_STREAM"});
  // What the peer had already sent on the refused stream is passed over.
  server.receive_data(5, "crossed", true);
  CHECK(server.sent().empty());
  // Streams of our own do not count.
  CHECK(server.create() == 2);
  CHECK(server.sent() == Lines{"SYN_STREAM 2 {}"});

  server.receive(wire::RstStreamFrame{1, RstStatus::kCancel});
  CHECK(server.told() == Lines{"on_stream_closed 1 kStreamReset"});
  server.receive(wire::SynStreamFrame{.stream_id = 7, .headers = {{"a", "b"}}});
  server.receive(wire::SynStreamFrame{.stream_id = 9});
  CHECK(server.told() == Lines{"on_stream 7 {a: b}"});
  CHECK(server.sent() == Lines{"RST_STREAM 9 REFUSED_STREAM"});
}

TEST_CASE("streams past stream_headers are refused", "[session][accepting]") {
  session::Options options = without_windows();
  options.limits.stream_headers = 3000;
  SessionDriver server(Role::kServer, options);
  const Headers large = {{"large", patterned_text(1000)}};
  for (wire::StreamId id : {1u, 3u, 5u}) {
    server.receive(wire::SynStreamFrame{.stream_id = id, .headers = large});
  }
  CHECK(server.told().size() == 2);
  CHECK(server.sent() == Lines{"RST_STREAM 5 REFUSED_STREAM"});
  server.session.reset(1, RstStatus::kCancel);
  server.told();
  server.sent();
  server.receive(wire::SynStreamFrame{.stream_id = 7, .headers = large});
  server.receive(wire::SynStreamFrame{.stream_id = 9, .headers = large});
  CHECK(server.sent() == Lines{"RST_STREAM 9 REFUSED_STREAM"});
  CHECK(server.session.stream_count() == 2);
}

TEST_CASE("the peer may use its largest stream id, and no id after it", "[session][accepting]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = wire::kMaxStreamId});
  server.receive_data(wire::kMaxStreamId, "here");
  CHECK(server.told() == Lines{"on_data 2147483647 'here'"});
  server.write(wire::kMaxStreamId, "there");
  CHECK(server.sent() == Lines{"DATA 2147483647 'there'"});
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK(server.sent() == Lines{"GOAWAY 2147483647 PROTOCOL_ERROR"});
}

}  // namespace
}  // namespace uvspdy::test
