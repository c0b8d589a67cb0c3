// A simulated connection that breaks at a random moment.

#include "support/catch.h"
#include "support/seeds.h"
#include "world.h"

namespace uvspdy::test {
namespace {

TEST_CASE("a connection that breaks anywhere: a prefix of the bytes, and every stream told",
          "[simulation]") {
  for (const std::uint32_t seed : seeds(1000)) {
    INFO("UVSPDY_TEST_SEED=" << seed);
    World world(seed);
    const std::size_t steps = world.random.below(2000);
    for (std::size_t i = 0; i < steps; ++i) {
      world.act();
      world.step();
    }
    // The handlers check what they are given; here it has to come to an end.
    for (Side* side : {&world.client, &world.server}) {
      side->ending = world.random.chance(2);
      side->ending ? side->session.abort(Error(session::Errc::kConnectionClosed, "cut"))
                   : side->session.receive_end({});
      while (!side->all_closed()) {
        side->finish_all();
        REQUIRE(side->session.deadline());
        side->session.advance(world.clock.now());
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
