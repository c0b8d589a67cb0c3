#pragma once

#include <cstddef>
#include <cstdint>

#include "plan.h"
#include "simulated_pipe.h"
#include "simulated_side.h"
#include "support/catch.h"

namespace uvspdy::test {

/// Two sides and the pipes between them, all from one seed.
struct World {
  explicit World(std::uint32_t seed)
      : random(seed),
        plan(draw_plan(random)),
        client(Role::kClient, plan, random, clock),
        server(Role::kServer, plan, random, clock),
        up(random),
        down(random) {
    client.peer = &server;
    server.peer = &client;
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Random random;
  ManualClock clock;
  Plan plan;
  Side client;
  Side server;
  Pipe up;
  Pipe down;
  std::size_t steps = 0;

  Side& any_side() { return random.chance(2) ? server : client; }

  void advance(Side& side) {
    for (int round = 0; side.session.deadline() && *side.session.deadline() <= clock.now();
         ++round) {
      REQUIRE(round < 100);
      side.session.advance(clock.now());
    }
  }

  /// One thing happens, and then everything that must hold is checked; the dear part not each time.
  void step() {
    switch (random.below(6)) {
      case 0: up.take_from(client.session, clock.now()); break;
      case 1: down.take_from(server.session, clock.now()); break;
      case 2: give(up, server); break;
      case 3: give(down, client); break;
      case 4: advance(client); break;
      case 5: advance(server); break;
    }
    ++steps;
    for (Side* side : {&client, &server}) {
      side->check_connection();
      if (steps % 8 == 0) side->check_streams();
    }
  }

  /// What users do in one step of the run.
  void act() {
    if (client.users.size() + server.users.size() < 2 * plan.streams && random.chance(20)) {
      (random.chance(4) ? server : client).create();
    }
    if (random.chance(3)) any_side().act();
    if (random.chance(100)) any_side().change_settings();
    if (random.chance(50)) clock.advance(std::chrono::milliseconds(random.below(1000)));
  }

  bool nothing_under_way() const {
    return up.empty() && down.empty() && !client.session.has_output() &&
           !server.session.has_output();
  }

  /// Carries all that can be carried, with users doing no more than they do when they are told
  /// something. False when a side does not read, so that something stays under way.
  bool settle() {
    for (std::size_t i = 0;; ++i) {
      REQUIRE(i < 100000);
      advance(client);
      advance(server);
      up.take_from(client.session, clock.now());
      down.take_from(server.session, clock.now());
      const bool moved_up = up.give_to(server.session, clock.now());
      const bool moved_down = down.give_to(client.session, clock.now());
      if (moved_up || moved_down) continue;
      if (nothing_under_way() && !due(client) && !due(server)) return true;
      const bool stuck = (up.empty() || !server.session.wants_input()) &&
                         (down.empty() || !client.session.wants_input());
      if (stuck && !nothing_under_way() && !(up.empty() && down.empty())) return false;
    }
  }

 private:
  void give(Pipe& pipe, Side& side) {
    if (plan.prompt) advance(side);
    pipe.give_to(side.session, clock.now());
  }

  bool due(const Side& side) const {
    return side.session.deadline() && *side.session.deadline() <= clock.now();
  }
};

}  // namespace uvspdy::test
