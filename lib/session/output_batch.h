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

/// The content of one gathered write: control frames, then DATA frames as [8-byte head | payload
/// ...]. It owns the heads, shares the payload, and keeps both unchanged until all of it is sent.
/// Its memory is reused by the next batch.
class OutputBatch {
 public:
  /// Limits of one batch, so that frames that are queued later but are more urgent (control frames,
  /// higher priorities) do not wait for megabytes.
  static constexpr std::size_t kMaxBytes = 256 * 1024;
  static constexpr std::size_t kMaxSpans = 256;

  bool empty() const { return next_ == spans_.size(); }

  /// Bytes of payload in the batch; all of them count until the whole batch is sent.
  std::size_t payload_size() const { return payload_size_; }
  bool has_room() const { return bytes_ < kMaxBytes && spans_.size() + 2 <= kMaxSpans; }

  /// Begins a batch with control frames: moves them out of `bytes`. `quiet`: they do not restart
  /// Options::idle_timeout.
  void add_control(std::vector<std::uint8_t>& bytes, bool quiet);
  bool is_quiet() const { return quiet_; }

  /// Adds a whole HEADERS frame, at its place among the DATA. Needs has_room().
  void add_frame(Buffer bytes);

  /// Starts a DATA frame whose head is filled in by finish_data. Needs has_room().
  void begin_data();
  bool data_has_room() const { return spans_.size() < kMaxSpans; }
  /// Moves the first `count` bytes of a buffer into the batch.
  void add_payload(Buffer& from, std::size_t count);
  void finish_data(const std::array<std::uint8_t, wire::kFrameHeadSize>& head);

  std::span<const Bytes> spans() const { return std::span(spans_).subspan(next_); }

  /// The first `count` bytes of spans() are sent. After the last of them the batch is empty, and
  /// its payload has moved to `dropped`.
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
