// The session's half that frames go out from.

#include <algorithm>
#include <string>
#include <utility>

#include "session/output_batch.h"
#include "session/send_scheduler.h"
#include "session/stream.h"
#include "uvspdy/session/session.h"

namespace uvspdy::session {

using wire::FrameType;

void Session::trace_out(const std::vector<std::uint8_t>& queue, FrameType type, wire::StreamId id,
                        std::size_t start, std::uint32_t value, const Headers* headers) {
  constexpr std::size_t kFlagsOffset = 4;
  ++stats_.frames_sent;
  if (!options_.trace) return;
  options_.trace({FrameTrace::Direction::kOut, false, static_cast<std::uint16_t>(type), id,
                  queue[start + kFlagsOffset],
                  static_cast<std::uint32_t>(queue.size() - start - wire::kFrameHeadSize), value,
                  headers});
}

// A frame stands at the end of control_, from `start` on.
void Session::control_queued(FrameType type, wire::StreamId id, std::size_t start,
                             std::uint32_t value, const Headers* headers) {
  trace_out(control_, type, id, start, value, headers);
}

void Session::queue_ping(std::uint32_t id) {
  const std::size_t start = control_.size();
  wire::FrameEncoder::encode(wire::PingFrame{id}, control_);
  control_queued(FrameType::kPing, 0, start, id, nullptr);
}

void Session::queue_goaway() {
  const std::size_t start = control_.size();
  wire::FrameEncoder::encode(wire::GoAwayFrame{last_accepted_id_, goaway_status_}, control_);
  control_queued(FrameType::kGoAway, last_accepted_id_, start,
                 static_cast<std::uint32_t>(goaway_status_), nullptr);
}

void Session::queue_reset(wire::StreamId id, wire::RstStatus status) {
  const std::size_t start = control_.size();
  wire::FrameEncoder::encode(wire::RstStreamFrame{id, status}, control_);
  control_queued(FrameType::kRstStream, id, start, static_cast<std::uint32_t>(status), nullptr);
  check_control_limit();
}

// A peer that makes us answer and does not read the answers.
void Session::check_control_limit() {
  const std::size_t queued = urgent_.size() + control_.size();
  if (queued <= options_.limits.queued_control_output) return;
  fail(Error(Errc::kLimitExceeded,
             std::to_string(queued) +
                 " bytes of control frames wait for a peer that does not read, "
                 "more than queued_control_output = " +
                 std::to_string(options_.limits.queued_control_output)));
}

bool Session::has_output() const {
  if (state_ == State::kEnded) return false;
  return !batch_->empty() || !urgent_.empty() || !control_.empty() || !scheduler_->empty() ||
         (state_ != State::kOpen && !goaway_queued_);
}

bool Session::finished() const { return state_ != State::kOpen && !has_output(); }

std::span<const Bytes> Session::output() {
  if (output_held_) return {};
  if (batch_->empty()) fill_batch();
  return batch_->spans();
}

void Session::output_sent(std::size_t count, Time now) {
  if (state_ == State::kEnded || count == 0) return;
  now_ = now;
  last_frame_ = now;
  stats_.bytes_sent += count;
  batch_->consume(count);
  if (!batch_->empty()) return;
  replies_sent_due_.insert(replies_sent_due_.end(), replies_in_batch_.begin(),
                           replies_in_batch_.end());
  replies_in_batch_.clear();
  for (const wire::StreamId id : fins_in_batch_) {
    Stream* stream = find_any(id);
    if (stream == nullptr || stream->sending == Stream::Sending::kDone) continue;
    fins_sent_due_.push_back(id);
    finish_sending(*stream);
  }
  fins_in_batch_.clear();
}

void Session::fill_batch() {
  if (state_ == State::kEnded) return;
  // The GOAWAY ends what Go's spdystream reads, so nothing that matters may stand behind it.
  if (state_ != State::kOpen && scheduler_->empty() && !goaway_queued_) {
    goaway_queued_ = true;
    queue_goaway();
  }
  if (!urgent_.empty()) {
    urgent_.insert(urgent_.end(), control_.begin(), control_.end());
    control_.clear();
    batch_->add_control(urgent_);
  } else {
    batch_->add_control(control_);
  }
  replies_in_batch_.swap(replies_queued_);
  while (batch_->has_room()) {
    Stream* stream = scheduler_->take();
    if (stream == nullptr) break;
    send_turn(*stream);
  }
}

// One DATA frame of a stream: as many of its buffers as fit its turn, under one head.
void Session::send_turn(Stream& stream) {
  std::size_t length = 0;
  if (!stream.queue.empty() || stream.last == Stream::Last::kFin) {
    batch_->begin_data();
    while (!stream.queue.empty() && length < options_.max_data_frame && batch_->data_has_room()) {
      Buffer& buffer = stream.queue.front();
      const std::size_t taken = std::min(buffer.size(), options_.max_data_frame - length);
      batch_->add_payload(buffer.take_prefix(taken));
      length += taken;
      if (buffer.empty()) stream.queue.pop_front();
    }
    const bool fin = stream.queue.empty() && stream.last == Stream::Last::kFin;
    batch_->finish_data(wire::FrameEncoder::data_head(stream.id, fin, length));
    ++stats_.frames_sent;
    stream.queued -= length;
    stats_.queued_bytes -= length;
    if (options_.trace) {
      options_.trace({FrameTrace::Direction::kOut, true, 0, stream.id,
                      fin ? wire::kFlagFin : std::uint8_t{0}, static_cast<std::uint32_t>(length), 0,
                      nullptr});
    }
  }
  if (stream.tell_writable && stream.queued <= options_.limits.write_high_water / 2 &&
      stream.queue.size() <= options_.limits.write_buffers / 2) {
    stream.tell_writable = false;
    if (!std::exchange(stream.writable_due, true)) writable_due_.push_back(stream.id);
  }
  if (!stream.queue.empty()) {
    scheduler_->add(stream);
  } else if (stream.last == Stream::Last::kFin) {
    fins_in_batch_.push_back(stream.id);
  } else if (stream.last == Stream::Last::kReset) {
    // Control frames go ahead of DATA inside a batch, so the reset leaves with the next one.
    queue_reset(stream.id, wire::RstStatus::kCancel);
    finish_sending(stream);
  }
}

void Session::finish_sending(Stream& stream) {
  stream.sending = Stream::Sending::kDone;
  close_when_done(stream);
  forget_when_over(stream);
}

}  // namespace uvspdy::session
