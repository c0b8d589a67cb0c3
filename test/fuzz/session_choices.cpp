#include "session_choices.h"

#include <array>
#include <chrono>
#include <memory>

namespace uvspdy::fuzz {

using session::FlowControl;
using session::OverflowPolicy;
using session::Role;
using namespace std::chrono_literals;

session::Options SessionChoices::options(Role role) const {
  session::Options options;
  constexpr std::array<FlowControl, 4> kModes = {FlowControl::kAutomatic, FlowControl::kStandard,
                                                 FlowControl::kNone, FlowControl::kAutomatic};
  constexpr std::array<std::uint32_t, 4> kWindows = {wire::kDefaultWindow, 300, 1,
                                                     wire::kMaxWindow};
  options.flow_control = kModes[(more_ >> 2) & 3];
  options.initial_stream_window = kWindows[(more_ >> 4) & 3];
  options.window_budget = std::make_shared<session::WindowBudget>(
      has(kSmallLimits) ? 100'000 : session::WindowBudget::kDefaultSize);
  if ((more_ & 0x40) != 0) options.overflow = OverflowPolicy::kResetStream;
  if ((more_ & 0x80) != 0) options.first_stream_id = wire::kMaxStreamId - 4;
  if (has(kSmallLimits)) {
    options.limits.stream_buffer = 1000;
    options.limits.connection_buffer = 3000;
    options.limits.stream_window = 4000;
    options.limits.write_high_water = 2000;
    options.limits.write_buffers = 4;
    options.limits.connection_write_high_water = 3000;
    options.limits.concurrent_streams = 3;
    options.limits.stream_headers = 10000;
    options.limits.queued_control_output = 200;
    options.limits.inflated_rate = {1000, 10'000};
    options.limits.header_block_rate = options.limits.stream_rate = {10, 20};
    options.limits.reset_rate = options.limits.settings_rate = {3, 3};
    options.limits.control_frame_rate = options.limits.small_data_rate = {10, 20};
    options.limits.ping_rate = options.limits.stray_frame_rate = {10, 10};
    options.limits.settings_entries = 4;
    options.limits.headers_per_block = 3;
    options.limits.inflated_header_block = 4000;
  }
  if (role == Role::kServer) options.wait_for_client = !has(kSpeakFirst);
  if (has(kTimers)) {
    options.create_timeout = 2s;
    options.idle_timeout = 10s;
    options.ping_period = 3s;
    options.ping_timeout = 5s;
    options.flow_control_timeout = 4s;
    options.break_off_timeout = 6s;
  }
  options.compression.stored = has(kStoredHeaders);
  if (has(kSmallFrames)) options.max_data_frame = 100;
  return options;
}

}  // namespace uvspdy::fuzz
