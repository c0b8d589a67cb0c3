#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/limits.h"
#include "uvspdy/wire/error.h"
#include "uvspdy/wire/frame.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::wire {

/// Encodes frames for one direction of a connection; each `encode` appends the frame's bytes to
/// `out`.
///
/// Frames with headers share one compression state, so they must be sent in the order in which they
/// were encoded. After an error, `out` and the compression state are unchanged. After
/// std::bad_alloc the encoder can only be destroyed, and `out` may end with a part of a frame.
class UVSPDY_EXPORT FrameEncoder {
 public:
  explicit FrameEncoder(HeaderCompression compression = {}, const Limits& limits = {});

  /// Errors: kZeroStreamId, kBadHeaderName, kBadHeaderValue, kForbiddenHeader, kTooManyHeaders,
  /// kHeaderBlockTooLarge (see format_header_block), kBadCompression, kFrameTooLarge.
  Error encode(const SynStreamFrame& frame, std::vector<std::uint8_t>& out);
  Error encode(const SynReplyFrame& frame, std::vector<std::uint8_t>& out);
  Error encode(const HeadersFrame& frame, std::vector<std::uint8_t>& out);

  /// Returns the error, if any, that `encode` would return for these headers in a frame of that
  /// type.
  Error check(FrameType type, const Headers& headers);

  // These cannot fail and use no compression.
  static void encode(const RstStreamFrame& frame, std::vector<std::uint8_t>& out);
  static void encode(const SettingsFrame& frame, std::vector<std::uint8_t>& out);
  static void encode(const PingFrame& frame, std::vector<std::uint8_t>& out);
  static void encode(const GoAwayFrame& frame, std::vector<std::uint8_t>& out);
  static void encode(const WindowUpdateFrame& frame, std::vector<std::uint8_t>& out);

  /// The head of a DATA frame that `length` bytes of payload follow, at most kMaxFrameLength.
  static std::array<std::uint8_t, kFrameHeadSize> data_head(StreamId stream_id, bool fin,
                                                            std::size_t length);

 private:
  Result<std::size_t> room_for_block(FrameType type, std::size_t fixed_part) const;
  Error encode_with_headers(FrameType type, std::uint8_t flags, Bytes fixed_part,
                            const Headers& headers, std::vector<std::uint8_t>& out);

  Limits limits_;
  HeaderDeflater deflater_;
};

}  // namespace uvspdy::wire
