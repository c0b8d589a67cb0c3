// Who sends next: PING answers, control frames, then DATA by priority and in turns.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

// "DATA 1 16384 bytes" and the like, as the ids alone.
std::vector<int> turns(const Lines& sent) {
  std::vector<int> ids;
  for (const std::string& line : sent) {
    REQUIRE(line.rfind("DATA ", 0) == 0);
    ids.push_back(std::stoi(line.substr(5)));
  }
  return ids;
}

TEST_CASE("a turn is a DATA frame of 16 KiB", "[session][scheduling]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(40000));
  CHECK(client.sent() == Lines{"DATA 1 16384 bytes", "DATA 1 16384 bytes", "DATA 1 7232 bytes"});
  CHECK(client.sent_payload(id) == patterned_text(40000));
}

TEST_CASE("max_data_frame bounds the frames", "[session][scheduling]") {
  session::Options options = without_windows();
  const auto [set, count] = GENERATE(
      table<std::size_t, std::size_t>({{1, 100}, {33, 4}, {100, 1}, {wire::kMaxFrameLength, 1}}));
  options.max_data_frame = set;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(60));
  client.write(id, std::string_view(patterned_text(100)).substr(60));
  CHECK(client.sent().size() == count);
  CHECK(client.sent_payload(id) == patterned_text(100));
}

TEST_CASE("streams of one priority take turns", "[session][scheduling]") {
  SessionDriver client(Role::kClient);
  for (int i = 0; i < 3; ++i) client.create_accepted({.priority = 3});
  client.write(1, patterned_text(3 * 16384));
  client.write(3, patterned_text(16384 + 1));
  client.write(5, patterned_text(2 * 16384));
  CHECK(turns(client.sent()) == std::vector<int>{1, 3, 5, 1, 3, 5, 1});
}

TEST_CASE("a stream that comes back waits for its turn", "[session][scheduling]") {
  session::Options options = without_windows();
  options.max_data_frame = 10;
  SessionDriver client(Role::kClient, options);
  for (int i = 0; i < 2; ++i) client.create_accepted();
  client.write(1, patterned_text(20));
  client.write(3, patterned_text(20));
  // A writer in small pieces gains nothing by writing often.
  for (int i = 0; i < 20; ++i) client.write(1, "x");
  CHECK(turns(client.sent()) == std::vector<int>{1, 3, 1, 3, 1, 1});
}

TEST_CASE("a higher priority goes first until it has no more", "[session][scheduling]") {
  SessionDriver client(Role::kClient);
  for (std::uint8_t priority = 0; priority < 8; ++priority) {
    client.create_accepted({.priority = static_cast<std::uint8_t>(7 - priority)});
  }
  for (int id = 1; id <= 15; id += 2) {
    client.write(static_cast<wire::StreamId>(id), patterned_text(16384 + 1));
  }
  CHECK(turns(client.sent()) ==
        std::vector<int>{15, 15, 13, 13, 11, 11, 9, 9, 7, 7, 5, 5, 3, 3, 1, 1});
}

TEST_CASE("the peer's priority of a stream counts for what we send on it",
          "[session][scheduling]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1, .priority = 7});
  server.accept({.stream_id = 3, .priority = 0});
  server.write(1, "low");
  server.write(3, "high");
  CHECK(turns(server.sent()) == std::vector<int>{3, 1});
}

TEST_CASE("control frames go ahead of DATA, and PING answers ahead of them",
          "[session][scheduling]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.write(1, "data");
  server.create();
  server.receive_data(99, "for a stream that never was");
  server.receive(wire::PingFrame{7});
  REQUIRE_THAT(server.session.ping(server.clock.now()), IsSuccess());
  server.receive(wire::PingFrame{9});
  CHECK(server.sent() == Lines{"PING 7", "PING 9", "RST_STREAM 99 INVALID_STREAM", "PING 2",
                               "SYN_STREAM 2 {}", "DATA 1 'data'"});
}

TEST_CASE("what is urgent does not stand behind all the DATA that is queued",
          "[session][scheduling]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1, .priority = 7});
  server.accept({.stream_id = 3, .priority = 0});
  server.write(1, patterned_text(4 * 1024 * 1024));
  const std::vector<std::uint8_t> first = joined(server.session.output());
  CHECK(first.size() < 512 * 1024);
  server.receive(wire::PingFrame{1});
  server.write(3, "important");
  server.output_sent(first.size());
  server.read_lines(first);
  const Lines rest = server.sent();
  REQUIRE(rest.size() > 10);
  CHECK(rest[0] == "PING 1");
  CHECK(rest[1] == "DATA 3 'important'");
  CHECK(server.sent_payload(1) == patterned_text(4 * 1024 * 1024));
}

TEST_CASE("a stream reset in the middle of its turns stops the others nowhere",
          "[session][scheduling]") {
  session::Options options = without_windows();
  options.max_data_frame = 10;
  SessionDriver client(Role::kClient, options);
  for (int i = 0; i < 3; ++i) client.create_accepted();
  for (const wire::StreamId id : {1u, 3u, 5u}) client.write(id, patterned_text(20));
  // First, middle and last of the line.
  const wire::StreamId gone = GENERATE(1u, 3u, 5u);
  client.session.reset(gone, wire::RstStatus::kCancel);
  std::vector<int> expected;
  for (int turn = 0; turn < 2; ++turn) {
    for (const wire::StreamId id : {1u, 3u, 5u}) {
      if (id != gone) expected.push_back(static_cast<int>(id));
    }
  }
  Lines sent = client.sent();
  REQUIRE_FALSE(sent.empty());
  CHECK(sent.front() == "RST_STREAM " + std::to_string(gone) + " CANCEL");
  sent.erase(sent.begin());
  CHECK(turns(sent) == expected);
}

}  // namespace
}  // namespace uvspdy::test
