#pragma once

#include <cstdint>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"
#include "uvspdy/session/trace.h"
#include "uvspdy/wire/frame_encoder.h"

namespace uvspdy::session {

class OutputBatch;

/// Where control frames are encoded, counted and traced, and wait to be sent. Those with headers
/// share one compression state, so they leave in the order in which they were encoded.
class ControlOutput {
 public:
  /// All three belong to the session and outlive this.
  ControlOutput(const Options& options, Stats& stats, const TraceHandler& trace);

  /// Whether these headers can be sent. Errors: those of wire::FrameEncoder.
  Error check(wire::FrameType type, const Headers& headers);

  // What this side sends of itself.
  Error send(const wire::SynStreamFrame& frame);
  Error send(const wire::SynReplyFrame& frame);
  void send(const wire::RstStreamFrame& frame);
  void send(const wire::SettingsFrame& frame);
  void send(const wire::PingFrame& frame);
  void send(const wire::GoAwayFrame& frame);

  /// A PING that does not make the connection count as used.
  void send_quietly(const wire::PingFrame& frame);

  // What the peer makes us send. It counts in `answers`.
  void answer(const wire::RstStreamFrame& frame);
  void answer(const wire::WindowUpdateFrame& frame);
  /// Ahead of everything that was not sent yet, except the opening, which tells the peer of our
  /// windows.
  void answer(const wire::PingFrame& frame);

  /// The frames with which the session opens go ahead of every answer.
  void send_opening(const wire::SettingsFrame& settings, std::uint32_t window_delta,
                    const wire::PingFrame& ping);

  /// HEADERS have their place among a stream's data: the frame is for the caller to put there, and
  /// it is now that it is compressed.
  Result<Buffer> encode(const wire::HeadersFrame& frame);

  bool empty() const { return urgent_.empty() && control_.empty(); }
  std::size_t size() const { return urgent_.size() + control_.size(); }
  /// Bytes of it that the peer has made us queue.
  std::size_t answers() const { return answers_; }
  /// Whether a quiet PING waits.
  bool has_quiet() const { return quiet_waits_; }
  void move_to(OutputBatch& batch);
  void clear();

 private:
  /// Encodes a frame that cannot fail at the end of a queue; returns its size.
  template <class Frame>
  std::size_t put(const Frame& frame, std::vector<std::uint8_t>& queue);
  template <class Frame>
  std::size_t put_quietly(const Frame& frame, std::vector<std::uint8_t>& queue);
  void queued(const std::vector<std::uint8_t>& queue, std::size_t start, wire::FrameType type,
              wire::StreamId id, std::uint32_t value, const Headers* headers);

  Stats& stats_;
  const TraceHandler& trace_;
  wire::FrameEncoder encoder_;
  std::vector<std::uint8_t> urgent_;
  std::vector<std::uint8_t> control_;
  std::size_t answers_ = 0;
  bool quiet_waits_ = false;
  bool others_wait_ = false;  // frames that make the connection count as used
};

}  // namespace uvspdy::session
