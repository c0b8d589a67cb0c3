// Readers that pause: what is held for them, the limits of it, and the order of the end.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

session::Options small_buffers(std::size_t stream, std::size_t connection) {
  session::Options options = without_windows();
  options.limits.stream_buffer = stream;
  options.limits.connection_buffer = connection;
  return options;
}

TEST_CASE("a paused stream's data is held and given later, in order", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "one, ");
  client.receive_data(id, "two, ");
  CHECK(client.told().empty());
  CHECK(client.session.stats().held_bytes == 10);

  client.session.resume(id);
  CHECK(client.handler.take().empty());  // not inside resume
  REQUIRE(client.session.deadline());
  CHECK(*client.session.deadline() <= client.clock.now());
  // What comes before the advance queues behind what is held.
  client.receive_data(id, "three");
  CHECK(client.handler.take().empty());
  client.turn();
  CHECK(client.handler.data(id) == "one, two, three");
  CHECK(client.session.stats().held_bytes == 0);

  client.handler.take();
  client.receive_data(id, "!");
  CHECK(client.told() == Lines{"on_data 1 '!'"});
}

TEST_CASE("pausing again before the held data is told holds on", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held");
  client.session.resume(id);
  client.session.pause(id);
  CHECK(client.told().empty());
  CHECK(client.session.stats().held_bytes == 4);
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 'held'"});
}

TEST_CASE("much that is held is given in blocks of 64 KiB, one in each advance",
          "[session][pausing]") {
  constexpr std::size_t kBlock = 64 * 1024;
  SessionDriver client(Role::kClient, small_buffers(1000 * 1000, 1000 * 1000));
  const auto id = client.create_accepted();
  client.session.pause(id);
  const std::string much = patterned_text(5 * kBlock / 2);
  // In pieces that end nowhere near the end of a block, and one that is larger than a block.
  client.receive_data(id, much.substr(0, 1000));
  client.receive_data(id, much.substr(1000, 70 * 1000));
  client.receive_data(id, much.substr(71 * 1000));
  client.session.resume(id);
  const auto advance = [&client] { client.session.advance(client.clock.now()); };
  advance();
  CHECK((client.handler.data(id) == much.substr(0, kBlock)));
  REQUIRE(client.session.deadline());
  SECTION("a reader that pauses again gets no more") {
    client.session.pause(id);
    advance();
    CHECK(client.handler.data(id).size() == kBlock);
    CHECK(client.session.stats().held_bytes == much.size() - kBlock);
    client.session.resume(id);
  }
  SECTION("what comes meanwhile queues behind them") {
    client.receive_data(id, "new");
    client.turn();
    CHECK((client.handler.data(id) == much + "new"));
  }
  advance();
  advance();
  CHECK((client.handler.data(id).substr(0, much.size()) == much));
  CHECK(client.session.stats().held_bytes == 0);
}

TEST_CASE("one paused stream stops no other", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto paused = client.create_accepted();
  const auto reading = client.create_accepted();
  client.session.pause(paused);
  for (int i = 0; i < 100; ++i) {
    client.receive_data(paused, patterned_text(1000));
    client.receive_data(reading, "x");
  }
  CHECK(client.session.wants_input());
  client.turn();
  CHECK(client.handler.data(reading) == std::string(100, 'x'));
  CHECK(client.handler.data(paused).empty());
  CHECK(client.session.stats().held_bytes == 100 * 1000);
}

TEST_CASE("a reader that pauses inside on_data gets no more of that read", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.handler.during = [&client](std::string_view name, wire::StreamId stream) {
    if (name == "on_data") client.session.pause(stream);
  };
  std::vector<std::uint8_t> input = client.peer.data(id, "first");
  const std::vector<std::uint8_t> rest = client.peer.data(id, "second", true);
  input.insert(input.end(), rest.begin(), rest.end());
  client.receive_bytes(input);
  CHECK(client.told() == Lines{"on_data 1 'first'"});
  client.handler.during = nullptr;
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 'second'", "on_received 1 ok"});
}

