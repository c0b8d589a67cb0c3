#pragma once

#include <cstdint>
#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// One frame, as it was received or sent.
struct FrameTrace {
  enum class Direction { kIn, kOut };

  Direction direction = Direction::kIn;
  bool data = false;             ///< a DATA frame; `type` is then without meaning
  std::uint16_t type = 0;        ///< type of a control frame, also of an unknown one
  wire::StreamId stream_id = 0;  ///< 0 for the connection; of a GOAWAY, its last good id
  std::uint8_t flags = 0;
  std::uint32_t length = 0;          ///< without the 8-byte head
  std::uint32_t value = 0;           ///< a status, PING id, window delta or SETTINGS count
  const Headers* headers = nullptr;  ///< null without headers; valid during the call
};

/// Called for each frame: one that is sent when it is put into the output, one that is received
/// before it takes effect (DATA with the first piece that arrives). It runs in the middle of a call
/// of the session, so it must not call the session, the httpstream::Connection above it or any of
/// its streams, and must not drop a stream or a half of one.
using TraceHandler = Callback<void(const FrameTrace&)>;

/// A frame as one line, such as "in  DATA stream 3, 512 bytes, FIN".
UVSPDY_EXPORT std::string to_string(const FrameTrace& frame);

}  // namespace uvspdy::session
