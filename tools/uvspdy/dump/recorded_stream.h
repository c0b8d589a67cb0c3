#pragma once

#include <cstdint>
#include <vector>

#include "recorded_frame.h"
#include "spdy_start.h"
#include "uvspdy/bytes.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::command {

/// Decodes the bytes that one side of a connection sent, from the first byte on: skips the upgrade,
/// and makes frames of the rest. It buffers one frame at most.
class RecordedStream {
 public:
  struct Options {
    Direction direction = Direction::kClientToServer;
    bool certain = false;       ///< see SpdyStart
    bool keep_payload = false;  ///< whether to fill RecordedFrame::payload
  };
  using FrameHandler = Callback<void(RecordedFrame)>;

  explicit RecordedStream(const Options& options);

  /// Calls `on_frame` for each frame whose last byte is in `input`. After an error nothing more can
  /// be decoded: it is returned once, and further input is ignored.
  Error take(Bytes input, const FrameHandler& on_frame);

  /// Ignores all further input.
  void abandon() { abandoned_ = true; }
  bool abandoned() const { return abandoned_; }

  const SpdyStart& start() const { return start_; }
  Direction direction() const { return direction_; }

  /// Whether the bytes so far end inside a frame; the offset of that frame; the number of bytes.
  bool inside_frame() const;
  std::uint64_t frame_offset() const { return frame_offset_; }
  std::uint64_t size() const { return size_; }

 private:
  Error decode(Bytes input, const FrameHandler& on_frame);

  Direction direction_;
  bool keep_payload_;
  bool abandoned_ = false;
  SpdyStart start_;
  wire::FrameDecoder decoder_;
  std::uint64_t size_ = 0;
  std::uint64_t frame_offset_ = 0;
  std::vector<std::uint8_t> payload_;
};

}  // namespace uvspdy::command
