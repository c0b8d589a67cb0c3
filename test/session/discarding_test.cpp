// Readers that leave a stream for good, while it goes on.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using wire::RstStatus;

TEST_CASE("discard: what is held is dropped, and what comes is not told", "[session][discarding]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  const bool pauses = GENERATE(true, false);
  if (pauses) {
    client.session.pause(id);
    client.receive_data(id, "held");
  }
  client.session.discard(id);
  CHECK(client.session.stats().held_bytes == 0);
  client.receive_data(id, "late");
  CHECK(client.told().empty());
  CHECK(client.session.stats().held_bytes == 0);

  // Nobody comes back.
  client.session.resume(id);
  client.session.pause(id);
  client.receive_data(id, "later");
  CHECK(client.told().empty());
  CHECK(client.session.stats().held_bytes == 0);

  // The end is told all the same, paused or not.
  client.receive_data(id, "last", true);
  CHECK(client.told() == Lines{"on_received 1 ok"});
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 '' FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("discard: an end that waited for the reader is told", "[session][discarding]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  const bool holds = GENERATE(true, false);
  if (holds) client.receive_data(id, "held");
  std::string how;
  SECTION("in order") {
    client.receive_data(id, "", true);
    client.session.end(id);
    client.sent();
    CHECK(client.told() == Lines{"on_sent 1 ok"});
    how = "ok";
  }
  SECTION("by a reset") {
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    CHECK(client.told() == Lines{"on_sent 1 kStreamReset"});
    how = "kStreamReset";
  }
  SECTION("by the end of the connection") {
    client.receive_end();
    CHECK(client.told() == Lines{"on_sent 1 kConnectionLost"});
    how = "kConnectionLost";
  }
  client.session.discard(id);
  client.turn();
  CHECK(client.handler.take_all() == Lines{"on_received 1 " + how, "on_stream_closed 1 " + how});
  CHECK(client.session.stream_count() == 0);
}

TEST_CASE("discard: both windows are given back, so the peer never waits",
          "[session][discarding]") {
  SessionDriver client(Role::kClient, with_windows());
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(40000));
  CHECK(client.sent().empty());
  client.session.discard(id);
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 40000"});
  client.receive_data(id, patterned_text(40000));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 40000"});
  // The connection's is 4 MiB.
  std::string updates;
  for (int i = 0; i < 60; ++i) {
    client.receive_data(id, patterned_text(40000));
    for (const std::string& line : client.sent()) {
      if (line.starts_with("WINDOW_UPDATE 0 ")) updates += line;
    }
  }
  CHECK(updates.starts_with("WINDOW_UPDATE 0 "));
  CHECK(client.told().empty());
  CHECK(client.session.stats().held_bytes == 0);
}

TEST_CASE("discard: what the reader held up goes on", "[session][discarding]") {
  session::Options options = without_windows();
  options.limits.stream_buffer = 100;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(101));
  CHECK_FALSE(client.session.wants_input());
  client.session.discard(id);
  CHECK(client.session.wants_input());
  client.receive_data(id, patterned_text(1000));
  CHECK(client.session.wants_input());
}

TEST_CASE("discard: the OverflowPolicy has nothing to do", "[session][discarding]") {
  session::Options options = without_windows();
  options.limits.stream_buffer = 100;
  options.overflow = session::OverflowPolicy::kResetStream;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.session.discard(id);
  client.receive_data(id, patterned_text(1000));
  CHECK(client.sent().empty());
  CHECK(client.told().empty());
}

TEST_CASE("discard: our direction goes on", "[session][discarding]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.discard(id);
  client.write(id, "hello");
  CHECK(client.session.writable(id));
  CHECK(client.sent() == Lines{"DATA 1 'hello'"});
}

TEST_CASE("discard: before the SYN_REPLY, on either side", "[session][discarding]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.session.discard(id);
  client.sent();
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.receive_data(id, "nobody's");
  client.receive(wire::SynStreamFrame{.stream_id = 2});
  client.session.discard(2);
  client.receive_data(2, "nobody's");
  CHECK_THAT(client.session.reply(2, {}), IsSuccess());
  client.sent();
  CHECK(client.told() == Lines{"on_reply 1 {}", "on_stream 2 {}", "on_reply_sent 2"});
}

TEST_CASE("discard: HEADERS are told all the same", "[session][discarding]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.discard(id);
  client.receive(wire::HeadersFrame{.stream_id = id, .headers = {{"a", "1"}}});
  CHECK(client.told() == Lines{"on_headers 1 {a: 1}"});
}

TEST_CASE("discard: inside on_data", "[session][discarding]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.handler.during = [&client](std::string_view name, wire::StreamId stream) {
    if (name == "on_data") client.session.discard(stream);
  };
  const bool held = GENERATE(true, false);
  if (held) client.session.pause(id);
  client.receive_data(id, "first");
  if (held) client.session.resume(id);
  client.turn();
  client.receive_data(id, "second", true);
  CHECK(client.told() == Lines{"on_data 1 'first'", "on_received 1 ok"});
}

}  // namespace
}  // namespace uvspdy::test
