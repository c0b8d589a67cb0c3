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

/// Encodes, counts and traces control frames, and queues them until a batch takes them. Frames with
/// headers share one compression state, so they are sent in the order of their encoding.
class ControlOutput {
 public:
  /// All three belong to the session and outlive this.
  ControlOutput(const Options& options, Stats& stats, const TraceHandler& trace);

  /// Returns the error, if any, that wire::FrameEncoder has for these headers.
  Error check(wire::FrameType type, const Headers& headers);

  // Frames that this side sends on its own.
  Error send(const wire::SynStreamFrame& frame);
  Error send(const wire::SynReplyFrame& frame);
  void send(const wire::RstStreamFrame& frame);
  void send(const wire::SettingsFrame& frame);
  void send(const wire::PingFrame& frame);
  void send(const wire::GoAwayFrame& frame);

  /// A PING that does not restart Options::idle_timeout.
  void send_quietly(const wire::PingFrame& frame);

  // Frames that the peer makes us send. They count in `answers`.
  void answer(const wire::RstStreamFrame& frame);
  void answer(const wire::WindowUpdateFrame& frame);
  /// Queued before all other control frames, except the opening, which announces our windows.
  void answer(const wire::PingFrame& frame);

  /// The opening of the session: frames that are queued before every answer.
  void send_opening(const wire::SettingsFrame& settings, std::uint32_t window_delta,
                    const wire::PingFrame& ping);

  /// Compresses a HEADERS frame now. The caller puts it into the batch, among its stream's data.
  Result<Buffer> encode(const wire::HeadersFrame& frame);

  bool empty() const { return urgent_.empty() && control_.empty(); }
  std::size_t size() const { return urgent_.size() + control_.size(); }
  /// Bytes of queued frames that the peer has made us send.
  std::size_t answers() const { return answers_; }
  /// Whether a PING of send_quietly is queued.
  bool has_quiet() const { return quiet_waits_; }
  void move_to(OutputBatch& batch);
  void clear();

 private:
  /// Appends an encoded frame, of a type that cannot fail, to a queue; returns its size.
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
  bool others_wait_ = false;  // other frames than those of send_quietly are queued
};

}  // namespace uvspdy::session
