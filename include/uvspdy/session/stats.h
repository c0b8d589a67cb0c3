#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "uvspdy/session/stream_state.h"

namespace uvspdy::session {

/// Whether the peer keeps to windows, as far as it is known.
enum class PeerFlowControl {
  kUnknown,  ///< FlowControl::kAutomatic has not found out yet
  kWindows,  ///< windows are kept to, both ways
  kNone,     ///< we send without windows
};

/// What a session has done and what it holds.
struct Stats {
  // Since the session began.
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t payload_received = 0;  ///< bytes of DATA, without the heads
  std::uint64_t payload_sent = 0;

  // Now.
  std::size_t streams = 0;  ///< those whose end the Handler has not been told
  /// The same by StreamState, with kIdle for those whose SYN_STREAM waits for its turn.
  std::array<std::size_t, 7> streams_by_state{};
  std::size_t held_bytes = 0;    ///< received and waiting for paused readers
  std::size_t queued_bytes = 0;  ///< written to streams and not with the transport; a gathered
                                 ///< write counts until all of it is

  std::size_t queued_control_bytes = 0;  ///< of control frames that are not with the transport

  PeerFlowControl flow_control = PeerFlowControl::kUnknown;
  std::int64_t send_window = 0;     ///< of the connection: what we may still send, in windows
  std::int64_t receive_window = 0;  ///< what the peer may still send

  /// The newest round trip that a PING has measured.
  std::optional<std::chrono::nanoseconds> round_trip{};
};

/// One stream of it.
struct StreamStats {
  StreamState state = StreamState::kIdle;
  std::int64_t send_window = 0;          ///< what we may still send; can be negative
  std::int64_t receive_window = 0;       ///< what the peer may still send
  std::int64_t receive_window_size = 0;  ///< what it may send when its reader has taken everything
  std::size_t held_bytes = 0;            ///< received and waiting for its reader
  std::size_t queued_bytes = 0;          ///< written and not in a frame yet
};

}  // namespace uvspdy::session