TEST_CASE("a stream that is paused in on_stream gives nothing away before its reader is there",
          "[session][pausing]") {
  SessionDriver server(Role::kServer);
  server.handler.during = [&server](std::string_view name, wire::StreamId id) {
    if (name == "on_stream") server.session.pause(id);
  };
  std::vector<std::uint8_t> input = server.peer.bytes(wire::SynStreamFrame{.stream_id = 1});
  const std::vector<std::uint8_t> data = server.peer.data(1, "at once", true);
  input.insert(input.end(), data.begin(), data.end());
  server.receive_bytes(input);
  CHECK(server.told() == Lines{"on_stream 1 {}"});
  CHECK_THAT(server.session.reply(1, {}), IsSuccess());
  server.sent();
  CHECK(server.told() == Lines{"on_reply_sent 1"});
  server.session.resume(1);
  CHECK(server.told() == Lines{"on_data 1 'at once'", "on_received 1 ok"});
}

TEST_CASE("the end of a paused stream comes behind its data", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  const bool holds = GENERATE(true, false);
  if (holds) client.receive_data(id, "held");
  Lines at_once;  // our own direction waits for no reader
  Lines end;
  SECTION("FIN") {
    client.receive_data(id, "", true);
    end = {"on_received 1 ok"};
  }
  SECTION("FIN of HEADERS") {
    client.receive(wire::HeadersFrame{.stream_id = id, .fin = true});
    at_once = {"on_headers 1 {}"};
    end = {"on_received 1 ok"};
  }
  SECTION("FIN in both directions") {
    client.session.end(id);
    client.receive_data(id, "", true);
    client.sent();
    at_once = {"on_sent 1 ok"};
    end = {"on_received 1 ok", "on_stream_closed 1 ok"};
  }
  SECTION("RST_STREAM") {
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    at_once = {"on_sent 1 kStreamReset"};
    end = {"on_stream_closed 1 kStreamReset"};
  }
  SECTION("FIN, then RST_STREAM") {
    client.receive_data(id, "", true);
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    at_once = {"on_sent 1 kStreamReset"};
    end = {"on_received 1 ok", "on_stream_closed 1 kStreamReset"};
  }
  SECTION("a frame in error") {
    client.receive(wire::SynReplyFrame{.stream_id = id});
    at_once = {"on_sent 1 kProtocolError"};
    end = {"on_stream_closed 1 kProtocolError"};
  }
  SECTION("GOAWAY and the end of the connection") {
    client.receive(wire::GoAwayFrame{id});
    client.receive_end();
    at_once = {"on_goaway 1 OK", "on_sent 1 kConnectionLost"};
    end = {"on_stream_closed 1 kConnectionLost"};
  }
  SECTION("a session error") {
    client.receive(wire::SynStreamFrame{.stream_id = 3});
    at_once = {"on_sent 1 kProtocolError"};
    end = {"on_stream_closed 1 kProtocolError"};
  }
  CHECK(client.told() == at_once);
  CHECK(client.session.stats().held_bytes == (holds ? 4 : 0));
  CHECK(client.session.stream_count() == 1);
  client.session.resume(id);
  Lines expected;
  if (holds) expected.emplace_back("on_data 1 'held'");
  expected.insert(expected.end(), end.begin(), end.end());
  CHECK(client.told() == expected);
  CHECK(client.session.stats().held_bytes == 0);
}

TEST_CASE("what this side does to a paused stream ends its pause", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  const bool holds = GENERATE(true, false);
  if (holds) client.receive_data(id, "held");
  std::string how;
  SECTION("reset") {
    client.session.reset(id, RstStatus::kCancel);
    how = "kResetHere";
  }
  SECTION("close") {
    client.session.close(wire::GoAwayStatus::kOk);
    how = "kConnectionClosed";
  }
  SECTION("abort") {
    client.session.abort(Error(session::Errc::kConnectionLost, "for a test"));
    how = "kConnectionLost";
  }
  client.turn();
  CHECK(client.handler.take_all() ==
        Lines{"on_sent 1 " + how, "on_received 1 " + how, "on_stream_closed 1 " + how});
  CHECK(client.session.stats().held_bytes == 0);
}

TEST_CASE("a stream that is refused has no reader to wait for", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.session.pause(id);
  client.sent();
  client.receive(wire::RstStreamFrame{id, RstStatus::kRefusedStream});
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_sent 1 kStreamRefused",
                                           "on_received 1 kStreamRefused",
                                           "on_stream_closed 1 kStreamRefused"});
}

