#include "session/control_output.h"

#include <utility>

#include "session/output_batch.h"

namespace uvspdy::session {

using wire::FrameType;

ControlOutput::ControlOutput(const Options& options, Stats& stats, const TraceHandler& trace)
    : stats_(stats), trace_(trace), encoder_(options.compression, options.limits) {}

// A frame was appended to `queue`; it begins at `start`.
void ControlOutput::queued(const std::vector<std::uint8_t>& queue, std::size_t start,
                           FrameType type, wire::StreamId id, std::uint32_t value,
                           const Headers* headers) {
  constexpr std::size_t kFlagsOffset = 4;
  ++stats_.frames_sent;
  if (!trace_) return;
  trace_({FrameTrace::Direction::kOut, false, static_cast<std::uint16_t>(type), id,
          queue[start + kFlagsOffset],
          static_cast<std::uint32_t>(queue.size() - start - wire::kFrameHeadSize), value, headers});
}

Error ControlOutput::check(FrameType type, const Headers& headers) {
  return encoder_.check(type, headers);
}

Error ControlOutput::send(const wire::SynStreamFrame& frame) {
  const std::size_t start = control_.size();
  if (Error error = encoder_.encode(frame, control_)) return error;
  others_wait_ = true;
  queued(control_, start, FrameType::kSynStream, frame.stream_id, 0, &frame.headers);
  return {};
}

Error ControlOutput::send(const wire::SynReplyFrame& frame) {
  const std::size_t start = control_.size();
  if (Error error = encoder_.encode(frame, control_)) return error;
  others_wait_ = true;
  queued(control_, start, FrameType::kSynReply, frame.stream_id, 0, &frame.headers);
  return {};
}

Result<Buffer> ControlOutput::encode(const wire::HeadersFrame& frame) {
  std::vector<std::uint8_t> bytes;
  if (Error error = encoder_.encode(frame, bytes)) return error;
  queued(bytes, 0, FrameType::kHeaders, frame.stream_id, 0, &frame.headers);
  return Buffer(std::move(bytes));
}

// ---- frames that cannot fail

namespace {

struct Traced {
  FrameType type;
  wire::StreamId id;
  std::uint32_t value;
};

Traced traced(const wire::RstStreamFrame& frame) {
  return {FrameType::kRstStream, frame.stream_id, static_cast<std::uint32_t>(frame.status)};
}
Traced traced(const wire::SettingsFrame& frame) {
  return {FrameType::kSettings, 0, static_cast<std::uint32_t>(frame.entries.size())};
}
Traced traced(const wire::PingFrame& frame) { return {FrameType::kPing, 0, frame.id}; }
Traced traced(const wire::GoAwayFrame& frame) {
  return {FrameType::kGoAway, frame.last_good_stream_id, static_cast<std::uint32_t>(frame.status)};
}
Traced traced(const wire::WindowUpdateFrame& frame) {
  return {FrameType::kWindowUpdate, frame.stream_id, frame.delta};
}

}  // namespace

template <class Frame>
std::size_t ControlOutput::put_quietly(const Frame& frame, std::vector<std::uint8_t>& queue) {
  const std::size_t start = queue.size();
  wire::FrameEncoder::encode(frame, queue);
  const auto [type, id, value] = traced(frame);
  queued(queue, start, type, id, value, nullptr);
  return queue.size() - start;
}

template <class Frame>
std::size_t ControlOutput::put(const Frame& frame, std::vector<std::uint8_t>& queue) {
  others_wait_ = true;
  return put_quietly(frame, queue);
}

void ControlOutput::send(const wire::RstStreamFrame& frame) { put(frame, control_); }
void ControlOutput::send(const wire::SettingsFrame& frame) { put(frame, control_); }
void ControlOutput::send(const wire::PingFrame& frame) { put(frame, control_); }
void ControlOutput::send(const wire::GoAwayFrame& frame) { put(frame, control_); }

void ControlOutput::send_quietly(const wire::PingFrame& frame) {
  put_quietly(frame, control_);
  quiet_waits_ = true;
}

void ControlOutput::answer(const wire::RstStreamFrame& frame) { answers_ += put(frame, control_); }
void ControlOutput::answer(const wire::WindowUpdateFrame& frame) {
  answers_ += put(frame, control_);
}
void ControlOutput::answer(const wire::PingFrame& frame) { answers_ += put(frame, urgent_); }

void ControlOutput::send_opening(const wire::SettingsFrame& settings, std::uint32_t window_delta,
                                 const wire::PingFrame& ping) {
  // No answer was queued before, so these stay ahead of all others in `urgent_`.
  put(settings, urgent_);
  if (window_delta != 0) put(wire::WindowUpdateFrame{0, window_delta}, urgent_);
  put(ping, urgent_);
}

void ControlOutput::move_to(OutputBatch& batch) {
  if (!urgent_.empty()) {
    urgent_.insert(urgent_.end(), control_.begin(), control_.end());
    control_.clear();
    batch.add_control(urgent_, !others_wait_);
  } else {
    batch.add_control(control_, !others_wait_);
  }
  answers_ = 0;
  quiet_waits_ = others_wait_ = false;
}

void ControlOutput::clear() {
  urgent_.clear();
  control_.clear();
  answers_ = 0;
  quiet_waits_ = others_wait_ = false;
}

}  // namespace uvspdy::session
