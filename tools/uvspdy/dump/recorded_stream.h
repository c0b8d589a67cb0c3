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

/// What one side of a connection sent, from its first byte on: the upgrade is skipped, the rest
/// becomes frames. It holds one frame at most.
class RecordedStream {
 public:
  struct Options {
    Direction direction = Direction::kClientToServer;
    bool certain = false;       ///< SpdyStart's
    bool keep_payload = false;  ///< RecordedFrame::payload is wanted
  };
  using FrameHandler = Callback<void(RecordedFrame)>;

  explicit RecordedStream(const Options& options);

  /// Calls `on_frame` for each frame whose last byte is among `input`. An error is the end of what
  /// can be read: it is returned once and further input is ignored.
  Error take(Bytes input, const FrameHandler& on_frame);

  /// Further input is ignored.
  void abandon() { abandoned_ = true; }
  bool abandoned() const { return abandoned_; }

  const SpdyStart& start() const { return start_; }
  Direction direction() const { return direction_; }

  /// Whether the bytes so far end inside a frame, the offset of that frame, and of the end.
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