TEST_CASE("past stream_buffer the connection is not read until that reader caught up",
          "[session][pausing]") {
  SessionDriver client(Role::kClient, small_buffers(100, 1000));
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(100));
  CHECK(client.session.wants_input());
  client.receive_data(id, "x");
  CHECK_FALSE(client.session.wants_input());
  client.session.resume(id);
  CHECK_FALSE(client.session.wants_input());  // nothing is told yet
  client.turn();
  CHECK(client.session.wants_input());
  CHECK(client.handler.data(id) == patterned_text(100) + "x");
}

TEST_CASE("every stream past stream_buffer keeps the connection from being read",
          "[session][pausing]") {
  SessionDriver client(Role::kClient, small_buffers(100, 1000));
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  for (const auto id : {first, second}) {
    client.session.pause(id);
    client.receive_data(id, patterned_text(101));
  }
  client.session.resume(first);
  client.turn();
  CHECK_FALSE(client.session.wants_input());
  SECTION("until resumed") {
    client.session.resume(second);
    client.turn();
  }
  SECTION("or reset") {
    client.session.reset(second, RstStatus::kCancel);
    CHECK(client.session.stats().held_bytes == 0);
  }
  CHECK(client.session.wants_input());
}

TEST_CASE("past connection_buffer likewise", "[session][pausing]") {
  SessionDriver client(Role::kClient, small_buffers(100, 250));
  std::vector<wire::StreamId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(client.create_accepted());
    client.session.pause(ids.back());
    CHECK(client.session.wants_input());
    client.receive_data(ids.back(), patterned_text(90));
  }
  CHECK_FALSE(client.session.wants_input());
  CHECK(client.session.stats().held_bytes == 270);
  client.session.resume(ids[1]);
  client.turn();
  CHECK(client.session.wants_input());
}

TEST_CASE("data for a stream that ended is not held", "[session][pausing]") {
  SessionDriver client(Role::kClient, small_buffers(100, 1000));
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(90));
  client.session.reset(id, RstStatus::kCancel);
  client.receive_data(id, patterned_text(900));
  CHECK(client.session.stats().held_bytes == 0);
  CHECK(client.session.wants_input());
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
}

TEST_CASE("a reader that leaves a stream which ended gives its memory back", "[session][pausing]") {
  SessionDriver client(Role::kClient, small_buffers(100, 1000));
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(101));
  SECTION("ended by RST_STREAM") { client.receive(wire::RstStreamFrame{id, RstStatus::kCancel}); }
  SECTION("ended in order") {
    client.session.end(id);
    client.receive_data(id, "", true);
    client.sent();
  }
  client.turn();
  CHECK_FALSE(client.session.wants_input());
  // What was held is dropped, and the other streams go on.
  client.session.reset(id, RstStatus::kCancel);
  client.turn();
  CHECK(client.handler.data(id).empty());
  CHECK(client.session.stats().held_bytes == 0);
  CHECK(client.session.wants_input());
  CHECK(client.session.stream_count() == 0);
}

TEST_CASE("hold: nobody reads yet, so data waits, and an end behind it", "[session][pausing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.hold(id);
  SECTION("nothing has come: the end is told") {
    client.receive_data(id, "", true);
    CHECK(client.told() == Lines{"on_received 1 ok"});
  }
  SECTION("a reset likewise") {
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    CHECK(client.told() == Lines{"on_stream_closed 1 kStreamReset"});
  }
  SECTION("data and the end wait for a reader") {
    client.receive_data(id, "held", true);
    CHECK(client.told().empty());
    CHECK(client.session.stats().held_bytes == 4);
    client.session.resume(id);
    CHECK(client.told() == Lines{"on_data 1 'held'", "on_received 1 ok"});
  }
  SECTION("or for one that leaves") {
    client.receive_data(id, "held", true);
    client.session.discard(id);
    CHECK(client.told() == Lines{"on_received 1 ok"});
  }
  SECTION("a reader may begin with a pause") {
    client.session.pause(id);
    client.receive_data(id, "", true);
    CHECK(client.told().empty());
    client.session.hold(id);
    CHECK(client.told() == Lines{"on_received 1 ok"});
  }
}

}  // namespace
}  // namespace uvspdy::test
