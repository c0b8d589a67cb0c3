// Streams that end with RST_STREAM behind what was written.

#include <chrono>

#include "support/mentions.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Errc;
using session::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kToldReset = "on_stream_closed 1";

bool told_of_reset(const Lines& told) {
  return told.size() == 1 && told.front().starts_with(kToldReset);
}

TEST_CASE("end_with_reset: what was written, then RST_STREAM, then the end is told",
          "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(20000));
  client.session.end_with_reset(id);
  CHECK(client.session.write(id, Buffer::copy_of("more")).code() == Errc::kStreamClosed);
  client.session.end(id);  // it is a reset that was asked for
  CHECK_FALSE(client.session.writable(id));
  CHECK(client.told().empty());
  CHECK(client.sent() == Lines{"DATA 1 16384 bytes", "DATA 1 3616 bytes", "RST_STREAM 1 CANCEL"});
  CHECK(client.sent_payload(id) == patterned_text(20000));
  CHECK(told_of_reset(client.told()));
  CHECK(client.session.stream_count() == 0);
  CHECK_FALSE(client.session.has_output());
  // What the peer had on its way is nobody's.
  client.receive_data(id, "late");
  CHECK(client.told().empty());
  CHECK(client.session.is_open());
}

TEST_CASE("end_with_reset: with nothing written it is a reset", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.end_with_reset(id);
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  CHECK(told_of_reset(client.told()));
  client.session.end_with_reset(id);
  CHECK(client.sent().empty());
}

TEST_CASE("end_with_reset: what has come for a paused reader is still delivered",
          "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "hello");
  const bool written = GENERATE(false, true);
  if (written) client.write(id, "half");
  client.session.end_with_reset(id);
  CHECK(client.sent().back() == "RST_STREAM 1 CANCEL");
  client.receive_data(id, "late");
  const Lines at_once = client.told();
  REQUIRE(at_once.size() == 1);
  CHECK(at_once.front().starts_with("on_sent 1 "));
  client.session.resume(id);
  const Lines told = client.told();
  CHECK(told == Lines{"on_data 1 'hello'", "on_stream_closed 1 kResetHere"});
  CHECK(client.session.stream_count() == 0);
}

TEST_CASE("end_with_reset: behind an end it does nothing", "[session][closing]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.end(id);
  client.session.end_with_reset(id);
  CHECK(client.sent() == Lines{"DATA 1 '' FIN"});
}

TEST_CASE("end_with_reset: waits for the window, and reading goes on meanwhile",
          "[session][closing]") {
  SessionDriver client(Role::kClient, with_windows());
  const auto id = client.create_accepted();
  (void)client.sent();
  client.write(id, patterned_text(70000));
  client.session.end_with_reset(id);
  (void)client.sent();
  CHECK_FALSE(client.session.has_output());
  client.receive_data(id, "hello");
  CHECK(client.told() == Lines{"on_data 1 'hello'"});
  REQUIRE(client.session.stream_stats(id));
  CHECK(client.session.stream_stats(id)->queued_bytes == 70000 - 65536);

  SECTION("the window opens") {
    client.receive(wire::WindowUpdateFrame{0, 10000});
    client.receive(wire::WindowUpdateFrame{id, 10000});
    CHECK(client.sent() == Lines{"DATA 1 4464 bytes", "RST_STREAM 1 CANCEL"});
    CHECK(told_of_reset(client.told()));
  }
  SECTION("the peer resets first") {
    client.receive(wire::RstStreamFrame{id, wire::RstStatus::kCancel});
    CHECK(told_of_reset(client.told()));
    CHECK(client.sent().empty());
    CHECK(client.session.stats().queued_bytes == 0);
  }
  SECTION("reset does not wait") {
    client.session.reset(id, wire::RstStatus::kInternalError);
    CHECK(client.sent() == Lines{"RST_STREAM 1 INTERNAL_ERROR"});
    CHECK(told_of_reset(client.told()));
  }
  SECTION("the session is closed, and what was written still leaves") {
    client.session.close(wire::GoAwayStatus::kOk);
    CHECK(told_of_reset(client.told()));
    client.receive(wire::WindowUpdateFrame{0, 10000});
    client.receive(wire::WindowUpdateFrame{id, 10000});
    CHECK(client.sent() == Lines{"DATA 1 4464 bytes", "RST_STREAM 1 CANCEL", "GOAWAY 0 OK"});
    CHECK(client.session.finished());
  }
}

// A stream that was broken off with 200,000 bytes written, of which the window has let out 65,536.
wire::StreamId break_off_past_the_window(SessionDriver& client) {
  const auto id = client.create_accepted();
  (void)client.sent();
  client.write(id, patterned_text(200000));
  (void)client.sent();
  client.session.end_with_reset(id);
  CHECK_FALSE(client.session.has_output());
  client.turn();
  return id;
}

