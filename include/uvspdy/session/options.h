#pragma once

#include <chrono>
#include <cstddef>

#include "uvspdy/limits.h"
#include "uvspdy/session/trace.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::session {

/// A moment on a clock that only goes forward. The session reads no clock: whoever drives it says
/// what time it is.
using Time = std::chrono::steady_clock::time_point;

/// Which end of the connection this is: it decides the parity of stream and PING ids.
enum class Role { kClient, kServer };

struct Options {
  Limits limits;

  /// How our header blocks are compressed.
  wire::HeaderCompression compression;

  /// The largest DATA frame we send, and a stream's turn when several want to send: 1 to 2^24-1
  /// bytes.
  std::size_t max_data_frame = 16 * 1024;

  /// How long a stream of ours waits for its SYN_REPLY before it fails with kCreateTimeout; 0
  /// means for ever. Go's httpstream waits 30 s, too.
  std::chrono::milliseconds create_timeout = std::chrono::seconds(30);

  /// How long the connection may go without a frame in either direction before it is closed;
  /// 0 means for ever. Time in which paused readers keep us from reading does not count.
  std::chrono::milliseconds idle_timeout{0};

  /// How often a PING is sent; 0 means never. client-go sends one every 5 s.
  std::chrono::milliseconds ping_period{0};

  /// Servers only: hold all output until the client's first frame has come. Go's upgrade client
  /// throws away what it has read behind the 101, so what a server says too early is lost.
  bool wait_for_client = true;

  /// Sees each frame; empty means off, which costs one branch a frame.
  TraceHandler trace;
};

}  // namespace uvspdy::session
