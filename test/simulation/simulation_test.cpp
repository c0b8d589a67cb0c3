// Two sessions joined by a simulated pipe that cuts and delays from a seed, with users who write,
// pause, reset and finish at random, and windows and limits that change under way. Whatever
// happens, each byte arrives once and in order, and nothing waits for ever.

#include <algorithm>

#include "support/catch.h"
#include "support/seeds.h"
#include "world.h"

namespace uvspdy::test {
namespace {

using session::Errc;
using session::PeerFlowControl;

/// What happened in all simulations together: none of it may be missing.
struct Totals {
  std::size_t ended_well = 0;
  std::size_t reset = 0;
  std::size_t discarded = 0;
  std::size_t refused = 0;
  std::size_t overflows = 0;
  std::size_t pongs = 0;
  std::size_t headers = 0;
  std::size_t settings = 0;
  std::size_t held = 0;      // steps that found data held for paused readers
  std::size_t full = 0;      // and those in which a connection was not to be read
  std::size_t blocked = 0;   // those that found the connection's window used up
  std::size_t waiting = 0;   // those that found a stream waiting for MAX_CONCURRENT_STREAMS
  std::size_t windows = 0;   // sides that found a peer with windows
  std::size_t none = 0;      // and without
  std::size_t compared = 0;  // windows that both ends had the same idea of
  std::size_t used = 0;      // those that were used up
  std::size_t negative = 0;  // and those below nothing
  std::size_t grown = 0;
};

// What is neither open nor held was read, or dropped, and is given back from half of the window on.
bool credit_is_given(std::int64_t size, std::int64_t open, std::size_t held) {
  return 2 * (size - open - static_cast<std::int64_t>(held)) < size;
}

// Nothing is under way, so what one side may send is what the other lets it.
void compare_windows(const Side& sender, const Side& receiver, Totals& totals) {
  const session::Stats stats = receiver.session.stats();
  CHECK(sender.session.stats().send_window == stats.receive_window);
  CHECK(credit_is_given(stats.receive_window_size, stats.receive_window, stats.held_bytes));
  for (const auto& [id, user] : sender.users) {
    const auto sends = sender.session.stream_stats(id);
    const auto receives = receiver.session.stream_stats(id);
    if (!sends || !receives) continue;
    const bool sends_no_more =
        sends->state == session::StreamState::kHalfClosedLocal ||
        sends->state == session::StreamState::kClosed ||
        (sends->state == session::StreamState::kReservedHalfClosed && !user.by_peer);
    if (sends_no_more || receives->state == session::StreamState::kClosed) continue;
    INFO("stream " << id);
    CHECK(sends->send_window == receives->receive_window);
    CHECK(credit_is_given(receives->receive_window_size, receives->receive_window,
                          receives->held_bytes));
    ++totals.compared;
    totals.used += sends->send_window <= 0;
    totals.negative += sends->send_window < 0;
    totals.grown += receives->receive_window_size > receiver.options().initial_stream_window;
  }
}

void settle_and_compare(World& world, Totals& totals) {
  // A server waits for the client's first frame, so there must be one.
  if (!world.client.session.is_open() || !world.client.session.ping(world.clock.now())) return;
  if (!world.settle()) return;
  const auto has_windows = [](const Side& side) {
    return side.session.is_open() && side.session.stats().flow_control == PeerFlowControl::kWindows;
  };
  if (!has_windows(world.client) || !has_windows(world.server)) return;
  compare_windows(world.client, world.server, totals);
  compare_windows(world.server, world.client, totals);
  world.client.agreed();
  world.server.agreed();
}

void count_step(const World& world, Totals& totals) {
  for (const Side* side : {&world.client, &world.server}) {
    const session::Stats stats = side->session.stats();
    totals.held += stats.held_bytes > 0;
    totals.full += !side->session.wants_input();
    totals.blocked += stats.send_window == 0;
    totals.waiting += stats.streams_by_state.front() > 1;
  }
}

void run(World& world, Totals& totals) {
  const std::size_t end_at = world.random.below(world.plan.steps);
  for (std::size_t i = 0; i < world.plan.steps; ++i) {
    world.act();
    world.step();
    if (i % 64 == 0) count_step(world, totals);
    if (world.random.chance(400)) settle_and_compare(world, totals);
    if (i != end_at) continue;
    Side& ending = world.any_side();
    switch (world.plan.end) {
      case Plan::End::kCloseAtTheEnd: break;
      case Plan::End::kShutdown:
        ending.ending = true;
        ending.session.shutdown(world.clock.now());
        break;
      case Plan::End::kCloseBoth:
        for (Side* side : {&world.client, &world.server}) {
          side->ending = true;
          side->session.close(wire::GoAwayStatus::kOk);
        }
        return;
      case Plan::End::kCloseOne:
        ending.ending = true;
        ending.session.close(wire::GoAwayStatus::kOk);
        break;
    }
  }
}

// Everybody reads and writes to the end, until `done`.
template <class Done>
void finish(World& world, Done done) {
  for (int i = 0; !done(); ++i) {
    REQUIRE(i < 300000);
    if (i % 100 == 0) {
      world.client.finish_all();
      world.server.finish_all();
    }
    world.step();
  }
}

bool is_over(const Side& side) {
  // Behind a close the rest of the output is what counts; a shutdown comes to its close by itself.
  return side.session.finished();
}

// Whether either side's OverflowPolicy has ended it.
bool overflowed(const User& user) {
  return user.how.code() == Errc::kLimitExceeded ||
         user.how.message().find("FLOW_CONTROL_ERROR") != std::string::npos;
}

// Streams that nobody disturbed have ended well, with all that was written. What a closing session
// had accepted has arrived, too.
void check_streams(const World& world, Totals& totals) {
  const bool cut = world.plan.end == Plan::End::kCloseOne;
  for (const Side* writer : {&world.client, &world.server}) {
    const Side& reader = *writer->peer;
    for (const auto& [id, user] : writer->users) {
      INFO("stream " << id << ", written by the "
                     << (writer == &world.client ? "client" : "server"));
      CHECK(user.closed);
      const auto found = reader.users.find(id);
      if (found == reader.users.end()) {
        // The other side's user has never heard of it.
        CHECK_FALSE(user.by_peer);
        const std::error_code code = user.how.code();
        // One that asks for no reply may be over before the GOAWAY that crosses it comes.
        const bool unheard = !user.how && user.unidirectional;
        CHECK((user.reset_here || unheard || code == Errc::kStreamRefused ||
               code == Errc::kGoneAway || code == Errc::kConnectionClosed));
        totals.refused += code == Errc::kStreamRefused;
        continue;
      }
      const User& twin = found->second;
      const bool overflow = overflowed(user) || overflowed(twin);
      if (user.reset_here || twin.reset_here) ++totals.reset;
      if (user.reset_here || twin.reset_here || overflow) continue;
      if (cut && !(writer->ending && user.open)) continue;
      if (!user.open && user.how.code() != Errc::kStreamRefused) {
        // A shutdown has refused it before it was answered.
        CHECK(world.plan.end == Plan::End::kShutdown);
      }
      if (!user.open) continue;
      totals.discarded += twin.discarded;
      // Each byte was compared as it came.
      if (!twin.discarded) CHECK(twin.incoming.size() == user.written);
      if (cut) continue;
      CHECK_THAT(user.how, IsSuccess());
      CHECK(user.written == user.outgoing.size());
      CHECK(twin.headers_told == user.headers_sent);
      ++totals.ended_well;
      totals.headers += user.headers_sent;
    }
  }
}

void check_side(const Side& side, Totals& totals) {
  CHECK_THAT(side.session.error(), IsSuccess());
  CHECK(side.session.stream_count() == 0);
  const session::Stats stats = side.session.stats();
  CHECK(stats.held_bytes == 0);
  CHECK(stats.queued_bytes == 0);
  CHECK(side.session.wants_input());
  totals.pongs += side.pongs;
  totals.settings += side.settings_told;
  totals.overflows += side.overflows;
  if (side.options().flow_control == session::FlowControl::kAutomatic) {
    totals.windows += stats.flow_control == PeerFlowControl::kWindows;
    totals.none += stats.flow_control == PeerFlowControl::kNone;
  }
}

void simulate(std::uint32_t seed, Totals& totals) {
  World world(seed);
  Side& client = world.client;
  Side& server = world.server;
  run(world, totals);
  if (world.plan.end == Plan::End::kCloseBoth) {
    finish(world, [&] {
      // Behind its GOAWAY each shuts its sending side down, which the other sees.
      if (is_over(client) && world.up.empty()) server.session.receive_end({});
      if (is_over(server) && world.down.empty()) client.session.receive_end({});
      return is_over(client) && is_over(server);
    });
    for (Side* side : {&client, &server}) {
      side->session.receive_end({});
      world.advance(*side);
      CHECK(side->all_closed());
      check_side(*side, totals);
    }
    return;
  }
  // The client's first frame, if nothing else was it.
  if (client.session.is_open()) REQUIRE_THAT(client.session.ping(world.clock.now()), IsSuccess());
  if (world.plan.end == Plan::End::kCloseAtTheEnd) {
    finish(world, [&] { return client.all_closed() && server.all_closed(); });
    settle_and_compare(world, totals);
    Side& closer = world.any_side();
    closer.ending = true;
    closer.session.close(wire::GoAwayStatus::kOk);
  }
  Side& closer = client.ending ? client : server;
  Side& other = *closer.peer;
  Pipe& last = &closer == &client ? world.up : world.down;
  finish(world, [&] { return is_over(closer) && last.empty(); });
  CHECK(other.gone);
  other.session.receive_end({});
  // Readers pause for as long as they are given data, and hear of the end only behind that.
  finish(world, [&] { return other.all_closed(); });
  world.advance(closer);
  CHECK(other.session.finished());
  check_streams(world, totals);
  for (const Side* side : {&client, &server}) check_side(*side, totals);
}

TEST_CASE("two sessions, whatever the pipe and their users do", "[simulation]") {
  Totals totals;
  const std::vector<std::uint32_t> all = seeds(3000);
  for (const std::uint32_t seed : all) {
    INFO("UVSPDY_TEST_SEED=" << seed);
    simulate(seed, totals);
  }
  if (all.size() < 1000) return;  // a few seeds need not have everything in them
  CHECK(totals.ended_well > all.size());
  CHECK(totals.reset > 0);
  CHECK(totals.discarded > 0);
  CHECK(totals.refused > 0);
  CHECK(totals.overflows > 0);
  CHECK(totals.pongs > 0);
  CHECK(totals.headers > 0);
  CHECK(totals.settings > 0);
  CHECK(totals.held > 0);
  CHECK(totals.full > 0);
  CHECK(totals.blocked > 0);
  CHECK(totals.waiting > 0);
  CHECK(totals.windows > 0);
  CHECK(totals.none > 0);
  CHECK(totals.compared > all.size());
  CHECK(totals.used > 0);
  CHECK(totals.negative > 0);
  CHECK(totals.grown > 0);
}

}  // namespace
}  // namespace uvspdy::test