void give_window(SessionDriver& client, wire::StreamId id, std::uint32_t bytes) {
  client.receive(wire::WindowUpdateFrame{0, bytes});
  client.receive(wire::WindowUpdateFrame{id, bytes});
}

TEST_CASE("end_with_reset: a peer that gives no window is not waited for for ever",
          "[session][closing][timeouts]") {
  session::Options options = with_windows();
  options.break_off_timeout = seconds(20);
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = break_off_past_the_window(client);
  client.clock.advance(seconds(20) - milliseconds(1));
  CHECK(client.told().empty());
  CHECK(client.sent().empty());
  REQUIRE(client.session.deadline());
  CHECK(*client.session.deadline() == client.clock.now() + milliseconds(1));
  client.clock.advance(milliseconds(1));
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
  CHECK(mentions(client.handler.closed_message(), {"134464 bytes", "20000 ms"}));
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  CHECK(client.session.stats().queued_bytes == 0);
  CHECK(client.session.is_open());
  give_window(client, id, 10000);  // too late
  CHECK(client.sent().empty());
  client.session.advance(client.clock.now());  // forgets streams that no longer wait
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("end_with_reset: the time of a break begins with it, however long nothing was said",
          "[session][closing][timeouts]") {
  session::Options options = with_windows();
  options.break_off_timeout = seconds(20);
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = client.create_accepted();
  client.write(id, patterned_text(200000));
  (void)client.sent();
  client.clock.advance(std::chrono::hours(1));  // nobody has told the session
  client.session.end_with_reset(id);
  CHECK(client.told().empty());
  client.clock.advance(seconds(20) - milliseconds(1));
  CHECK(client.told().empty());
  client.clock.advance(milliseconds(1));
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
}

TEST_CASE("end_with_reset: a peer that takes some of it is given more time",
          "[session][closing][timeouts]") {
  session::Options options = with_windows();
  options.break_off_timeout = seconds(20);
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = break_off_past_the_window(client);
  SECTION("as long as it takes a frame's worth each time") {
    for (int i = 0; i < 8; ++i) {
      client.clock.advance(seconds(19));
      client.turn();
      give_window(client, id, 16384);
      CHECK(client.sent() == Lines{"DATA 1 16384 bytes"});
      CHECK(client.told().empty());
    }
    client.clock.advance(seconds(19));
    client.turn();
    give_window(client, id, 16384);
    CHECK(client.sent() == Lines{"DATA 1 3392 bytes", "RST_STREAM 1 CANCEL"});
    CHECK(told_of_reset(client.told()));
  }
  SECTION("but not for single bytes") {
    for (int i = 0; i < 2; ++i) {
      client.clock.advance(seconds(9));
      client.turn();
      give_window(client, id, 1);
      CHECK(client.sent().size() == 1);
      CHECK(client.told().empty());
    }
    client.clock.advance(seconds(2));
    CHECK(told_of_reset(client.told()));
    CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
  }
  client.session.advance(client.clock.now());
  CHECK_FALSE(client.session.deadline());
}

TEST_CASE("end_with_reset: several that wait end each at its own time",
          "[session][closing][timeouts]") {
  session::Options options = with_windows();
  options.break_off_timeout = seconds(20);
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  client.write(first, patterned_text(65536 + 10));
  (void)client.sent();
  client.write(second, "nothing of it leaves");
  client.session.end_with_reset(first);
  client.turn();
  client.clock.advance(seconds(5));
  client.session.end_with_reset(second);
  client.turn();
  client.clock.advance(seconds(15));
  CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
  REQUIRE(client.session.deadline());
  CHECK(*client.session.deadline() == client.clock.now() + seconds(5));
  client.clock.advance(seconds(5));
  CHECK(client.told() == Lines{"on_stream_closed 3 kResetHere"});
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL", "RST_STREAM 3 CANCEL"});
}

TEST_CASE("end_with_reset: one that was never accepted does not wait for ever either",
          "[session][closing][timeouts]") {
  session::Options options = without_windows();
  options.create_timeout = seconds(0);
  options.break_off_timeout = seconds(20);
  SessionDriver client(Role::kClient, options);
  const auto id = client.create();
  client.write(id, "waits for the SYN_REPLY");
  client.session.end_with_reset(id);
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.turn();
  client.clock.advance(seconds(20));
  CHECK(told_of_reset(client.told()));
  CHECK(client.sent() == Lines{"RST_STREAM 1 CANCEL"});
}

TEST_CASE("end_with_reset: break_off_timeout 0 waits for ever", "[session][closing][timeouts]") {
  session::Options options = with_windows();
  options.break_off_timeout = seconds(0);
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = break_off_past_the_window(client);
  client.session.advance(client.clock.now());
  CHECK_FALSE(client.session.deadline());
  client.clock.advance(std::chrono::hours(48));
  CHECK(client.told().empty());
  REQUIRE(client.session.stream_stats(id));
  CHECK(client.session.stream_stats(id)->queued_bytes == 200000 - 65536);
}

}  // namespace
}  // namespace uvspdy::test
