// The graceful end: no new streams, and the connection closes once the last one is over.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::Role;

/// A server that has stream 1 open and stream 3 asked for.
struct Server : SessionDriver {
  explicit Server(session::Options options) : SessionDriver(Role::kServer, std::move(options)) {
    receive(wire::PingFrame{1});
    open();
    accept({.stream_id = 1});
    receive(wire::SynStreamFrame{.stream_id = 3});
    told();
  }

  void end(wire::StreamId id) {
    receive_data(id, "", true);
    session.end(id);
  }
};

TEST_CASE("a peer with windows is sent the GOAWAY at once", "[session][shutdown]") {
  Server server(with_windows());
  server.session.shutdown(server.clock.now());
  CHECK(server.session.is_open());
  CHECK(server.sent() == Lines{"RST_STREAM 3 REFUSED_STREAM", "GOAWAY 1 OK"});
  CHECK(server.told() == Lines{"on_stream_closed 3 kConnectionClosed"});

  // A stream that crosses with it is ignored, and so is what comes for it.
  server.receive(wire::SynStreamFrame{.stream_id = 5});
  server.receive_data(5, "x");
  server.receive(wire::HeadersFrame{.stream_id = 5});
  CHECK(server.told().empty());
  CHECK(server.sent().empty());

  // The open one goes on, both ways.
  server.receive_data(1, "question");
  server.write(1, "answer");
  CHECK(server.told() == Lines{"on_data 1 'question'"});
  CHECK(server.sent() == Lines{"DATA 1 'answer'"});
  CHECK_FALSE(server.session.finished());

  server.end(1);
  CHECK(server.sent() == Lines{"DATA 1 '' FIN"});
  CHECK(server.told() == Lines{"on_received 1 ok", "on_sent 1 ok", "on_stream_closed 1 ok"});
  // By itself, and without another GOAWAY.
  CHECK_FALSE(server.session.is_open());
  CHECK(server.sent().empty());
  CHECK(server.session.finished());
  CHECK_THAT(server.session.error(), IsSuccess());
}

TEST_CASE("behind our GOAWAY a SYN_STREAM is ignored, well-formed or not", "[session][shutdown]") {
  Server server(with_windows());
  server.session.shutdown(server.clock.now());
  server.sent();
  // Two fields of one name: the block inflates, and is wrong.
  FrameWriter& peer = server.peer;
  std::vector<std::uint8_t> frame =
      peer.bytes(wire::SynStreamFrame{.stream_id = 5, .headers = {{"a", "1"}}});
  frame[wire::kFrameHeadSize + 3] = 0x05;
  server.receive_bytes(frame);
  server.told();
  CHECK(server.sent().empty());
  CHECK(server.session.is_open());
}

TEST_CASE("any other peer gets it last", "[session][shutdown]") {
  const auto mode = GENERATE(FlowControl::kNone, FlowControl::kAutomatic);
  Server server(with_windows(mode));  // which in automatic is undecided
  server.session.shutdown(server.clock.now());
  CHECK(server.sent().empty());
  CHECK(server.told().empty());

  server.receive(wire::SynStreamFrame{.stream_id = 5});
  CHECK(server.sent() == Lines{"RST_STREAM 5 REFUSED_STREAM"});
  CHECK(server.told().empty());

  // One that was asked for before may still be accepted.
  CHECK_THAT(server.session.reply(3, {}), IsSuccess());
  CHECK(server.sent() == Lines{"SYN_REPLY 3 {}"});
  server.end(1);
  server.sent();
  server.told();
  CHECK(server.session.is_open());
  server.end(3);
  CHECK(server.sent() == Lines{"DATA 3 '' FIN"});
  server.told();
  CHECK_FALSE(server.session.is_open());
  CHECK(server.sent() == Lines{"GOAWAY 3 OK"});
  CHECK(server.session.finished());
}

TEST_CASE("shutdown with no stream is close", "[session][shutdown]") {
  SessionDriver client(Role::kClient);
  client.session.shutdown(client.clock.now());
  client.session.shutdown(client.clock.now());
  REQUIRE(client.session.deadline());
  client.turn();
  CHECK(client.sent() == Lines{"GOAWAY 0 OK"});
  CHECK(client.session.finished());
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("shutdown lets no stream begin here", "[session][shutdown]") {
  session::Options options = with_windows();
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto open = client.create_accepted();
  client.create({{"not", "sent yet"}});
  client.session.shutdown(client.clock.now());
  const auto id = client.session.create_stream({}, {}, client.clock.now());
  REQUIRE_FALSE(id);
  CHECK(error_text(id.error()) == "kConnectionClosed");
  CHECK(client.told() == Lines{"on_stream_closed 3 kConnectionClosed"});
  CHECK(client.sent() == Lines{"GOAWAY 0 OK"});
  CHECK(client.session.stream_stats(open));
}

TEST_CASE("a stream that waits for its reply is waited for", "[session][shutdown]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.sent();
  client.session.shutdown(client.clock.now());
  client.turn();
  CHECK(client.session.is_open());
  client.receive(wire::SynReplyFrame{.stream_id = id, .fin = true});
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 '' FIN"});
  client.told();
  CHECK(client.sent() == Lines{"GOAWAY 0 OK"});
}

TEST_CASE("what a paused reader holds is waited for, too", "[session][shutdown]") {
  Server server(with_windows());
  server.session.pause(1);
  server.receive_data(1, "held", true);
  server.session.end(1);
  server.session.shutdown(server.clock.now());
  server.sent();
  server.told();
  CHECK(server.session.is_open());
  server.session.resume(1);
  CHECK(server.told() == Lines{"on_data 1 'held'", "on_received 1 ok", "on_stream_closed 1 ok"});
  CHECK_FALSE(server.session.is_open());
}

TEST_CASE("close cuts a shutdown short", "[session][shutdown]") {
  Server server(with_windows());
  server.session.shutdown(server.clock.now());
  server.session.close(wire::GoAwayStatus::kOk);
  CHECK(server.sent() ==
        Lines{"RST_STREAM 3 REFUSED_STREAM", "GOAWAY 1 OK", "RST_STREAM 1 CANCEL"});
  CHECK(server.session.finished());
}

TEST_CASE("an error in a shutdown has a GOAWAY of its own", "[session][shutdown]") {
  Server server(with_windows());
  server.session.shutdown(server.clock.now());
  server.sent();
  server.receive(wire::SynStreamFrame{.stream_id = 2});
  CHECK(server.sent() == Lines{"GOAWAY 1 PROTOCOL_ERROR"});
}

TEST_CASE("a unidirectional stream counts as processed", "[session][shutdown]") {
  SessionDriver server(Role::kServer, with_windows());
  server.receive(wire::PingFrame{1});
  server.open();
  server.receive(wire::SynStreamFrame{.stream_id = 1, .unidirectional = true});
  server.told();
  server.session.shutdown(server.clock.now());
  CHECK(server.sent() == Lines{"GOAWAY 1 OK"});
  server.receive_data(1, "x", true);
  CHECK(server.told() == Lines{"on_data 1 'x'", "on_received 1 ok", "on_stream_closed 1 ok"});
  CHECK(server.session.finished());
}

}  // namespace
}  // namespace uvspdy::test
