#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

#include "uvspdy/session/options.h"

// What one seed stands for: the two sides' options, how much there is to do, and how it ends.

namespace uvspdy::test {

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  /// 0 to `below` - 1. Not a distribution of the standard library: those differ between libraries.
  std::size_t below(std::size_t below) { return engine_() % below; }
  std::size_t between(std::size_t least, std::size_t most) {
    return least + below(most - least + 1);
  }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

 private:
  std::mt19937 engine_;
};

struct Plan {
  enum class End {
    kCloseAtTheEnd,  ///< when everything has arrived
    kShutdown,       ///< one side, in mid-run: the open streams still finish
    kCloseOne,       ///< one side, in mid-run: what was accepted arrives
    kCloseBoth,      ///< both sides at once: neither may wait for the other for ever
  };

  /// What one read of a side takes at most.
  static constexpr std::size_t kReadSize = 1500;

  session::Options client;
  session::Options server;
  std::size_t largest_window = 0;   ///< that SETTINGS may announce in mid-run
  std::size_t largest_payload = 0;  ///< that a side writes on a stream
  std::size_t streams = 0;
  bool prompt = false;    ///< what is due is told before more is received, as a loop does it
  std::size_t steps = 0;  ///< of the run, before everybody reads and writes to the end
  End end = End::kCloseAtTheEnd;
};

/// A window of one byte for payload of thousands would take a round trip for each.
inline std::uint32_t draw_window(Random& random, std::size_t largest) {
  return static_cast<std::uint32_t>(
      random.between(std::max<std::size_t>(1, largest / 20), largest));
}

namespace internal {

inline session::Options draw_side(Random& random, session::FlowControl mode,
                                  std::size_t largest_window) {
  session::Options options;
  options.flow_control = mode;
  options.flow_control_timeout = std::chrono::hours(0);
  options.initial_stream_window = draw_window(random, largest_window);
  options.max_data_frame = random.chance(4) ? random.between(1, 100) : 500;
  options.ping_period = std::chrono::seconds(1);
  options.create_timeout = std::chrono::hours(1);
  options.limits.stream_buffer = 2000;
  options.limits.connection_buffer = random.chance(3) ? 100 * 1000 : 6000;
  options.limits.stream_window = largest_window * random.between(1, 4);
  options.limits.write_high_water = 3000;
  if (random.chance(2)) options.limits.connection_write_high_water = 5000;
  options.limits.write_buffers = 20;
  if (random.chance(3)) options.overflow = session::OverflowPolicy::kResetStream;
  return options;
}

}  // namespace internal

inline Plan draw_plan(Random& random) {
  using session::FlowControl;
  // The combinations that may work: a strict side needs a peer with windows.
  constexpr FlowControl kModes[][2] = {
      {FlowControl::kAutomatic, FlowControl::kAutomatic},
      {FlowControl::kAutomatic, FlowControl::kStandard},
      {FlowControl::kStandard, FlowControl::kAutomatic},
      {FlowControl::kStandard, FlowControl::kStandard},
      {FlowControl::kNone, FlowControl::kNone},
      {FlowControl::kAutomatic, FlowControl::kNone},
      {FlowControl::kNone, FlowControl::kAutomatic},
  };
  struct Scale {
    std::size_t window;
    std::size_t payload;
    std::size_t streams;
  };
  constexpr Scale kScales[] = {
      {20, 300, 20}, {1000, 9000, 20}, {8000, 15000, 15}, {70000, 60000, 6}};

  Plan plan;
  const auto& modes = kModes[random.below(std::size(kModes))];
  const Scale& scale = kScales[random.chance(8) ? 3 : random.below(3)];
  plan.client = internal::draw_side(random, modes[0], scale.window);
  plan.server = internal::draw_side(random, modes[1], scale.window);
  plan.largest_window = scale.window;
  plan.largest_payload = scale.payload;
  plan.streams = random.between(1, scale.streams);
  plan.prompt = random.chance(2);
  plan.steps = random.between(300, 2500);
  plan.end = random.chance(2) ? Plan::End::kCloseAtTheEnd : static_cast<Plan::End>(random.below(4));
  return plan;
}

}  // namespace uvspdy::test
