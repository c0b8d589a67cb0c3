// Rates: what a peer may make us do in a second, and what happens beyond.

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/mentions.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Allowance;
using session::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::RstStatus;

constexpr Rate kNone{1, 0};

std::uint64_t exceeded(const session::Session& session, Allowance allowance) {
  return session.stats().rates_exceeded[static_cast<std::size_t>(allowance)];
}

TEST_CASE("a peer past a rate is slowed: nothing is taken from it until the rate allows more",
          "[session][rates]") {
  session::Options options = without_windows();
  options.limits.ping_rate = {10, 3};
  SessionDriver server(Role::kServer, options);
  for (std::uint32_t id = 1; id <= 11; id += 2) server.receive(wire::PingFrame{id});
  // The fourth is one too many, and already taken.
  CHECK(server.sent() == Lines{"PING 1", "PING 3", "PING 5", "PING 7"});
  CHECK(server.unread() == 2 * 12);
  CHECK_FALSE(server.session.wants_input());
  CHECK(server.session.deadline() == server.clock.now() + milliseconds(100));
  CHECK(exceeded(server.session, Allowance::kPings) == 1);

  server.clock.advance(milliseconds(99));
  server.turn();
  CHECK(server.sent().empty());
  server.clock.advance(milliseconds(1));
  server.turn();
  CHECK(server.sent() == Lines{"PING 9"});
  CHECK_FALSE(server.session.wants_input());
  server.clock.advance(milliseconds(100));
  server.turn();
  CHECK(server.sent() == Lines{"PING 11"});
  server.clock.advance(seconds(1));
  server.turn();
  CHECK(server.session.wants_input());
  for (std::uint32_t id = 13; id <= 17; id += 2) server.receive(wire::PingFrame{id});
  CHECK(server.session.wants_input());  // the bucket was full again
}

TEST_CASE("a peer that has to be slowed for too long is closed", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.ping_rate = {10, 3};
  options.limits.slowed_time = milliseconds(500);
  SessionDriver server(Role::kServer, options);
  auto ping = [&server, id = 1u]() mutable {
    server.receive(wire::PingFrame{id});
    id += 2;
  };
  int sent = 0;
  while (server.session.is_open() && sent < 100) {
    ping();
    ++sent;
    if (server.session.wants_input()) continue;
    server.clock.advance(milliseconds(100));
    server.turn();
  }
  // Three at once, one in each 100 ms, and the one that goes past 500 ms.
  CHECK(sent == 3 + 5 + 1);
  CHECK(error_text(server.session.error()) == "kLimitExceeded");
  CHECK(mentions(server.session.error().message(),
                 {"ping_rate = 10", "3 at once", "slowed_time = 500 ms"}));
  CHECK(server.sent().back() == "GOAWAY 0 PROTOCOL_ERROR");
  CHECK(server.session.wants_input());  // or the transport's end would not be noticed
  CHECK_FALSE(server.session.slows_peer(server.clock.now()));
}

TEST_CASE("slowed time is forgotten within a minute", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.ping_rate = {10, 1};
  options.limits.slowed_time = milliseconds(1200);
  SessionDriver server(Role::kServer, options);
  for (std::uint32_t id = 1; id < 200; id += 2) {
    server.receive(wire::PingFrame{id});
    server.receive(wire::PingFrame{id});
    server.clock.advance(seconds(10));  // slowed for 100 ms of them
    server.turn();
    REQUIRE(server.session.is_open());
  }
  CHECK(exceeded(server.session, Allowance::kPings) == 100);
}

