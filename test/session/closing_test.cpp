// The end of a session from this side: close and abort.

#include <algorithm>

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

const Error kGone(session::Errc::kConnectionLost, "gone for a test");

// The lines that name one stream.
Lines of_stream(const Lines& lines, wire::StreamId id) {
  const std::string number = std::to_string(id);
  Lines found;
  for (const std::string& line : lines) {
    const std::size_t first = line.find(' ');
    if (line.substr(0, 6) == "GOAWAY" || first == std::string::npos) continue;
    if (line.substr(first + 1, line.find(' ', first + 1) - first - 1) == number) {
      found.push_back(line);
    }
  }
  return found;
}

TEST_CASE("close: what was written, then the resets, then GOAWAY", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto idle = client.create_accepted();
  const auto writing = client.create_accepted();
  const auto finishing = client.create_accepted();
  const auto finished = client.create_accepted();
  const auto asked = client.create();
  CHECK(client.sent() == Lines{"SYN_STREAM 9 {}"});
  const auto unsent = client.create();
  client.write(writing, patterned_text(20000));
  client.write(finishing, "the end");
  client.session.end(finishing);
  client.session.end(finished);
  client.write(asked, "without a reply, nothing to send it to");

  client.session.close(wire::GoAwayStatus::kOk);
  CHECK_FALSE(client.session.is_open());
  CHECK(client.session.has_output());
  CHECK_FALSE(client.session.finished());
  CHECK(client.handler.take().empty());

  const Lines sent = client.sent();
  CHECK(of_stream(sent, idle) == Lines{"RST_STREAM 1 CANCEL"});
  CHECK(of_stream(sent, writing) ==
        Lines{"DATA 3 16384 bytes", "DATA 3 3616 bytes", "RST_STREAM 3 CANCEL"});
  REQUIRE_FALSE(of_stream(sent, finishing).empty());
  CHECK(of_stream(sent, finishing).front() == "DATA 5 'the end' FIN");
  REQUIRE_FALSE(of_stream(sent, finished).empty());
  CHECK(of_stream(sent, finished).front() == "DATA 7 '' FIN");
  CHECK(of_stream(sent, asked) == Lines{"RST_STREAM 9 CANCEL"});
  CHECK(of_stream(sent, unsent).empty());  // the peer never hears of it
  CHECK(sent.back() == "GOAWAY 0 OK");
  CHECK(std::count(sent.begin(), sent.end(), "GOAWAY 0 OK") == 1);
  CHECK(client.sent_payload(writing) == patterned_text(20000));
  CHECK(client.session.finished());
  CHECK_FALSE(client.session.has_output());
}

TEST_CASE("close tells every stream at the next advance", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto idle = client.create_accepted();
  const auto writing = client.create_accepted();
  const auto finishing = client.create_accepted();
  client.create();
  client.write(writing, patterned_text(100));
  client.session.end(finishing);
  // Readers that are behind lose what they have not taken.
  const bool held = GENERATE(false, true);
  if (held) {
    for (const auto id : {idle, writing, finishing}) {
      client.session.pause(id);
      client.receive_data(id, "held", id == idle);
    }
  }
  client.session.close(wire::GoAwayStatus::kOk);
  CHECK_THAT(client.session.error(), IsSuccess());
  CHECK(client.handler.take().empty());
  Lines told = client.told();
  std::sort(told.begin(), told.end());
  Lines expected;
  for (const char* id : {"1", "3", "5", "7"}) {
    expected.push_back(std::string("on_stream_closed ") + id + " kConnectionClosed");
  }
  CHECK(told == expected);
  CHECK(client.session.stream_count() == 0);
  CHECK(client.session.stats().held_bytes == 0);
  // What is still sent for them is not told any more.
  client.sent();
  CHECK(client.told().empty());
  CHECK(client.session.finished());
}

TEST_CASE("close with nothing open sends GOAWAY with its status", "[session][closing]") {
  SessionDriver client(Role::kClient);
  CHECK_FALSE(client.session.finished());
  client.session.close(wire::GoAwayStatus::kInternalError);
  client.session.close(wire::GoAwayStatus::kOk);  // once is enough
  CHECK(client.sent() == Lines{"GOAWAY 0 INTERNAL_ERROR"});
  CHECK(client.session.finished());
  CHECK(client.told().empty());
}

TEST_CASE("nothing begins and nothing comes in behind close", "[session][closing]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.session.close(wire::GoAwayStatus::kOk);
  const auto id = server.session.create_stream({}, {}, server.clock.now());
  REQUIRE_FALSE(id);
  CHECK(error_text(id.error()) == "kConnectionClosed");
  CHECK(server.session.write(1, Buffer::copy_of("x")));
  server.session.end(1);
  server.receive(wire::SynStreamFrame{.stream_id = 3});
  server.receive(wire::PingFrame{1});
  server.receive_data(1, "late", true);
  server.receive_data(99, "wrong");
  // A PING is answered all the same: its sender may take us for dead otherwise.
  CHECK(server.sent() == Lines{"PING 1", "RST_STREAM 1 CANCEL", "GOAWAY 1 OK"});
  CHECK(server.told() == Lines{"on_stream_closed 1 kConnectionClosed"});
  server.receive_end();
  CHECK(server.told().empty());
}

