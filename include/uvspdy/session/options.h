#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "uvspdy/limits.h"
#include "uvspdy/session/window_budget.h"
#include "uvspdy/wire/frame.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::session {

/// A moment on a monotonic clock. The session reads no clock: its caller passes the time to it.
using Time = std::chrono::steady_clock::time_point;

/// This side's role on the connection. It decides the parity of stream and PING ids.
enum class Role { kClient, kServer };

/// Whether DATA stays inside the windows of section 2.6.8. Kubernetes peers have no flow control:
/// whoever waits for their windows waits for ever. Other peers have it, and stall or fail without.
enum class FlowControl {
  /// Detects whether the peer has flow control. The session opens with SETTINGS, a WINDOW_UPDATE
  /// for the connection and a PING, and stays inside the default windows until it knows. A SETTINGS
  /// or WINDOW_UPDATE of the peer's, then or at any later time: it has. An answer to the PING
  /// before either of them, or data past one of our windows: it has not. Options::overflow limits a
  /// peer without flow control; going past a window is no error.
  kAutomatic,

  /// Flow control as specified. A peer that sends past a window gets FLOW_CONTROL_ERROR.
  kStandard,

  /// For a peer known to have no flow control: windows are ignored, and neither WINDOW_UPDATE nor
  /// SETTINGS is ever sent.
  kNone,
};

/// What happens when bytes come for a paused stream that do not fit any more. A peer without flow
/// control, such as every Kubernetes peer, gets there with Limits::stream_buffer bytes for one
/// stream, or Limits::connection_buffer for all. A peer with flow control stays inside its windows:
/// it gets there only when the bytes of all paused streams fill the connection's window, which the
/// WindowBudget does not let grow any more.
enum class OverflowPolicy : std::uint8_t {
  kStopReading,  ///< nothing is lost: the whole connection, with all its streams, waits until the
                 ///< readers have caught up
  kResetStream,  ///< the stream that the bytes are for is reset with FLOW_CONTROL_ERROR and ends
                 ///< with kLimitExceeded; the others go on
};

/// Options of a session. For each duration, values of 0 or less and milliseconds::max() mean no
/// limit (for ping_period: no PINGs). initial_stream_window and max_data_frame are clamped to their
/// range.
struct Options {
  Limits limits{};

  FlowControl flow_control = FlowControl::kAutomatic;

  /// The receive window that each stream starts with, in bytes; 1 to 2^31-1, announced as
  /// SETTINGS_INITIAL_WINDOW_SIZE. The window of a reader that keeps up grows, up to
  /// Limits::stream_window.
  std::uint32_t initial_stream_window = wire::kDefaultWindow;

  /// For kAutomatic: how long a writer may be blocked by the default windows while the peer does
  /// not answer the opening PING, before its stream fails with kFlowControlUnknown. Time in which
  /// the transport has not taken all of our output does not count.
  std::chrono::milliseconds flow_control_timeout = std::chrono::seconds(30);

  /// The policy of new streams; Session::set_overflow changes it for one.
  OverflowPolicy overflow = OverflowPolicy::kStopReading;

  /// How we compress header blocks.
  wire::HeaderCompression compression{};

  /// The most payload of a DATA frame that we send: 1 to 2^24-1 bytes. Streams of one priority that
  /// have data send one frame each, in rotation.
  std::size_t max_data_frame = 16 * 1024;

  /// How long a stream created here waits for its SYN_REPLY before it fails with kCreateTimeout.
  /// Go's httpstream waits 30 s, too. It is a limit of the creator's wait, whoever delays the
  /// answer: it runs on while this side slows a peer that exceeds a rate of Limits, and takes no
  /// SYN_REPLY from the peer meanwhile.
  std::chrono::milliseconds create_timeout = std::chrono::seconds(30);

  /// How long a stream that was broken off (by Session::end_with_reset, or by dropping its
  /// StreamWriter) waits for the peer to take 16 KiB of the data already written, or all that is
  /// left of it. Each time the peer does, the wait starts anew; else the rest is dropped and the
  /// stream reset.
  std::chrono::milliseconds break_off_timeout = std::chrono::seconds(30);

  /// How long the connection may go without a frame in either direction before it closes with
  /// kIdleTimeout. Time in which data waits for a paused reader does not count. PINGs of
  /// ping_period, and the peer's answers to any of ours, do not keep the connection open, or this
  /// timeout would never be reached; the peer's own PINGs do, as in Go's httpstream.
  std::chrono::milliseconds idle_timeout{0};

  /// How often a PING is sent; client-go sends one every 5 s. None is sent while wait_for_client
  /// holds the output back, nor while an earlier one is still queued. If the peer is a server
  /// without flow control, none is sent while DATA arrives, or input is not read: the server may
  /// have closed after its last DATA, and would answer a PING with a TCP reset, which destroys
  /// unread data.
  std::chrono::milliseconds ping_period{0};

  /// How long a PING of ping_period may stay unanswered, with nothing else received either, before
  /// the connection closes with kPeerDead. Starts when the transport has taken the PING. Time in
  /// which paused readers keep us from reading, or the transport has not taken all of our output,
  /// does not count: a slow peer is not a dead one. A Go peer answers no PING while one of its
  /// readers is stuck, so choose more than the longest time for which its readers may pause.
  std::chrono::milliseconds ping_timeout{0};

  /// Servers only: send nothing until the client's first frame has arrived, or the session closes.
  /// Go's upgrade client throws away bytes that it has read after the 101 response, so earlier
  /// frames would be lost.
  bool wait_for_client = true;

  /// The id of the first stream created here; 0 means 1 (client) or 2 (server). An id of the peer's
  /// parity is replaced by the next higher one.
  wire::StreamId first_stream_id = 0;

  /// What the windows of this connection and of others grow from. Null: a session has a budget of
  /// its own, of WindowBudget::kDefaultSize; the httpstream::Connections that a thread makes share
  /// one.
  std::shared_ptr<WindowBudget> window_budget{};
};

}  // namespace uvspdy::session