TEST_CASE("a rate of nothing and no limit are rates, too", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.stray_frame_rate = {0, 50'000};
  options.limits.ping_rate = {SIZE_MAX, SIZE_MAX};
  SessionDriver server(Role::kServer, options);
  server.receive_data(7, "");
  server.sent();
  for (int i = 1; i < 50'000; ++i) server.receive_data(7, "");
  CHECK(server.session.wants_input());
  for (std::uint32_t i = 0; i < 50'000; ++i) server.receive(wire::PingFrame{1 + 2 * i});
  CHECK(server.session.wants_input());
}

TEST_CASE("a rate of nothing closes a peer at once", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.settings_rate = {0, 2};
  SessionDriver client(Role::kClient, options);
  for (int i = 0; i < 2; ++i) client.receive(wire::SettingsFrame{});
  CHECK(client.session.is_open());
  client.receive(wire::SettingsFrame{});
  CHECK(error_text(client.session.error()) == "kLimitExceeded");
  CHECK(mentions(client.session.error().message(), {"settings_rate = 0", "2 at once"}));
}

// Each rate, and one frame that exceeds it.
struct Case {
  Allowance allowance;
  Rate Limits::*rate;
  std::function<void(SessionDriver&)> exceed;
};

TEST_CASE("each rate is of its frames", "[session][rates]") {
  const auto open = [](SessionDriver& server) {
    server.receive(wire::SynStreamFrame{.stream_id = 1});
  };
  const auto accepted = [open](SessionDriver& server) {
    open(server);
    REQUIRE_THAT(server.session.reply(1, {}), IsSuccess());
  };
  const std::vector<Case> cases{
      {Allowance::kInflated, &Limits::inflated_rate, open},
      {Allowance::kHeaderBlocks, &Limits::header_block_rate, open},
      {Allowance::kStreams, &Limits::stream_rate, open},
      {Allowance::kResets, &Limits::reset_rate,
       [&](SessionDriver& server) {
         open(server);
         server.receive(wire::RstStreamFrame{1, RstStatus::kCancel});
       }},
      {Allowance::kResets, &Limits::reset_rate,
       [&](SessionDriver& server) {
         open(server);
         server.receive(wire::SynReplyFrame{.stream_id = 1});  // an error, which we reset it for
       }},
      {Allowance::kControlFrames, &Limits::control_frame_rate,
       [](SessionDriver& server) {
         server.receive(wire::WindowUpdateFrame{0, 1});
       }},
      {Allowance::kControlFrames, &Limits::control_frame_rate,
       [](SessionDriver& server) { server.receive(wire::GoAwayFrame{}); }},
      {Allowance::kControlFrames, &Limits::control_frame_rate,
       [](SessionDriver& server) { server.receive(wire::PingFrame{2}); }},
      {Allowance::kControlFrames, &Limits::control_frame_rate,
       [](SessionDriver& server) {
         const std::array<std::uint8_t, 8> unknown{0x80, 3, 0, 99, 0, 0, 0, 0};
         server.receive_bytes(unknown);
       }},
      {Allowance::kSmallData, &Limits::small_data_rate,
       [&](SessionDriver& server) {
         accepted(server);
         server.receive_data(1, "x");
       }},
      {Allowance::kSmallData, &Limits::small_data_rate,
       [&](SessionDriver& server) {
         accepted(server);
         server.receive_data(1, "");
       }},
      {Allowance::kPings, &Limits::ping_rate,
       [](SessionDriver& server) { server.receive(wire::PingFrame{1}); }},
      {Allowance::kSettings, &Limits::settings_rate,
       [](SessionDriver& server) { server.receive(wire::SettingsFrame{}); }},
      {Allowance::kResets, &Limits::reset_rate,
       [&](SessionDriver& server) {
         open(server);
         server.session.reset(1, RstStatus::kRefusedStream);
       }},
      {Allowance::kStrayFrames, &Limits::stray_frame_rate,
       [](SessionDriver& server) { server.receive_data(7, "for nobody"); }},
      {Allowance::kStrayFrames, &Limits::stray_frame_rate,
       [](SessionDriver& server) {
         server.receive(wire::RstStreamFrame{7, RstStatus::kCancel});
       }},
  };
  for (const Case& one : cases) {
    session::Options options = without_windows();
    options.limits.*one.rate = kNone;
    SessionDriver server(Role::kServer, options);
    one.exceed(server);
    INFO(session::name_of(one.allowance));
    CHECK_FALSE(server.session.wants_input());
    CHECK(exceeded(server.session, one.allowance) == 1);
    // No other rate is meant.
    SessionDriver other(Role::kServer, without_windows());
    one.exceed(other);
    CHECK(other.session.wants_input());
  }
}

TEST_CASE("what peers do in order exceeds no rate", "[session][rates]") {
  SECTION("resets of streams that we have created") {
    session::Options options = without_windows();
    options.limits.reset_rate = {3, 3};
    SessionDriver client(Role::kClient, options);
    for (int i = 0; i < 10; ++i) {
      client.receive(wire::RstStreamFrame{client.create_accepted(), RstStatus::kCancel});
    }
    CHECK(client.session.wants_input());
  }
  SECTION("an end without data") {
    session::Options options = without_windows();
    options.limits.small_data_rate = kNone;
    SessionDriver server(Role::kServer, options);
    server.accept(wire::SynStreamFrame{.stream_id = 1});
    server.receive_data(1, "", true);
    CHECK(server.session.wants_input());
  }
}

TEST_CASE("a peer that is slowed is neither idle nor dead", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.inflated_rate = {1, 0};
  options.limits.slowed_time = seconds(100);
  options.idle_timeout = seconds(5);
  options.ping_period = seconds(2);
  options.ping_timeout = seconds(3);
  SessionDriver server(Role::kServer, options);
  server.receive(wire::SynStreamFrame{.stream_id = 1, .headers = {{"a", std::string(20, 'b')}}});
  int second = 0;
  for (; server.session.slows_peer(server.clock.now()); ++second) {
    CHECK(server.session.is_open());
    server.clock.advance(seconds(1));
    server.sent();
    server.turn();
  }
  CHECK(second > 20);
  CHECK(server.session.is_open());
  // From then on time counts.
  server.clock.advance(seconds(6));
  server.sent();
  server.turn();
  CHECK_FALSE(server.session.is_open());
}

TEST_CASE("a peer is closed for the time that it was slowed, however late the session learns it",
          "[session][rates]") {
  // A timer of a millisecond is long beside the time of one frame.
  SessionDriver server(Role::kServer);
  const std::vector<std::uint8_t> ping = server.peer.bytes(wire::PingFrame{1});
  int milliseconds_passed = 0;
  while (server.session.is_open() && milliseconds_passed < 60'000) {
    while (!server.session.slows_peer(server.clock.now()) && server.session.is_open()) {
      server.session.receive(ping, server.clock.now());
    }
    server.take_output();
    server.clock.advance(milliseconds(1));
    ++milliseconds_passed;
    server.turn();
  }
  CHECK(error_text(server.session.error()) == "kLimitExceeded");
  CHECK(milliseconds_passed > 10'000);
  CHECK(milliseconds_passed < 15'000);
}

TEST_CASE("a peer that only makes work in order is slowed, and not closed", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.small_data_rate = {100, 0};
  SessionDriver server(Role::kServer, options);
  server.accept(wire::SynStreamFrame{.stream_id = 1});
  for (int i = 0; i < 6000; ++i) {  // a minute of it
    server.receive_data(1, "x");
    server.clock.advance(milliseconds(10));
    server.told();
  }
  CHECK(server.session.is_open());
  CHECK(exceeded(server.session, Allowance::kSmallData) == 6000);
}

TEST_CASE("a session that closes slows its peer, too, and ends all the same", "[session][rates]") {
  session::Options options = without_windows();
  options.limits.control_frame_rate = {1, 0};
  SessionDriver server(Role::kServer, options);
  server.accept(wire::SynStreamFrame{.stream_id = 1});
  server.write(1, "last words");
  server.session.close(wire::GoAwayStatus::kOk);
  server.receive(wire::WindowUpdateFrame{0, 1});
  server.receive(wire::WindowUpdateFrame{0, 1});
  CHECK(server.unread() > 0);
  CHECK(server.session.deadline().has_value());
  server.sent();
  server.turn();
  CHECK(server.session.finished());
}

TEST_CASE("one call takes 64 frames at most", "[session][rates]") {
  SessionDriver server(Role::kServer);
  std::vector<std::uint8_t> input;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto frame = server.peer.bytes(wire::PingFrame{1 + 2 * i});
    input.insert(input.end(), frame.begin(), frame.end());
  }
  CHECK(server.session.receive(input, server.clock.now()) == 64 * 12);
  CHECK(server.session.wants_input());
  CHECK(server.session.stats().bytes_received == 64 * 12);
  CHECK(server.session.receive(Bytes(input).subspan(64 * 12), server.clock.now()) == 36 * 12);
}

TEST_CASE("one call inflates 16 KiB and a frame at most", "[session][rates]") {
  SessionDriver server(Role::kServer);
  std::vector<std::uint8_t> input;
  for (wire::StreamId id = 1; id < 40; id += 2) {
    const auto frame = server.peer.bytes(
        wire::SynStreamFrame{.stream_id = id, .headers = {{"a", std::string(5000, 'a')}}});
    input.insert(input.end(), frame.begin(), frame.end());
  }
  server.session.receive(input, server.clock.now());
  CHECK(server.session.stats().frames_received == 4);
}

TEST_CASE("one advance reports for 64 streams at most, the next for others", "[session][rates]") {
  SessionDriver client(Role::kClient);
  for (int i = 0; i < 100; ++i) client.create();
  client.sent();
  client.told();
  client.session.close(wire::GoAwayStatus::kOk);
  client.session.advance(client.clock.now());
  CHECK(client.session.stream_count() == 36);
  CHECK(client.session.deadline() <= client.clock.now());
  client.session.advance(client.clock.now());
  CHECK(client.session.stream_count() == 0);
}

}  // namespace
}  // namespace uvspdy::test
