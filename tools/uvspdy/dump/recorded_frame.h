#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::command {

/// The direction of a frame.
enum class Direction { kClientToServer, kServerToClient };

/// The place of a frame in a packet capture. The texts are the capture's, valid during the call.
struct CapturePlace {
  unsigned connection = 0;          ///< the SPDY connections of a capture are counted from 1
  const std::string& client;        ///< address and port
  const std::string& server;        ///< address and port
  std::int64_t time = 0;            ///< of its last byte, in nanoseconds since 1970
  std::int64_t since_first_packet;  ///< that time in nanoseconds since the first packet
};

/// One frame of a recording.
struct RecordedFrame {
  Direction direction = Direction::kClientToServer;
  std::uint64_t offset = 0;  ///< of its first byte, among all bytes that this side sent
  std::uint8_t flags = 0;
  std::uint32_t length = 0;           ///< without the 8-byte head
  wire::Decoded content;              ///< never NeedMoreInput; of DATA the last piece
  std::vector<std::uint8_t> payload;  ///< of DATA, when asked for
  std::optional<CapturePlace> place;  ///< empty for recorded bytes without packets
};

}  // namespace uvspdy::command
