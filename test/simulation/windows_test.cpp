// Receive windows follow the link: links of 1 to 300 ms and 1 Mbit/s to 10 Gbit/s, one stream and a
// hundred, both directions, several connections on one WindowBudget. The limits are a sixteenth of
// the defaults, so that as much less is copied; nothing in the rules depends on their size.

#include <memory>

#include "linked_pair.h"
#include "plan.h"
#include "support/seeds.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::WindowBudget;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kBase = 256 * 1024;
constexpr std::size_t kBudget = 4 * 1024 * 1024;

session::Options small_options(std::shared_ptr<WindowBudget> budget) {
  session::Options options;
  options.limits.connection_buffer = kBase;
  options.flow_control_timeout = std::chrono::hours(0);
  options.create_timeout = std::chrono::hours(1);
  options.window_budget = std::move(budget);
  return options;
}

// No window has grown by what is not in the budget.
void check_budget(const WindowBudget& budget, const std::vector<const session::Session*>& all) {
  std::size_t grown = 0;
  for (const session::Session* session : all) {
    const session::Stats stats = session->stats();
    const auto size = static_cast<std::size_t>(stats.receive_window_size);
    if (size > kBase) grown += size - kBase;
    const auto held = static_cast<std::int64_t>(stats.held_bytes);
    if (stats.receive_window < 0 || stats.receive_window + held > stats.receive_window_size) {
      FAIL_CHECK("a window of " << stats.receive_window << " with " << held << " bytes held, of "
                                << stats.receive_window_size);
    }
  }
  if (grown != budget.size() - budget.remaining()) {
    FAIL_CHECK("windows have grown by " << grown << " bytes, and " << budget.remaining() << " of "
                                        << budget.size() << " are free");
  }
}

struct Scenario {
  LinkProperties link;
  std::size_t streams;
  bool down;
};

Scenario draw(Random& random) {
  constexpr int kMilliseconds[] = {1, 10, 60, 200, 300};
  constexpr double kMegabits[] = {1, 10, 100, 1000, 10000};
  return {{milliseconds(kMilliseconds[random.below(std::size(kMilliseconds))]),
           kMegabits[random.below(std::size(kMegabits))] * 1e6 / 8},
          random.chance(2) ? 1u : 100u,
          random.chance(2)};
}

TEST_CASE("windows let a reader that keeps up have 0.8 of the link", "[simulation][windows]") {
  for (const std::uint32_t seed : seeds(30)) {
    Random random(seed);
    const Scenario scenario = draw(random);
    const LinkProperties& link = scenario.link;
    INFO("UVSPDY_TEST_SEED=" << seed << ": " << link.round_trip.count() / 1000000 << " ms, "
                             << link.bytes_per_second / 1e6 << " MB/s, " << scenario.streams
                             << " streams, " << (scenario.down ? "down" : "up"));
    const auto budget = std::make_shared<WindowBudget>(kBudget);
    const auto others = std::make_shared<WindowBudget>(kBudget);
    ManualClock clock;
    {
      LinkedPair pair(link, small_options(scenario.down ? budget : others),
                      small_options(scenario.down ? others : budget));
      LinkEnd& reader = scenario.down ? pair.client : pair.server;
      reader.writes = false;
      for (std::size_t i = 0; i < scenario.streams; ++i) pair.create(clock.now());
      const auto check = [&] { check_budget(*budget, {&reader.session}); };
      // Where a round trip is much shorter than the time for a turn of all streams, that decides.
      const std::chrono::duration<double> turn(static_cast<double>(scenario.streams * 64 * 1024) /
                                               link.bytes_per_second);
      const nanoseconds unit = link.round_trip + std::chrono::duration_cast<nanoseconds>(turn);
      run_pairs({&pair}, clock, 14 * unit, check);
      const std::uint64_t before = reader.all_received();
      run_pairs({&pair}, clock, 8 * unit, check);
      const double rate = static_cast<double>(reader.all_received() - before) /
                          std::chrono::duration<double>(8 * unit).count();
      const double possible = std::min(
          link.bytes_per_second,
          static_cast<double>(kBudget) / std::chrono::duration<double>(link.round_trip).count());
      INFO(rate / 1e6 << " of " << possible / 1e6 << " MB/s, a window of "
                      << reader.session.stats().receive_window_size);
      CHECK(rate >= 0.8 * possible);
    }
    CHECK(budget->remaining() == kBudget);
    CHECK(others->remaining() == kBudget);
  }
}

// What one link's reader gets in a time, in bytes per second.
double rate_of(const LinkedPair& pair, std::uint64_t before, nanoseconds time) {
  return static_cast<double>(pair.server.all_received() - before) /
         std::chrono::duration<double>(time).count();
}

constexpr LinkProperties kFast{milliseconds(100), 1250e6};

