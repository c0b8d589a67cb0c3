#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "session/dropped.h"
#include "uvspdy/buffer.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// What one gathered write carries: control bytes, then DATA frames as [8-byte head | payload ...].
/// It owns the heads, shares the payload, and keeps both in place until all of it is sent. Its
/// memory is used again from batch to batch.
class OutputBatch {
 public:
  /// Bounds of one batch. Frames are put in while there is room, so that what is queued later but
  /// matters more (control frames, higher priorities) does not stand behind megabytes.
  static constexpr std::size_t kMaxBytes = 256 * 1024;
  static constexpr std::size_t kMaxSpans = 256;

  bool empty() const { return next_ == spans_.size(); }

  /// Bytes of payload in it, until all of it is sent.
  std::size_t payload_size() const { return payload_size_; }
  bool has_room() const { return bytes_ < kMaxBytes && spans_.size() + 2 <= kMaxSpans; }

  /// Begins a batch with control frames: takes over the content of `bytes` and leaves it empty.
  /// Quiet ones do not make the connection count as used.
  void add_control(std::vector<std::uint8_t>& bytes, bool quiet);
  bool is_quiet() const { return quiet_; }

  /// A whole frame that has its place among the DATA: HEADERS. Needs has_room().
  void add_frame(Buffer bytes);

  /// Starts a DATA frame whose head is filled in by finish_data. Needs has_room().
  void begin_data();
  bool data_has_room() const { return spans_.size() < kMaxSpans; }
  void add_payload(Buffer payload);
  void finish_data(const std::array<std::uint8_t, wire::kFrameHeadSize>& head);

  std::span<const Bytes> spans() const { return std::span(spans_).subspan(next_); }

  /// The first `count` bytes of spans() are sent. When all are, the batch is empty, and the payload
  /// is in `dropped`.
  void consume(std::size_t count, Dropped& dropped);

  void clear(Dropped& dropped);

 private:
  using Head = std::array<std::uint8_t, wire::kFrameHeadSize>;

  std::vector<std::uint8_t> control_;
  std::vector<Head> heads_;
  std::vector<Buffer> payload_;
  std::vector<Bytes> spans_;
  std::size_t next_ = 0;  // the first span that is not sent
  std::size_t bytes_ = 0;
  std::size_t payload_size_ = 0;
  bool quiet_ = false;
};

}  // namespace uvspdy::session
