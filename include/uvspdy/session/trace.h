#pragma once

#include <cstdint>
#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// One frame as it came in or went out.
struct FrameTrace {
  enum class Direction { kIn, kOut };

  Direction direction = Direction::kIn;
  bool data = false;             ///< a DATA frame; `type` is then without meaning
  std::uint16_t type = 0;        ///< of a control frame, unknown ones included
  wire::StreamId stream_id = 0;  ///< 0 for frames of the connection
  std::uint8_t flags = 0;
  std::uint32_t length = 0;          ///< without the 8-byte head
  std::uint32_t value = 0;           ///< a status, a PING's id, a window's delta, a SETTINGS count
  const Headers* headers = nullptr;  ///< of SYN_STREAM, SYN_REPLY, HEADERS; valid during the call
};

/// Called for each frame: outgoing ones when they are queued for the transport, incoming ones
/// before they take effect (DATA with its first piece). It runs in the middle of a call of the
/// session: it must not call the session, nor, above it, the httpstream::Connection or its streams,
/// and must drop no stream or half.
using TraceHandler = Callback<void(const FrameTrace&)>;

/// A frame in one line, such as "in  DATA stream 3, 512 bytes, FIN".
UVSPDY_EXPORT std::string to_string(const FrameTrace& frame);

}  // namespace uvspdy::session
