#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <string>

#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/patterned_text.h"
#include "uvspdy/session/session.h"

// One side of a simulated connection: a session and users who write, pause, reset and finish at
// random, and who check all that they are told.

namespace uvspdy::test {

using session::Role;

inline constexpr std::size_t kStreamBuffer = 2000;
inline constexpr std::size_t kConnectionBuffer = 6000;
inline constexpr std::size_t kHighWater = 3000;

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  /// 0 to `below` - 1. Not a distribution of the standard library: those differ between libraries.
  std::size_t below(std::size_t below) { return engine_() % below; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

 private:
  std::mt19937 engine_;
};

inline session::Options small_limits() {
  session::Options options;
  options.flow_control = session::FlowControl::kNone;
  options.max_data_frame = 500;
  options.ping_period = std::chrono::seconds(1);
  options.create_timeout = std::chrono::hours(1);
  options.limits.stream_buffer = kStreamBuffer;
  options.limits.connection_buffer = kConnectionBuffer;
  options.limits.write_high_water = kHighWater;
  options.limits.write_buffers = 20;
  return options;
}

/// What one side knows of a stream.
struct User {
  std::string outgoing;  // all that this side will write
  std::size_t written = 0;
  bool open = false;      // replied to, by either side
  bool finished = false;  // close_stream was called
  bool paused = false;
  std::string incoming;
  bool fin = false;
  bool closed = false;
  bool ended_well = false;  // on_stream_closed said success
  bool reset_here = false;
};

/// One session with its users. Checks what it is told as it is told.
class Side final : public session::Handler {
 public:
  Side(Role role, Random& random, ManualClock& clock)
      : session(role, small_limits(), *this), role_(role), random_(random), clock_(clock) {}

  std::map<wire::StreamId, User> users;
  std::size_t pongs = 0;
  session::Session session;

  /// What a side writes on a stream is known to the other.
  static std::string payload(Role writer, wire::StreamId id) {
    const std::size_t salt = 2 * id + (writer == Role::kClient ? 0 : 1);
    return patterned_text(salt * 7919 % 9000, salt);
  }

  void create() {
    const session::CreateOptions options{.priority = static_cast<std::uint8_t>(random_.below(8))};
    const auto id = session.create_stream({{"number", "of a stream"}}, options, clock_.now());
    REQUIRE(id);
    users[*id].outgoing = payload(role_, *id);
  }