TEST_CASE("connections of one budget share it, and one that leaves gives its part back",
          "[simulation][windows]") {
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  ManualClock clock;
  std::vector<std::unique_ptr<LinkedPair>> pairs;
  const auto run = [&](int round_trips) {
    std::vector<LinkedPair*> all;
    std::vector<const session::Session*> readers;
    for (const auto& pair : pairs) {
      all.push_back(pair.get());
      readers.push_back(&pair->server.session);
    }
    run_pairs(all, clock, round_trips * kFast.round_trip, [&] { check_budget(*budget, readers); });
  };
  const auto growth = [&](std::size_t i) {
    return static_cast<std::size_t>(pairs[i]->server.session.stats().receive_window_size) - kBase;
  };
  const auto add = [&] {
    pairs.push_back(
        std::make_unique<LinkedPair>(kFast, small_options(nullptr), small_options(budget)));
    pairs.back()->server.writes = false;
    pairs.back()->create(clock.now());
  };
  add();
  run(15);
  CHECK(growth(0) > kBudget * 9 / 10);
  CHECK(budget->remaining() > 0);
  // The first gives back what the others need, without an end of its own.
  add();
  add();
  run(60);
  for (std::size_t i = 0; i < 3; ++i) {
    INFO("connection " << i << " has " << growth(i));
    CHECK(growth(i) > kBudget / 4);
    CHECK(growth(i) < kBudget * 4 / 10);
  }
  const std::uint64_t before = pairs[0]->server.all_received();
  run(5);
  CHECK(rate_of(*pairs[0], before, 5 * kFast.round_trip) > 0.8 * kBudget / 3 / 0.1);
  pairs.erase(pairs.begin() + 1, pairs.end());
  run(15);
  CHECK(growth(0) > kBudget * 9 / 10);
  pairs.clear();
  CHECK(budget->remaining() == kBudget);
}

TEST_CASE("a stream that is idle takes nothing from the others", "[simulation][windows]") {
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  ManualClock clock;
  LinkedPair pair(kFast, small_options(nullptr), small_options(budget));
  pair.server.writes = false;
  const auto run = [&](int round_trips) {
    run_pairs({&pair}, clock, round_trips * kFast.round_trip,
              [&] { check_budget(*budget, {&pair.server.session}); });
  };
  const wire::StreamId idle = pair.create(clock.now());
  run(20);
  REQUIRE(pair.server.session.stream_stats(idle)->receive_window_size > 3 * 1024 * 1024);
  const wire::StreamId busy = pair.create(clock.now());
  pair.client.writes_only = busy;
  const bool pauses = GENERATE(false, true);
  INFO((pauses ? "its reader has paused" : "its reader waits"));
  run(2);
  if (pauses) pair.server.session.pause(idle);
  run(60);
  const auto rate = [&] {
    const std::uint64_t before = pair.server.received.at(busy);
    run(20);
    return static_cast<double>(pair.server.received.at(busy) - before) / 20;
  };
  CHECK(rate() >= 0.8 * kBudget);
  SECTION("until it is used again, a little or much: then each has its part") {
    pair.server.session.resume(idle);
    static const std::vector<std::uint8_t> piece(1000);
    for (int i = 0; i < 40; ++i) {
      REQUIRE_FALSE(pair.client.session.write(idle, Buffer(Bytes(piece), nullptr)));
      run(5);
    }
    // Whose window shrinks by no more than what it receives.
    CHECK(pair.server.session.stream_stats(idle)->receive_window_size > 3 * 1024 * 1024);
    CHECK(rate() >= 0.8 * kBudget / 3);
    pair.client.writes_only.reset();
    pair.client.write(idle);
    run(20);
    for (const wire::StreamId id : {idle, busy}) {
      const std::int64_t size = pair.server.session.stream_stats(id)->receive_window_size;
      CHECK(size > std::int64_t{kBudget * 3 / 10});
      CHECK(size < std::int64_t{kBudget * 6 / 10});
    }
  }
}

TEST_CASE("a stream that needs little leaves its part to the others", "[simulation][windows]") {
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  ManualClock clock;
  LinkedPair pair(kFast, small_options(nullptr), small_options(budget));
  pair.server.writes = false;
  const wire::StreamId busy = pair.create(clock.now());
  pair.client.writes_only = busy;
  std::vector<wire::StreamId> small;
  for (int i = 0; i < 10; ++i) small.push_back(pair.create(clock.now()));
  const auto run = [&](int times) {
    static const std::vector<std::uint8_t> piece(1000);
    for (int i = 0; i < times; ++i) {
      for (const wire::StreamId id : small) {
        REQUIRE_FALSE(pair.client.session.write(id, Buffer(Bytes(piece), nullptr)));
      }
      run_pairs({&pair}, clock, 5 * kFast.round_trip,
                [&] { check_budget(*budget, {&pair.server.session}); });
    }
  };
  run(10);
  const std::uint64_t before = pair.server.received.at(busy);
  run(10);
  const auto bytes = static_cast<double>(pair.server.received.at(busy) - before);
  CHECK(bytes / 50 >= 0.8 * kBudget);
}

