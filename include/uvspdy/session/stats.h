#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "uvspdy/export.h"
#include "uvspdy/session/stream_state.h"

namespace uvspdy::session {

/// Whether the peer has flow control, as far as the session knows.
enum class PeerFlowControl {
  kUnknown,  ///< FlowControl::kAutomatic does not know yet
  kWindows,  ///< both sides respect windows
  kNone,     ///< the peer has none: we ignore windows
};

/// The rates of Limits that a peer may exceed.
enum class Allowance : std::uint8_t {
  kInflated,       ///< Limits::inflated_rate
  kHeaderBlocks,   ///< Limits::header_block_rate
  kStreams,        ///< Limits::stream_rate
  kResets,         ///< Limits::reset_rate
  kControlFrames,  ///< Limits::control_frame_rate
  kSmallData,      ///< Limits::small_data_rate
  kPings,          ///< Limits::ping_rate
  kSettings,       ///< Limits::settings_rate
  kStrayFrames,    ///< Limits::stray_frame_rate
};
inline constexpr std::size_t kAllowances = 9;

/// The name of its member of Limits.
UVSPDY_EXPORT std::string_view name_of(Allowance allowance);

/// Counters of a session.
struct Stats {
  // Totals since the session began.
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t payload_received = 0;  ///< bytes of DATA, without the frame heads
  std::uint64_t payload_sent = 0;
  /// By Allowance: how often the peer exceeded that rate and was slowed.
  std::array<std::uint64_t, kAllowances> rates_exceeded{};

  // Current values.
  std::size_t streams = 0;  ///< streams that on_stream_closed has not been called for
  /// The same streams by StreamState; kIdle counts those whose SYN_STREAM is not sent yet.
  std::array<std::size_t, 7> streams_by_state{};
  std::size_t held_bytes = 0;    ///< received, and buffered for readers that do not take it
  std::size_t queued_bytes = 0;  ///< written to streams and not yet taken by the transport; a
                                 ///< gathered write counts until all of it is taken

  std::size_t queued_control_bytes = 0;  ///< control frames that wait for a place in output()

  PeerFlowControl flow_control = PeerFlowControl::kUnknown;
  // The windows of the connection, in bytes; a side that sent past one has made it negative.
  std::int64_t send_window = 0;     ///< DATA that we may still send
  std::int64_t receive_window = 0;  ///< DATA that the peer may still send
  /// The receive window when nothing is buffered. What it has beyond Limits::connection_buffer is
  /// taken from the WindowBudget.
  std::int64_t receive_window_size = 0;

  /// The most recent round trip that a PING has measured.
  std::optional<std::chrono::nanoseconds> round_trip{};
};

/// Counters of one stream.
struct StreamStats {
  StreamState state = StreamState::kIdle;
  std::int64_t send_window = 0;          ///< bytes we may still send; can be negative
  std::int64_t receive_window = 0;       ///< bytes the peer may still send; can be negative
  std::int64_t receive_window_size = 0;  ///< the receive window when its reader has taken all
  std::size_t held_bytes = 0;            ///< received, and buffered for its reader
  std::size_t queued_bytes = 0;          ///< written, and not yet in a frame
};

}  // namespace uvspdy::session