TEST_CASE("a server that closes before the client has spoken can finish", "[session][closing]") {
  SessionDriver server(Role::kServer);
  server.session.close(wire::GoAwayStatus::kOk);
  CHECK(server.sent() == Lines{"GOAWAY 0 OK"});
  CHECK(server.session.finished());
}

TEST_CASE("close lets a batch that is half sent go on", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(1000));
  const std::vector<std::uint8_t> batch = joined(client.session.output());
  client.output_sent(500);
  client.session.close(wire::GoAwayStatus::kOk);
  client.turn();
  std::vector<std::uint8_t> all(batch.begin(), batch.begin() + 500);
  const std::vector<std::uint8_t> rest = client.take_output();
  all.insert(all.end(), rest.begin(), rest.end());
  CHECK(client.read_lines(all) == Lines{"DATA 1 1000 bytes", "RST_STREAM 1 CANCEL", "GOAWAY 0 OK"});
}

TEST_CASE("keep_on_close leaves a stream out of the resets", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto idle = client.create_accepted();
  const auto writing = client.create_accepted();
  const auto other = client.create_accepted();
  client.write(writing, "the rest");
  client.session.keep_on_close(idle);
  client.session.keep_on_close(writing);
  client.session.close(wire::GoAwayStatus::kOk);
  const Lines sent = client.sent();
  CHECK(of_stream(sent, idle).empty());
  REQUIRE_FALSE(of_stream(sent, writing).empty());
  CHECK(of_stream(sent, writing).front().rfind("DATA 3 'the rest'", 0) == 0);
  for (const std::string& line : of_stream(sent, writing)) CHECK(line.rfind("DATA", 0) == 0);
  CHECK(of_stream(sent, other) == Lines{"RST_STREAM 5 CANCEL"});
  CHECK(sent.back() == "GOAWAY 0 OK");
  client.turn();
  CHECK(client.session.stream_count() == 0);
}

TEST_CASE("close does not pass off lost data as a good end", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  std::string how;
  SECTION("all was delivered") {
    client.receive_data(id, "all", true);
    how = "ok";
  }
  SECTION("some was held") {
    client.session.pause(id);
    client.receive_data(id, "held", true);
    how = "kConnectionClosed";
  }
  client.session.end(id);
  client.sent();
  client.handler.take();
  client.session.close(wire::GoAwayStatus::kOk);
  CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 " + how});
  CHECK(client.sent() == Lines{"GOAWAY 0 OK"});
}

TEST_CASE("a peer that resets a stream behind close is spared the rest of it",
          "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  client.write(first, patterned_text(1000 * 1000));
  client.write(second, patterned_text(1000));
  client.session.close(wire::GoAwayStatus::kOk);
  const std::vector<std::uint8_t> batch = joined(client.session.output());
  client.receive(wire::RstStreamFrame{first, wire::RstStatus::kCancel});
  client.turn();
  client.output_sent(batch.size());
  client.read_lines(batch);
  const Lines rest = client.sent();
  CHECK(of_stream(rest, first).empty());
  REQUIRE_FALSE(rest.empty());
  CHECK(rest.back() == "GOAWAY 0 OK");
  CHECK(client.sent_payload(second) == patterned_text(1000));
  CHECK(client.session.finished());
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("abort ends at once and tells every stream why", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto writing = client.create_accepted();
  client.create();
  client.write(writing, patterned_text(100));
  SECTION("from open") {}
  SECTION("with output half sent") {
    REQUIRE_FALSE(client.session.output().empty());
    client.output_sent(10);
  }
  client.session.abort(kGone);
  CHECK_FALSE(client.session.is_open());
  CHECK(client.session.finished());
  CHECK_FALSE(client.session.has_output());
  CHECK(client.session.output().empty());
  CHECK(client.handler.take().empty());
  Lines told = client.told();
  std::sort(told.begin(), told.end());
  CHECK(told == Lines{"on_stream_closed 1 kConnectionLost", "on_stream_closed 3 kConnectionLost"});
  CHECK(client.handler.closed_message() == kGone.message());
  CHECK(client.session.stats().queued_bytes == 0);

  client.session.abort(kGone);
  client.session.close(wire::GoAwayStatus::kOk);
  client.receive(wire::SynStreamFrame{.stream_id = 2});
  client.receive_end();
  CHECK(client.told().empty());
  CHECK(client.session.output().empty());
}

TEST_CASE("abort cuts short what close had left to send", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(1000 * 1000));
  client.session.close(wire::GoAwayStatus::kOk);
  const bool told_between = GENERATE(false, true);
  if (told_between) client.turn();
  client.output_sent(joined(client.session.output()).size());
  CHECK_FALSE(client.session.finished());
  client.session.abort(kGone);
  CHECK(client.session.finished());
  CHECK(client.told() == Lines{"on_stream_closed 1 kConnectionClosed"});
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("abort does not pass off lost data as a good end", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held", true);
  SECTION("the peer's direction is done") {}
  SECTION("both are") {
    client.session.end(id);
    client.sent();
    CHECK(client.told() == Lines{"on_sent 1 ok"});
  }
  client.session.abort(kGone);
  CHECK(client.told() == Lines{"on_stream_closed 1 kConnectionLost"});
  CHECK(client.session.stats().held_bytes == 0);
  CHECK(client.session.stream_count() == 0);
}

}  // namespace
}  // namespace uvspdy::test
