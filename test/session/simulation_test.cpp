// Two sessions joined by a simulated pipe that cuts and delays from a seed, with users who write,
// pause, reset and finish at random. Whatever they do, each byte arrives once and in order.

#include <algorithm>

#include "simulated_side.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/seeds.h"
#include "uvspdy/session/session.h"

namespace uvspdy::test {
namespace {

/// One direction between two sessions: takes and gives pieces of any size.
class Pipe {
 public:
  explicit Pipe(Random& random) : random_(random) {}

  void take_from(session::Session& session, session::Time now) {
    const std::span<const Bytes> spans = session.output();
    std::size_t count = 0;
    const std::size_t most = random_.below(2) == 0 ? random_.below(20) : random_.below(4000);
    for (const Bytes span : spans) {
      const Bytes piece = span.first(std::min(span.size(), most - count));
      under_way_.insert(under_way_.end(), piece.begin(), piece.end());
      count += piece.size();
      if (count == most) break;
    }
    session.output_sent(count, now);
  }

  void give_to(session::Session& session, session::Time now) {
    if (under_way_.empty() || !session.wants_input()) return;
    const std::size_t count = std::min(under_way_.size(), 1 + random_.below(Side::kReadSize));
    const auto end = under_way_.begin() + static_cast<std::ptrdiff_t>(count);
    // Memory of its own, so that a view kept too long is caught.
    const std::vector<std::uint8_t> read(under_way_.begin(), end);
    under_way_.erase(under_way_.begin(), end);
    session.receive(read, now);
  }

  bool empty() const { return under_way_.empty(); }