  /// One user does one thing.
  void act() {
    if (users.empty()) return;
    auto chosen = users.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(users.size())));
    auto& [id, user] = *chosen;
    if (user.closed) return;
    switch (random_.below(6)) {
      case 0:
        user.paused = !user.paused;
        user.paused ? session.pause(id) : session.resume(id);
        break;
      case 1:
        if (random_.chance(30)) {
          user.reset_here = !session.reset(id, wire::RstStatus::kCancel);
        }
        break;
      default: write(id, user); break;
    }
  }

  /// Nobody pauses any more.
  void resume_all() {
    for (auto& [id, user] : users) {
      user.paused = false;
      session.resume(id);
    }
  }

  /// Writes what is left, as far as the session takes it.
  void write_all() {
    for (auto& [id, user] : users) {
      if (!user.closed && !user.finished) write(id, user);
    }
  }

  bool all_closed() const {
    return std::all_of(users.begin(), users.end(),
                       [](const auto& entry) { return entry.second.closed; });
  }

  void check_bounds() const {
    const session::Stats stats = session.stats();
    // One read on top of the limit. Asked after each step, so only a breach is told.
    if (stats.held_bytes > kConnectionBuffer + kReadSize) {
      FAIL_CHECK(stats.held_bytes << " bytes are held");
    }
  }

  static constexpr std::size_t kReadSize = 1500;

  void on_stream(wire::SynStreamFrame&& frame) override {
    CHECK(frame.headers.get("number") == "of a stream");
    CHECK_FALSE(users.contains(frame.stream_id));
    User& user = users[frame.stream_id];
    user.outgoing = payload(role_, frame.stream_id);
    if (random_.chance(10)) {
      user.reset_here = !session.reset(frame.stream_id, wire::RstStatus::kRefusedStream);
      return;
    }
    if (random_.chance(3)) write(frame.stream_id, user);  // before the reply
    user.open = !session.reply(frame.stream_id, {{"accepted", "yes"}});
    CHECK(user.open);
  }

  void on_reply(wire::StreamId id, Headers&& headers) override {
    CHECK(headers.get("accepted") == "yes");
    CHECK_FALSE(users.at(id).open);
    users.at(id).open = true;
  }

  void on_data(wire::StreamId id, Bytes bytes) override {
    User& user = users.at(id);
    CHECK_FALSE(user.closed);
    CHECK_FALSE(user.fin);
    CHECK_FALSE(user.reset_here);
    CHECK_FALSE(user.paused);
    const std::size_t at = user.incoming.size();
    user.incoming += text_of(bytes);
    const std::string expected = payload(other(), id);
    REQUIRE(user.incoming.size() <= expected.size());
    CHECK(user.incoming.compare(at, bytes.size(), expected, at, bytes.size()) == 0);
    if (random_.chance(8)) {
      user.paused = true;
      session.pause(id);
    }
  }

  void on_fin(wire::StreamId id) override {
    User& user = users.at(id);
    CHECK_FALSE(user.closed);
    CHECK_FALSE(user.fin);
    user.fin = true;
    CHECK(user.incoming == payload(other(), id));
  }

  void on_stream_closed(wire::StreamId id, const Error& error) override {
    User& user = users.at(id);
    CHECK_FALSE(user.closed);
    user.closed = true;
    user.ended_well = !error;
    if (!error) {
      CHECK(user.finished);
      CHECK(user.fin);
    }
    // A reset of a stream that had ended in both directions comes too late to be its end.
    if (user.reset_here && !user.fin) CHECK(error.code() == session::Errc::kResetHere);
  }

  void on_writable(wire::StreamId id) override {
    User& user = users.at(id);
    CHECK_FALSE(user.closed);
    CHECK((session.writable(id) || user.paused));
    write(id, user);
  }

  void on_headers(wire::StreamId, Headers&&) override { FAIL("nobody sends HEADERS"); }
  void on_reply_sent(wire::StreamId id) override { CHECK_FALSE(users.at(id).closed); }
  void on_fin_sent(wire::StreamId id) override {
    CHECK_FALSE(users.at(id).closed);
    CHECK(users.at(id).finished);
  }
  void on_settings(const wire::SettingsFrame&) override {}
  void on_pong(std::uint32_t, std::chrono::nanoseconds round_trip) override {
    CHECK(round_trip.count() >= 0);
    ++pongs;
  }
  void on_goaway(const wire::GoAwayFrame&) override { gone = true; }

  bool gone = false;

 private:
  Role other() const { return role_ == Role::kClient ? Role::kServer : Role::kClient; }

  // A few buffers of random sizes, and the FIN behind the last.
  void write(wire::StreamId id, User& user) {
    while (user.written < user.outgoing.size() && session.writable(id)) {
      const std::size_t size = std::min(user.outgoing.size() - user.written,
                                        1 + random_.below(random_.chance(4) ? 4000 : 50));
      const Bytes piece = bytes_of(user.outgoing).subspan(user.written, size);
      if (session.write(id, Buffer(piece, nullptr))) return;  // it was reset meanwhile
      user.written += size;
      if (random_.chance(4)) break;
    }
    if (user.written == user.outgoing.size() && !user.finished) {
      user.finished = !session.close_stream(id);
    }
  }

  Role role_;
  Random& random_;
  ManualClock& clock_;
};

}  // namespace uvspdy::test
