// Streams that end with RST_STREAM behind what was written.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Errc;
using session::Role;

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

}  // namespace
}  // namespace uvspdy::test