 private:
  Random& random_;
  std::vector<std::uint8_t> under_way_;
};

/// What happened in all simulations together: none of it may be missing.
struct Totals {
  std::size_t ended_well = 0;
  std::size_t reset = 0;
  std::size_t pongs = 0;
  std::size_t held = 0;  // steps that found data held for paused readers
  std::size_t full = 0;  // and those in which the connection was not to be read
};

void simulate(std::uint32_t seed, Totals& totals) {
  Random random(seed);
  ManualClock clock;
  Side client(Role::kClient, random, clock);
  Side server(Role::kServer, random, clock);
  Pipe up(random);
  Pipe down(random);

  const auto advance = [&clock](Side& side) {
    for (int round = 0; side.session.deadline() && *side.session.deadline() <= clock.now();
         ++round) {
      REQUIRE(round < 100);
      side.session.advance(clock.now());
    }
  };
  const auto step = [&] {
    switch (random.below(6)) {
      case 0: up.take_from(client.session, clock.now()); break;
      case 1: down.take_from(server.session, clock.now()); break;
      case 2: up.give_to(server.session, clock.now()); break;
      case 3: down.give_to(client.session, clock.now()); break;
      case 4: advance(client); break;
      case 5: advance(server); break;
    }
    for (const Side* side : {&client, &server}) {
      side->check_bounds();
      totals.held += side->session.stats().held_bytes > 0;
      totals.full += !side->session.wants_input();
    }
  };

  const std::size_t streams = 1 + random.below(20);
  std::size_t created = 0;
  for (int i = 0; i < 3000; ++i) {
    if (created < streams && random.chance(20)) {
      ++created;
      (random.chance(4) ? server : client).create();
    }
    if (random.chance(3)) (random.chance(2) ? server : client).act();
    if (random.chance(50)) clock.advance(std::chrono::milliseconds(random.below(1000)));
    step();
  }
  // The client's first frame, if nothing else was it: a server waits for one.
  REQUIRE(client.session.ping(clock.now()));

  // From here on everybody reads and writes to the end, and all streams end.
  for (int i = 0; !(client.all_closed() && server.all_closed()); ++i) {
    REQUIRE(i < 100000);
    if (i % 100 == 0) {
      for (Side* side : {&client, &server}) {
        side->resume_all();
        side->write_all();
      }
    }
    step();
  }
  CHECK(client.session.stream_count() == 0);
  CHECK(server.session.stream_count() == 0);

  // Those that nobody reset ended well, with all that was written.
  for (auto& [id, user] : client.users) {
    const auto twin = server.users.find(id);
    const bool reset = user.reset_here || (twin != server.users.end() && twin->second.reset_here);
    // One given up before its SYN_STREAM left is never heard of.
    REQUIRE((twin != server.users.end() || user.reset_here));
    ++(reset ? totals.reset : totals.ended_well);
    if (reset) continue;
    CHECK(user.ended_well);
    CHECK(twin->second.ended_well);
    CHECK(user.incoming == Side::payload(Role::kServer, id));
    CHECK(twin->second.incoming == Side::payload(Role::kClient, id));
  }
  for (Side* side : {&client, &server}) {
    totals.pongs += side->pongs;
    CHECK_FALSE(side->session.error());
    CHECK(side->session.stats().held_bytes == 0);
    CHECK(side->session.stats().queued_bytes == 0);
    CHECK(side->session.wants_input());
  }

  // An orderly end: all that is under way arrives, the GOAWAY last.
  Side& closer = random.chance(2) ? client : server;
  Side& other = &closer == &client ? server : client;
  closer.session.close(wire::GoAwayStatus::kOk);
  for (int i = 0; !other.gone || !closer.session.finished(); ++i) {
    REQUIRE(i < 100000);
    step();
  }
  CHECK((&closer == &client ? up : down).empty());
  other.session.receive_end({});
  advance(other);
  CHECK(other.session.finished());
}

TEST_CASE("two sessions, whatever the pipe and their users do", "[session][simulation]") {
  Totals totals;
  const std::vector<std::uint32_t> all = seeds(300);
  for (const std::uint32_t seed : all) {
    INFO("UVSPDY_TEST_SEED=" << seed);
    simulate(seed, totals);
  }
  if (all.size() == 1) return;  // one seed need not have everything in it
  CHECK(totals.ended_well > all.size());
  CHECK(totals.reset > 0);
  CHECK(totals.pongs > 0);
  CHECK(totals.held > 0);
  CHECK(totals.full > 0);
}

TEST_CASE("a connection that breaks anywhere: a prefix of the bytes, and every stream told",
          "[session][simulation]") {
  for (const std::uint32_t seed : seeds(300)) {
    INFO("UVSPDY_TEST_SEED=" << seed);
    Random random(seed);
    ManualClock clock;
    Side client(Role::kClient, random, clock);
    Side server(Role::kServer, random, clock);
    Pipe up(random);
    Pipe down(random);
    const std::size_t steps = random.below(2000);
    for (std::size_t i = 0; i < steps; ++i) {
      if (client.users.size() < 10 && random.chance(20)) client.create();
      if (random.chance(3)) (random.chance(2) ? server : client).act();
      switch (random.below(5)) {
        case 0: up.take_from(client.session, clock.now()); break;
        case 1: down.take_from(server.session, clock.now()); break;
        case 2: up.give_to(server.session, clock.now()); break;
        case 3: down.give_to(client.session, clock.now()); break;
        case 4:
          client.session.advance(clock.now());
          server.session.advance(clock.now());
          break;
      }
    }
    // The handlers check what they are given; here it has to come to an end.
    for (Side* side : {&client, &server}) {
      random.chance(2) ? side->session.receive_end({})
                       : side->session.abort(Error(session::Errc::kConnectionLost, "cut"));
      while (!side->all_closed()) {
        side->resume_all();
        REQUIRE(side->session.deadline());
        side->session.advance(clock.now());
      }
      CHECK(side->session.stream_count() == 0);
      CHECK(side->session.stats().held_bytes == 0);
      CHECK(side->session.stats().queued_bytes == 0);
      CHECK(side->session.finished());
    }
  }
}

}  // namespace
}  // namespace uvspdy::test
