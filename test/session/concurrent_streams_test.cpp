// SETTINGS_MAX_CONCURRENT_STREAMS: the peer's, which holds our streams back, and ours.

#include <chrono>

#include "support/mentions.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using std::chrono::seconds;
using wire::RstStatus;
using wire::SettingId;

struct Client : SessionDriver {
  explicit Client(std::uint32_t most) : SessionDriver(Role::kClient, with_windows()) {
    open();
    allow(most);
  }

  void allow(std::uint32_t most) {
    receive(wire::SettingsFrame{false, {{SettingId::kMaxConcurrentStreams, 0, most}}});
    handler.take();
  }
};

TEST_CASE("streams wait for their turn, in order", "[session][concurrent streams]") {
  Client client(2);
  for (const char* name : {"a", "b", "c", "d"}) client.create({{"name", name}});
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {name: a}", "SYN_STREAM 3 {name: b}"});
  CHECK_FALSE(client.session.has_output());
  CHECK(client.session.stats().streams == 4);
  CHECK(client.session.stats().streams_by_state.front() == 2);  // idle
  client.receive(wire::SynReplyFrame{.stream_id = 3});
  CHECK(client.sent().empty());

  SECTION("one is reset by us") {
    client.session.reset(1, RstStatus::kCancel);
    CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL", "SYN_STREAM 5 {name: c}"});
  }
  SECTION("one is refused") {
    client.receive(wire::RstStreamFrame{1, RstStatus::kRefusedStream});
    CHECK(client.sent() == Lines{"SYN_STREAM 5 {name: c}"});
  }
  SECTION("one closes in order") {
    client.receive_data(3, "", true);
    CHECK(client.sent().empty());
    client.session.end(3);
    CHECK(client.sent() == Lines{"DATA 3 '' FIN", "SYN_STREAM 5 {name: c}"});
  }
  SECTION("the peer allows more") {
    client.allow(3);
    CHECK(client.sent() == Lines{"SYN_STREAM 5 {name: c}"});
    client.allow(100);
    CHECK(client.sent() == Lines{"SYN_STREAM 7 {name: d}"});
  }
  SECTION("the peer allows less: what is open goes on") {
    client.allow(1);
    client.write(3, "x");
    CHECK(client.sent() == Lines{"DATA 3 'x'"});
    client.session.reset(1, RstStatus::kCancel);
    CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
    client.session.reset(3, RstStatus::kCancel);
    CHECK(client.sent() == Lines{"RST_STREAM 3 CANCEL", "SYN_STREAM 5 {name: c}"});
  }
}

TEST_CASE("0 lets none begin", "[session][concurrent streams]") {
  Client client(0);
  const auto id = client.create();
  client.write(id, "early");
  CHECK(client.sent().empty());
  client.allow(1);
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.receive(wire::SynReplyFrame{.stream_id = id});
  CHECK(client.sent() == Lines{"DATA 1 'early'"});
}

TEST_CASE("a stream that waits too long says for what", "[session][concurrent streams]") {
  Client client(1);
  client.create_accepted();
  client.create();
  client.clock.advance(seconds(30));
  CHECK(client.told() == Lines{"on_stream_closed 3 kCreateTimeout"});
  CHECK(mentions(client.handler.closed_message(),
                 {"was not sent, the peer allows 1 streams at once"}));
  // The peer never hears of it.
  client.session.reset(1, RstStatus::kCancel);
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  client.create();
  CHECK(client.sent() == Lines{"SYN_STREAM 5 {}"});
}

TEST_CASE("one that is given up while it waits is never on the wire",
          "[session][concurrent streams]") {
  Client client(0);
  client.create();
  const auto second = client.create();
  client.write(1, "never sent");
  SECTION("by its user") { client.session.reset(1, RstStatus::kCancel); }
  client.told();
  client.allow(1);
  if (client.session.stream_count() == 1) {
    CHECK(client.sent() == Lines{"SYN_STREAM 3 {}"});
    CHECK(client.session.stream_stats(second));
  } else {
    CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  }
  CHECK(client.session.stats().queued_bytes == (client.session.stream_count() == 1 ? 0 : 10));
}

TEST_CASE("the peer's GOAWAY makes those that wait safe to retry",
          "[session][concurrent streams]") {
  Client client(1);
  client.create_accepted();
  client.create();
  client.receive(wire::GoAwayFrame{99});
  CHECK(client.told() == Lines{"on_goaway 99 OK", "on_stream_closed 3 kGoneAway"});
  CHECK(client.sent().empty());
}

TEST_CASE("a peer's further streams than ours are refused", "[session][concurrent streams]") {
  session::Options options = with_windows();
  options.limits.concurrent_streams = 2;
  SessionDriver server(Role::kServer, options);
  for (const wire::StreamId id : {1u, 3u, 5u})
    server.receive(wire::SynStreamFrame{.stream_id = id});
  CHECK(server.told() == Lines{"on_stream 1 {}", "on_stream 3 {}"});
  CHECK(server.sent().back() == "RST_STREAM 5 REFUSED_STREAM");

  SECTION("until one is over") {
    server.receive(wire::RstStreamFrame{1, RstStatus::kCancel});
    CHECK(server.told() == Lines{"on_stream_closed 1 kStreamReset"});
    server.receive(wire::SynStreamFrame{.stream_id = 7});
    CHECK(server.told() == Lines{"on_stream 7 {}"});
    CHECK(server.sent().empty());
  }
  SECTION("or more are allowed") {
    CHECK_THAT(server.session.send_settings({{SettingId::kMaxConcurrentStreams, 0, 3}}),
               IsSuccess());
    server.receive(wire::SynStreamFrame{.stream_id = 7});
    CHECK(server.told() == Lines{"on_stream 7 {}"});
  }
  SECTION("fewer may be allowed, too") {
    CHECK_THAT(server.session.send_settings({{SettingId::kMaxConcurrentStreams, 0, 1}}),
               IsSuccess());
    server.receive(wire::RstStreamFrame{1, RstStatus::kCancel});
    server.told();
    server.sent();
    server.receive(wire::SynStreamFrame{.stream_id = 7});
    CHECK(server.sent() == Lines{"RST_STREAM 7 REFUSED_STREAM"});
    CHECK(server.told().empty());
  }
}

}  // namespace
}  // namespace uvspdy::test
