// Limits on what a peer may make us keep and answer.

#include "support/mentions.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

TEST_CASE("a peer that makes us give windows and does not read", "[session][limits]") {
  session::Options options = with_windows();
  options.initial_stream_window = 1;
  options.limits.queued_control_output = 1000;
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = client.create_accepted();
  for (int i = 0; i < 62; ++i) client.receive_data(id, "x");
  CHECK(client.session.is_open());
  client.receive_data(id, "x");  // the 63rd WINDOW_UPDATE of 16 bytes
  CHECK(error_text(client.session.error()) == "kLimitExceeded");
  CHECK(mentions(client.session.error().message(), {"queued_control_output = 1000"}));
}

// What this side does of its own is no fault of the peer's, however much it is before the peer has
// had a turn to read.
TEST_CASE("any number of resets by our own user, at once", "[session][limits]") {
  constexpr wire::StreamId kStreams = 66000;
  session::Options options = without_windows();
  options.limits.concurrent_streams = kStreams;
  options.limits.stream_headers = 100 * 1024 * 1024;
  options.limits.stream_rate = options.limits.header_block_rate = {kStreams, kStreams};
  SECTION("of streams that it has created") {
    SessionDriver client(Role::kClient, options);
    for (wire::StreamId i = 0; i < kStreams; ++i) client.create();
    client.take_output();
    for (wire::StreamId i = 0; i < kStreams; ++i) {
      client.session.reset(1 + 2 * i, RstStatus::kCancel);
    }
    client.turn();
    CHECK(client.session.is_open());
    CHECK(client.sent().size() == kStreams);
  }
  SECTION("of the peer's") {
    SessionDriver server(Role::kServer, options);
    for (wire::StreamId i = 0; i < kStreams; ++i) {
      server.receive(wire::SynStreamFrame{.stream_id = 1 + 2 * i});
    }
    for (wire::StreamId i = 0; i < kStreams; ++i) {
      server.session.reset(1 + 2 * i, RstStatus::kCancel);
    }
    server.turn();
    CHECK(server.session.is_open());
    CHECK(server.sent().size() == kStreams);
  }
  SECTION("answered, and reset") {
    SessionDriver server(Role::kServer, options);
    for (wire::StreamId i = 0; i < kStreams; ++i) {
      server.receive(wire::SynStreamFrame{.stream_id = 1 + 2 * i});
    }
    for (wire::StreamId i = 0; i < kStreams; ++i) {
      CHECK_THAT(server.session.reply(1 + 2 * i, {}), IsSuccess());
      server.session.reset(1 + 2 * i, RstStatus::kCancel);
    }
    server.turn();
    CHECK(server.session.is_open());
    CHECK(server.sent().size() == 2 * kStreams);
  }
}

TEST_CASE("a peer that opens streams and takes no answers gets no more of them",
          "[session][limits]") {
  session::Options options = without_windows();
  options.limits.concurrent_streams = 10;
  options.limits.queued_control_output = 1000;
  SessionDriver server(Role::kServer, options);
  const bool replies = GENERATE(false, true);
  wire::StreamId id = 1;
  const auto open = [&] {
    const wire::StreamId opened = id;
    id += 2;
    server.receive(wire::SynStreamFrame{.stream_id = opened});
    return server.told() == Lines{"on_stream " + std::to_string(opened) + " {}"};
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(open());
      if (replies) CHECK_THAT(server.session.reply(id - 2, {}), IsSuccess());
      server.session.reset(id - 2, RstStatus::kCancel);
      server.told();
    }
    // All ten are over, and none of them has left.
    CHECK_FALSE(open());
    CHECK_FALSE(open());
    CHECK(server.session.is_open());
    // Once their answers are on their way there is room again.
    CHECK(server.sent().size() == (replies ? 22 : 12));
  }
  CHECK(open());
  // Who goes on all the same makes us refuse without end.
  for (int i = 0; i < 100; ++i) open();
  CHECK(error_text(server.session.error()) == "kLimitExceeded");
  CHECK(mentions(server.session.error().message(), {"queued_control_output = 1000"}));
}

TEST_CASE("answers that leave a stream open do not take a second place", "[session][limits]") {
  session::Options options = without_windows();
  options.limits.concurrent_streams = 10;
  SessionDriver server(Role::kServer, options);
  for (wire::StreamId id = 1; id < 20; id += 2) {
    server.receive(wire::SynStreamFrame{.stream_id = id});
    CHECK_THAT(server.session.reply(id, {}), IsSuccess());
  }
  for (const std::string& line : server.sent()) CHECK(line.starts_with("SYN_REPLY"));
  server.receive(wire::SynStreamFrame{.stream_id = 21});
  CHECK(server.sent() == Lines{"RST_STREAM 21 REFUSED_STREAM"});
}

// What is held of a stream that an error has ended takes its place; its reset does not, by then.
TEST_CASE("a place is free once its stream is read, though its answer left before",
          "[session][limits]") {
  session::Options options = without_windows();
  options.limits.concurrent_streams = 1;
  SessionDriver server(Role::kServer, options);
  server.accept({.stream_id = 1});
  server.session.pause(1);
  server.receive_data(1, "held");
  server.receive(wire::SynReplyFrame{.stream_id = 1});
  CHECK(server.sent() == Lines{"RST_STREAM 1 PROTOCOL_ERROR"});
  server.receive(wire::SynStreamFrame{.stream_id = 3});
  CHECK(server.sent() == Lines{"RST_STREAM 3 REFUSED_STREAM"});
  server.session.resume(1);
  server.told();
  server.receive(wire::SynStreamFrame{.stream_id = 5});
  CHECK(server.told() == Lines{"on_stream 5 {}"});
}

}  // namespace
}  // namespace uvspdy::test