TEST_CASE("a window is never less than what is held for a reader and some more",
          "[simulation][windows]") {
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  ManualClock clock;
  std::vector<std::unique_ptr<LinkedPair>> pairs;
  const auto add = [&] {
    pairs.push_back(
        std::make_unique<LinkedPair>(kFast, small_options(nullptr), small_options(budget)));
    pairs.back()->server.writes = false;
    return pairs.back()->create(clock.now());
  };
  const auto run = [&](int round_trips) {
    std::vector<LinkedPair*> all;
    std::vector<const session::Session*> readers;
    for (const auto& pair : pairs) {
      all.push_back(pair.get());
      readers.push_back(&pair->server.session);
    }
    run_pairs(all, clock, round_trips * kFast.round_trip, [&] { check_budget(*budget, readers); });
  };
  const wire::StreamId paused = add();
  run(15);
  LinkedPair& first = *pairs.front();
  first.server.session.pause(paused);
  const wire::StreamId busy = first.create(clock.now());
  run(5);
  REQUIRE(first.server.session.stats().held_bytes > kBudget / 2);
  // The others would have most of the budget.
  for (int i = 0; i < 5; ++i) add();
  run(60);
  const std::uint64_t before = first.server.received.at(busy);
  run(20);
  CHECK(first.server.received.at(busy) - before > 20 * kBase / 8);
}

TEST_CASE("windows do not follow a queue that they have made", "[simulation][windows]") {
  constexpr LinkProperties kSlow{milliseconds(60), 10e6 / 8};
  constexpr std::int64_t kNeeded = 75 * 1000;
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  session::Options options = small_options(budget);
  options.limits.connection_buffer = 65536;
  ManualClock clock;
  LinkedPair pair(kSlow, small_options(nullptr), options);
  pair.server.writes = false;
  pair.create(clock.now());
  for (int second = 0; second < 120; ++second) {
    run_pairs({&pair}, clock, std::chrono::seconds(1), [] {});
    REQUIRE(pair.server.session.stats().receive_window_size <= 16 * kNeeded);
  }
}

TEST_CASE("a window shrinks when its peer has become slow", "[simulation][windows]") {
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  ManualClock clock;
  LinkedPair pair(kFast, small_options(nullptr), small_options(budget));
  pair.server.writes = false;
  const wire::StreamId id = pair.create(clock.now());
  const auto check = [&] { check_budget(*budget, {&pair.server.session}); };
  run_pairs({&pair}, clock, std::chrono::seconds(2), check);
  REQUIRE(budget->remaining() < kBudget / 10);
  pair.client.writes = false;
  run_pairs({&pair}, clock, std::chrono::seconds(1), check);
  // 200 KB a second need 80 KB.
  static const std::vector<std::uint8_t> piece(20 * 1000);
  for (int i = 0; i < 600; ++i) {
    REQUIRE_FALSE(pair.client.session.write(id, Buffer(Bytes(piece), nullptr)));
    run_pairs({&pair}, clock, milliseconds(100), check);
  }
  CHECK(budget->remaining() == kBudget);
  CHECK(pair.server.session.stream_stats(id)->receive_window_size < 300 * 1000);
  // And grows again.
  pair.client.writes = true;
  pair.client.write(id);
  run_pairs({&pair}, clock, std::chrono::seconds(2), check);
  CHECK(budget->remaining() < kBudget / 10);
}

TEST_CASE("readers that pause stop no other until the budget is used up", "[simulation][windows]") {
  const auto budget = std::make_shared<WindowBudget>(kBudget);
  ManualClock clock;
  const bool grown = GENERATE(false, true);
  session::Options options = small_options(budget);
  // The windows that streams begin with are for the reserve to hold, so they are small, too.
  if (grown) options.initial_stream_window = 4096;
  LinkedPair pair(kFast, small_options(nullptr), options);
  pair.server.writes = false;
  const auto run = [&](int round_trips) {
    run_pairs({&pair}, clock, round_trips * kFast.round_trip,
              [&] { check_budget(*budget, {&pair.server.session}); });
  };
  wire::StreamId busy = pair.create(clock.now());
  run(3);
  INFO((grown ? "streams whose windows have grown" : "streams with the first window"));
  if (!grown) {
    // As many as the defaults have room for, a sixteenth of 1,000.
    for (int i = 0; i < 62; ++i) {
      const wire::StreamId id = pair.create(clock.now());
      run(1);
      pair.server.session.pause(id);
      run(2);
    }
  }
  if (grown) {
    std::vector<wire::StreamId> ids{busy};
    for (int i = 0; i < 20; ++i) ids.push_back(pair.create(clock.now()));
    run(30);
    for (const wire::StreamId id : ids) pair.server.session.pause(id);
    run(10);
    const session::Stats stats = pair.server.session.stats();
    CHECK(stats.receive_window >= std::int64_t{kBase / 4});
    busy = pair.create(clock.now());
    run(5);
  }
  CHECK(pair.server.session.stats().held_bytes > kBudget / 2);
  const std::uint64_t before = pair.server.received.at(busy);
  run(20);
  // What is left of the window moves at least once in a round trip or two.
  const auto bytes = static_cast<double>(pair.server.received.at(busy) - before);
  INFO(bytes / 20 / kBase << " of the base in a round trip");
  // A stream that begins then has the first window.
  CHECK(bytes / 20 >= (grown ? 0.1 : 0.4) * kBase);
}

}  // namespace
}  // namespace uvspdy::test
