// The peer's GOAWAY.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

TEST_CASE("streams above the last good id are gone, the others go on", "[session][goaway]") {
  SessionDriver client(Role::kClient);
  const auto open = client.create_accepted();
  const auto asked = client.create();
  const auto above = client.create();
  client.write(above, "never sent");
  client.sent();
  client.receive(wire::GoAwayFrame{asked});
  CHECK(client.session.peer_gone_away());
  CHECK(client.told() == Lines{"on_goaway 3 OK", "on_stream_closed 5 kGoneAway"});
  CHECK(client.session.stats().queued_bytes == 0);
  CHECK(client.session.is_open());

  client.receive(wire::SynReplyFrame{.stream_id = asked});
  client.receive_data(asked, "answer");
  client.receive_data(open, "more");
  CHECK(client.told() == Lines{"on_reply 3 {}", "on_data 3 'answer'", "on_data 1 'more'"});
  client.write(open, "and back");
  client.session.end(asked);
  CHECK(client.sent() == Lines{"DATA 3 '' FIN", "DATA 1 'and back'"});
  CHECK(client.session.stream_count() == 2);
}

TEST_CASE("no new streams behind a GOAWAY", "[session][goaway]") {
  SessionDriver client(Role::kClient);
  CHECK_FALSE(client.session.peer_gone_away());
  client.receive(wire::GoAwayFrame{0});
  const auto id = client.session.create_stream({}, {}, client.clock.now());
  REQUIRE_FALSE(id);
  CHECK(error_text(id.error()) == "kGoneAway");
  CHECK(client.sent().empty());
}

TEST_CASE("a SYN_STREAM that has not left when the GOAWAY comes never does", "[session][goaway]") {
  SessionDriver client(Role::kClient);
  client.create();
  client.receive(wire::GoAwayFrame{100});
  CHECK(client.told() == Lines{"on_goaway 100 OK", "on_stream_closed 1 kGoneAway"});
  CHECK(client.sent().empty());
}

TEST_CASE("a second GOAWAY is passed over", "[session][goaway]") {
  SessionDriver client(Role::kClient);
  const auto asked = client.create();
  client.sent();
  client.receive(wire::GoAwayFrame{asked});
  client.receive(wire::GoAwayFrame{0, wire::GoAwayStatus::kInternalError});
  CHECK(client.told() == Lines{"on_goaway 1 OK"});
  client.receive(wire::SynReplyFrame{.stream_id = asked});
  CHECK(client.told() == Lines{"on_reply 1 {}"});
}

TEST_CASE("the peer's own streams are not touched by its GOAWAY", "[session][goaway]") {
  SessionDriver client(Role::kClient);
  client.accept({.stream_id = 2});
  client.receive(wire::GoAwayFrame{0});
  client.receive_data(2, "still here");
  CHECK(client.told() == Lines{"on_goaway 0 OK", "on_data 2 'still here'"});
  client.write(2, "here too");
  CHECK(client.sent() == Lines{"DATA 2 'here too'"});
}

TEST_CASE("an unexpected end behind a GOAWAY keeps streams apart: gone and lost",
          "[session][goaway]") {
  SessionDriver client(Role::kClient);
  const auto open = client.create_accepted();
  client.create();
  client.receive(wire::GoAwayFrame{open});
  client.receive_end();
  CHECK(client.told() == Lines{"on_goaway 1 OK", "on_stream_closed 3 kGoneAway",
                               "on_stream_closed 1 kConnectionLost"});
}

TEST_CASE("a unidirectional stream above the last good id is safe to retry", "[session][goaway]") {
  SessionDriver client(Role::kClient);
  const auto first = client.create({}, {.unidirectional = true});
  client.create({}, {.unidirectional = true});
  client.sent();
  CHECK(client.told() == Lines{"on_received 1 ok", "on_received 3 ok"});
  client.receive(wire::GoAwayFrame{first});
  CHECK(client.told() == Lines{"on_goaway 1 OK", "on_stream_closed 3 kGoneAway"});
}

}  // namespace
}  // namespace uvspdy::test
