#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "support/catch.h"
#include "support/manual_clock.h"
#include "uvspdy/session/session.h"

// Two sessions joined by a link that has a bandwidth and a delay, in simulated time. One side
// writes as much as it may, and the other reads.

namespace uvspdy::test {

using session::Role;
using session::Time;

struct LinkProperties {
  std::chrono::nanoseconds round_trip{};
  double bytes_per_second = 0;
};

/// One side: a session whose streams are written to without end, or read.
class LinkEnd final : public session::Handler {
 public:
  LinkEnd(Role role, session::Options options) : session(role, std::move(options), *this) {}

  session::Session session;
  std::map<wire::StreamId, std::uint64_t> received;
  bool writes = true;
  std::optional<wire::StreamId> writes_only;  // if set, on no other stream

  std::uint64_t all_received() const {
    std::uint64_t sum = 0;
    for (const auto& [id, bytes] : received) sum += bytes;
    return sum;
  }

  void write(wire::StreamId id) {
    static const std::array<std::uint8_t, 64 * 1024> piece{};
    if (writes_only.value_or(id) != id) return;
    while (writes && session.writable(id)) {
      if (session.write(id, Buffer(Bytes(piece), nullptr))) return;
    }
  }

  void on_stream(wire::SynStreamFrame&& frame) override {
    received[frame.stream_id] = 0;
    CHECK_FALSE(session.reply(frame.stream_id, {}, false));
    write(frame.stream_id);
  }
  void on_reply(wire::StreamId id, Headers&&) override { write(id); }
  void on_headers(wire::StreamId, Headers&&) override {}
  void on_data(wire::StreamId id, Bytes bytes) override { received[id] += bytes.size(); }
  void on_received(wire::StreamId, const Error&) override {}
  void on_sent(wire::StreamId, const Error&) override {}
  void on_stream_closed(wire::StreamId, const Error&) override {}
  void on_writable(wire::StreamId id) override { write(id); }
  void on_reply_sent(wire::StreamId) override {}
  void on_settings(const wire::SettingsFrame&) override {}
  void on_pong(std::uint32_t, std::chrono::nanoseconds) override {}
  void on_goaway(const wire::GoAwayFrame&) override {}
};

/// One direction of a link. Bytes are serialized one after the other, and arrive after the delay.
class LinkDirection {
 public:
  explicit LinkDirection(const LinkProperties& link) : link_(link) {}

  void take_from(LinkEnd& end, Time now) {
    if (free_at_ > now) return;
    std::size_t taken = 0;
    free_at_ = now;
    for (Bytes span : end.session.output()) {
      taken += span.size();
      while (!span.empty()) {
        const Bytes piece = span.first(std::min(span.size(), kPiece));
        span = span.subspan(piece.size());
        const std::chrono::duration<double> time(static_cast<double>(piece.size()) /
                                                 link_.bytes_per_second);
        free_at_ += std::chrono::duration_cast<std::chrono::nanoseconds>(time);
        under_way_.push_back({free_at_ + link_.round_trip / 2, {piece.begin(), piece.end()}, 0});
      }
    }
    if (taken > 0) end.session.output_sent(taken, now);
  }

  void give_to(LinkEnd& end, Time now) {
    while (!under_way_.empty() && under_way_.front().arrival <= now && end.session.wants_input()) {
      Piece& piece = under_way_.front();
      piece.taken += end.session.receive(Bytes(piece.bytes).subspan(piece.taken), now);
      if (piece.taken == piece.bytes.size()) under_way_.pop_front();
    }
  }

  Time next(const LinkEnd& from, const LinkEnd& to) const {
    Time next = Time::max();
    if (!under_way_.empty() && to.session.wants_input()) next = under_way_.front().arrival;
    if (from.session.has_output()) next = std::min(next, free_at_);
    return next;
  }

 private:
  static constexpr std::size_t kPiece = 4096;

  struct Piece {
    Time arrival;
    std::vector<std::uint8_t> bytes;
    std::size_t taken;
  };

  LinkProperties link_;
  Time free_at_ = Time::min();
  std::deque<Piece> under_way_;
};

class LinkedPair {
 public:
  LinkedPair(const LinkProperties& link, session::Options client_options,
             session::Options server_options)
      : client(Role::kClient, std::move(client_options)),
        server(Role::kServer, std::move(server_options)),
        up_(link),
        down_(link) {}

  LinkEnd client;
  LinkEnd server;

  wire::StreamId create(Time now) {
    const auto id = client.session.create_stream({}, {}, now);
    REQUIRE(id);
    client.received[*id] = 0;
    return *id;
  }

  Time next() const {
    Time next = std::min(up_.next(client, server), down_.next(server, client));
    for (const LinkEnd* end : {&client, &server}) {
      next = std::min(next, end->session.deadline().value_or(Time::max()));
    }
    return next;
  }

  void step(Time now) {
    up_.give_to(server, now);
    down_.give_to(client, now);
    for (LinkEnd* end : {&client, &server}) {
      while (end->session.deadline() && *end->session.deadline() <= now) end->session.advance(now);
    }
    up_.take_from(client, now);
    down_.take_from(server, now);
  }

 private:
  LinkDirection up_;
  LinkDirection down_;
};

/// Runs pairs for a time. `check` is called after each step.
template <class Check>
void run_pairs(const std::vector<LinkedPair*>& pairs, ManualClock& clock, Time::duration time,
               Check check) {
  const Time end = clock.now() + time;
  for (;;) {
    Time next = end;
    for (const LinkedPair* pair : pairs) next = std::min(next, pair->next());
    if (next > clock.now()) clock.advance(next - clock.now());
    if (next >= end) return;
    for (LinkedPair* pair : pairs) {
      if (pair->next() <= clock.now()) pair->step(clock.now());
    }
    check();
  }
}

}  // namespace uvspdy::test
