// The two directions of a stream: each ends once, with its own reason, and is told once.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

TEST_CASE("each direction ends by itself, and the stream behind both", "[session][directions]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.receive_data(id, "all", true);
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_data 1 'all'", "on_received 1 ok"});
  CHECK(client.session.writable(id));
  client.session.end(id);
  CHECK(client.told().empty());  // it has not gone out
  client.sent();
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("a stream that is rejected: both directions hear why", "[session][directions]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.write(id, "never sent");
  client.sent();
  client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_sent 1 kStreamRefused",
                                           "on_received 1 kStreamRefused",
                                           "on_stream_closed 1 kStreamRefused"});
}

TEST_CASE("a direction that ended well stays so when the stream breaks off",
          "[session][directions]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  SECTION("ours") {
    client.session.end(id);
    client.sent();
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    client.turn();
    CHECK(client.handler.take_all() ==
          Lines{"on_sent 1 ok", "on_received 1 kStreamReset", "on_stream_closed 1 kStreamReset"});
  }
  SECTION("the peer's") {
    client.receive_data(id, "", true);
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    client.turn();
    CHECK(client.handler.take_all() ==
          Lines{"on_received 1 ok", "on_sent 1 kStreamReset", "on_stream_closed 1 kStreamReset"});
  }
  SECTION("the peer's, and ours is reset here") {
    client.receive_data(id, "", true);
    client.session.reset(id, RstStatus::kCancel);
    client.turn();
    CHECK(client.handler.take_all() ==
          Lines{"on_received 1 ok", "on_sent 1 kResetHere", "on_stream_closed 1 kResetHere"});
  }
  SECTION("the peer's, which its reader has not heard") {
    client.session.pause(id);
    client.receive_data(id, "", true);
    client.session.reset(id, RstStatus::kCancel);
    client.turn();
    CHECK(client.handler.take_all() ==
          Lines{"on_sent 1 kResetHere", "on_received 1 ok", "on_stream_closed 1 kResetHere"});
  }
  SECTION("the peer's, but for what was held") {
    client.session.pause(id);
    client.receive_data(id, "held", true);
    client.session.reset(id, RstStatus::kCancel);
    client.turn();
    CHECK(client.handler.take_all() == Lines{"on_sent 1 kResetHere", "on_received 1 kResetHere",
                                             "on_stream_closed 1 kResetHere"});
  }
}

TEST_CASE("what went wrong first is how a stream closes", "[session][directions]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held");
  client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
  CHECK(client.told() == Lines{"on_sent 1 kStreamReset"});
  client.session.reset(id, RstStatus::kCancel);  // the reader gives up
  client.turn();
  CHECK(client.handler.take_all() ==
        Lines{"on_received 1 kResetHere", "on_stream_closed 1 kStreamReset"});
}

TEST_CASE("on_sent waits for the FIN of a SYN_STREAM and of a SYN_REPLY", "[session][directions]") {
  SECTION("SYN_STREAM") {
    SessionDriver client(Role::kClient);
    client.create({}, {.fin = true});
    const std::size_t size = joined(client.session.output()).size();
    client.output_sent(size - 1);
    CHECK(client.told().empty());
    client.output_sent(1);
    CHECK(client.told() == Lines{"on_sent 1 ok"});
  }
  SECTION("SYN_STREAM, answered before that is known") {
    SessionDriver client(Role::kClient);
    const auto id = client.create({}, {.fin = true});
    const std::size_t size = joined(client.session.output()).size();
    client.receive(wire::SynReplyFrame{.stream_id = id});
    client.receive_data(id, "all", true);
    CHECK(client.told() == Lines{"on_reply 1 {}", "on_data 1 'all'", "on_received 1 ok"});
    client.output_sent(size);
    CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
  }
  SECTION("SYN_REPLY") {
    SessionDriver server(Role::kServer);
    server.receive(wire::SynStreamFrame{.stream_id = 1});
    CHECK_THAT(server.session.reply(1, {}, true), IsSuccess());
    const std::size_t size = joined(server.session.output()).size();
    server.output_sent(size - 1);
    CHECK(server.told() == Lines{"on_stream 1 {}"});
    server.output_sent(1);
    CHECK(server.told() == Lines{"on_reply_sent 1", "on_sent 1 ok"});
  }
}

TEST_CASE("the end of the connection: ours ends at once, the peer's behind what is held",
          "[session][directions]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held");
  client.receive_end();
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_sent 1 kConnectionLost"});
  client.session.resume(id);
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_data 1 'held'", "on_received 1 kConnectionLost",
                                           "on_stream_closed 1 kConnectionLost"});
}

TEST_CASE("on_writable does not come behind on_sent", "[session][directions]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.write(id, "0123456789");
  client.sent();
  client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
  CHECK(client.told() == Lines{"on_stream_closed 1 kStreamReset"});
}

// A paused reader that hears of nothing keeps its stream, so a peer could make us keep any number.
TEST_CASE("a stream whose end waits for its reader counts", "[session][directions]") {
  session::Options options = without_windows();
  options.limits.concurrent_streams = 1;
  SessionDriver server(Role::kServer, options);
  server.accept({.stream_id = 1});
  server.session.pause(1);
  server.receive_data(1, "", true);
  server.session.end(1);
  server.sent();
  CHECK(server.told() == Lines{"on_sent 1 ok"});
  server.receive(wire::SynStreamFrame{.stream_id = 3});
  CHECK(server.sent() == Lines{"RST_STREAM 3 REFUSED_STREAM"});
  server.session.resume(1);
  CHECK(server.told() == Lines{"on_received 1 ok", "on_stream_closed 1 ok"});
  server.receive(wire::SynStreamFrame{.stream_id = 5});
  CHECK(server.told() == Lines{"on_stream 5 {}"});
}

}  // namespace
}  // namespace uvspdy::test
