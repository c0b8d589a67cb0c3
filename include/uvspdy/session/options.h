#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "uvspdy/limits.h"
#include "uvspdy/wire/frame.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::session {

/// A moment on a clock that only goes forward. The session reads no clock: whoever drives it says
/// what time it is.
using Time = std::chrono::steady_clock::time_point;

/// Which end of the connection this is: it decides the parity of stream and PING ids.
enum class Role { kClient, kServer };

/// Whether DATA stays inside the windows of section 2.6.8. Kubernetes peers have no flow control,
/// and stall when they are waited for; other peers have it, and stall or fail without.
enum class FlowControl {
  /// Finds out which kind of peer it has. The session opens with SETTINGS, a WINDOW_UPDATE of the
  /// connection and a PING, and stays inside the default windows until it knows: a SETTINGS or
  /// WINDOW_UPDATE of the peer's, then or at any later time, means that windows are kept to. The
  /// PING's answer before either, or data past one of our windows, means that the peer has none.
  /// Such a peer is held back by Options::overflow, not by an error.
  kAutomatic,

  /// The specification to the letter. A peer that sends past a window gets FLOW_CONTROL_ERROR.
  kStandard,

  /// For a peer known to have none: no windows, no WINDOW_UPDATE and no SETTINGS from the first
  /// byte.
  kNone,
};

/// What happens when a paused stream holds more than Limits::stream_buffer, which only a peer
/// without flow control, such as every Kubernetes peer, gets to.
enum class OverflowPolicy : std::uint8_t {
  kStopReading,  ///< nothing is lost: nothing is read from the whole connection, for any of its
                 ///< streams, until that reader has caught up
  kResetStream,  ///< the stream is reset with FLOW_CONTROL_ERROR and ends with kLimitExceeded, the
                 ///< others go on
};

/// What a session is like. In each duration 0 or less means for ever, and so does
/// milliseconds::max(). initial_stream_window and max_data_frame outside their range are taken as
/// the nearest number in it.
struct Options {
  Limits limits{};

  FlowControl flow_control = FlowControl::kAutomatic;

  /// The window each stream starts with for what the peer sends, in bytes; 1 to 2^31-1, announced
  /// with SETTINGS_INITIAL_WINDOW_SIZE. For a reader that keeps up a window grows, as far as
  /// Limits::stream_window.
  std::uint32_t initial_stream_window = wire::kDefaultWindow;

  /// kAutomatic only: how long a writer may be blocked by the default windows while the peer leaves
  /// the opening PING unanswered, until its stream fails with kFlowControlUnknown; 0 means for
  /// ever. Time in which the transport has not taken all that we have for it does not count.
  std::chrono::milliseconds flow_control_timeout = std::chrono::seconds(30);

  /// For every stream; Session::set_overflow sets it for one.
  OverflowPolicy overflow = OverflowPolicy::kStopReading;

  /// How our header blocks are compressed.
  wire::HeaderCompression compression{};

  /// The largest DATA frame we send, and a stream's turn when several want to send: 1 to 2^24-1
  /// bytes.
  std::size_t max_data_frame = 16 * 1024;

  /// How long a stream of ours waits for its SYN_REPLY before it fails with kCreateTimeout; 0
  /// means for ever. Go's httpstream waits 30 s, too.
  std::chrono::milliseconds create_timeout = std::chrono::seconds(30);

  /// How long a stream that was broken off (Session::end_with_reset, a StreamWriter that is
  /// dropped) waits for the peer to take what was written on it, 16 KiB at least or all that is
  /// left; then it waits as long again. When the peer has taken less, what is left is dropped and
  /// the stream reset. 0 means for ever.
  std::chrono::milliseconds break_off_timeout = std::chrono::seconds(30);

  /// How long the connection may go without a frame in either direction before it is closed;
  /// 0 means for ever. Time in which data waits for a paused reader does not count. The PINGs of
  /// ping_period, and answers to ours, are no such frames, or the two options would cancel each
  /// other out; the peer's PINGs are, as in Go's httpstream.
  std::chrono::milliseconds idle_timeout{0};

  /// How often a PING is sent; 0 means never. client-go sends one every 5 s. A server
  /// without flow control gets none while its data comes or waits: it may have closed behind that.
  /// None is sent while wait_for_client holds the output, nor while one waits to be sent.
  std::chrono::milliseconds ping_period{0};

  /// How long such a PING may stay unanswered, with no other frame coming either, before the
  /// connection is closed with kPeerDead; 0 means for ever. It begins when the PING has left. Time
  /// in which paused readers keep us from reading does not count, nor does time in which the
  /// transport has not taken all that we have for it: a slow peer is not a dead one. A Go peer
  /// answers no PING while one of its readers is stuck, so towards one this must be longer than a
  /// reader may pause.
  std::chrono::milliseconds ping_timeout{0};

  /// Servers only: hold all output until the client's first frame has come. Go's upgrade client
  /// throws away what it has read behind the 101, so what a server says too early is lost.
  bool wait_for_client = true;

  /// The id of the first stream created here; 0 means 1 or 2. It must have our parity, else the
  /// next id that has is taken.
  wire::StreamId first_stream_id = 0;
};

}  // namespace uvspdy::session
