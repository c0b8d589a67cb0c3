// Limits on what a peer may make us do in a second.

#include <chrono>

#include "support/mentions.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using std::chrono::milliseconds;
using wire::RstStatus;

TEST_CASE("a peer that opens and resets streams too fast", "[session][limits]") {
  session::Options options = without_windows();
  options.limits.resets_per_second = 10;
  SessionDriver server(Role::kServer, options);
  wire::StreamId id = 1;
  const auto open_and_reset = [&server, &id] {
    server.receive(wire::SynStreamFrame{.stream_id = id});
    server.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    server.told();
    id += 2;
  };
  for (int i = 0; i < 10; ++i) open_and_reset();
  CHECK(server.session.is_open());
  SECTION("in one second") {
    server.clock.advance(milliseconds(999));
    open_and_reset();
    CHECK(error_text(server.session.error()) == "kLimitExceeded");
    CHECK(mentions(server.session.error().message(), {"reset", "resets_per_second = 10"}));
    CHECK(server.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
  }
  SECTION("the next second is another") {
    server.clock.advance(milliseconds(1000));
    for (int i = 0; i < 10; ++i) open_and_reset();
    CHECK(server.session.is_open());
    open_and_reset();
    CHECK_FALSE(server.session.is_open());
  }
}

TEST_CASE("resets of streams that we created do not count", "[session][limits]") {
  session::Options options = without_windows();
  options.limits.resets_per_second = 3;
  SessionDriver client(Role::kClient, options);
  for (int i = 0; i < 10; ++i) {
    client.receive(wire::RstStreamFrame{client.create_accepted(), RstStatus::kCancel});
  }
  CHECK(client.session.is_open());
}

TEST_CASE("a peer that sends SETTINGS too fast", "[session][limits]") {
  session::Options options = with_windows();
  options.limits.settings_per_second = 10;
  SessionDriver client(Role::kClient, options);
  client.open();
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 10; ++i) client.receive(wire::SettingsFrame{});
    CHECK(client.session.is_open());
    client.clock.advance(milliseconds(1000));
  }
  for (int i = 0; i < 11; ++i) client.receive(wire::SettingsFrame{});
  CHECK(error_text(client.session.error()) == "kLimitExceeded");
  CHECK(mentions(client.session.error().message(), {"SETTINGS", "settings_per_second = 10"}));
}

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

}  // namespace
}  // namespace uvspdy::test
