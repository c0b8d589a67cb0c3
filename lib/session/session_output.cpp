// The session's half that frames go out from.

#include <algorithm>
#include <string>
#include <utility>

#include "session/header_cost.h"
#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {
namespace {

constexpr std::size_t kPingSize = wire::kFrameHeadSize + 4;

}  // namespace

// ---- control frames

void Session::Impl::send_ping(Pings::Purpose purpose) {
  if (purpose == Pings::Purpose::kPeriodic) ++periodic_pings_queued_;
  control_.send(wire::PingFrame{pings_.send(purpose, now_)});
}

void Session::Impl::send_goaway() {
  goaway_sent_ = true;
  control_.send(wire::GoAwayFrame{last_accepted_id_, goaway_status_});
}

void Session::Impl::send_reset(wire::StreamId id, wire::RstStatus status) {
  reset_streams_.add(id);
  control_.send(wire::RstStreamFrame{id, status});
}

// A stream that the peer has not heard of is not reset there.
void Session::Impl::reset_on_wire(Stream& stream, wire::RstStatus status) {
  if (happened(stream, StreamEvent::kSendReset)) send_reset(stream.id, status);
}

// ---- the way out

bool Session::Impl::has_output() const {
  if (state_ == State::kEnded) return false;
  return !batch_.empty() || !control_.empty() || has_unsent_stream() ||
         scheduler_.has_ready(may_send_data()) ||
         (state_ != State::kOpen && scheduler_.empty() && !goaway_sent_);
}

bool Session::Impl::finished() const {
  return state_ == State::kEnded || (state_ != State::kOpen && !has_output() && scheduler_.empty());
}

std::span<const Bytes> Session::Impl::output() {
  if (output_held_) return {};
  if (batch_.empty()) fill_batch();
  return batch_.spans();
}

void Session::Impl::output_sent(std::size_t count, Time now) {
  if (state_ == State::kEnded || count == 0) return;
  now_ = now;
  if (!only_pings_in_batch_) last_frame_ = now;
  stats_.bytes_sent += count;
  batch_.consume(count);
  if (batch_.empty()) batch_sent();
}

void Session::Impl::batch_sent() {
  for (const wire::StreamId id : replies_in_batch_) {
    Stream* stream = find_untold(id);
    if (stream == nullptr) continue;
    stream->reply_sent_due = true;
    make_due(*stream);
  }
  replies_in_batch_.clear();
  for (const wire::StreamId id : fins_in_batch_) {
    Stream* stream = find(id);
    if (stream != nullptr && stream->sending.last == Sending::Last::kFinInBatch) fin_sent(*stream);
  }
  fins_in_batch_.clear();
}

void Session::Impl::fill_batch() {
  if (state_ == State::kEnded) return;
  // The GOAWAY ends what Go's spdystream reads, so nothing that matters may stand behind it.
  if (state_ != State::kOpen && scheduler_.empty() && !goaway_sent_) send_goaway();
  send_unsent_streams();
  const bool only_pings = control_.size() == periodic_pings_queued_ * kPingSize;
  periodic_pings_queued_ = 0;
  control_.move_to(batch_);
  const std::size_t control_spans = batch_.spans().size();
  replies_in_batch_.swap(replies_queued_);
  fins_in_batch_.swap(fins_queued_);
  while (batch_.has_room()) {
    Stream* stream = scheduler_.take(may_send_data());
    if (stream == nullptr) break;
    send_turn(*stream);
  }
  only_pings_in_batch_ = only_pings && batch_.spans().size() == control_spans;
  note_blocked();
}

// ---- streams of ours whose SYN_STREAM waits

bool Session::Impl::has_unsent_stream() const {
  // What stands in front has not ended: see drop_unsent.
  return !unsent_.empty() && our_streams_ < peer_max_streams_ && state_ == State::kOpen;
}

void Session::Impl::send_unsent_streams() {
  while (has_unsent_stream()) {
    Stream& stream = *find(unsent_.front());
    const std::unique_ptr<wire::SynStreamFrame> frame = std::move(stream.unsent);
    drop_unsent();
    if (Error error = control_.send(*frame)) {
      end_now(stream, error);
      continue;
    }
    happened(stream, StreamEvent::kSendSynStream);
    if (frame->fin) {
      stream.sending.last = Sending::Last::kFinInBatch;
      fins_queued_.push_back(stream.id);
    }
    schedule(stream);
  }
}

// Takes those that have left or ended out of the front of the line.
void Session::Impl::drop_unsent() {
  while (!unsent_.empty()) {
    const Stream* stream = find(unsent_.front());
    if (stream != nullptr && stream->unsent) return;
    unsent_.pop_front();
  }
}

// ---- turns of streams

void Session::Impl::send_turn(Stream& stream) {
  Sending& sending = stream.sending;
  if (!sending.queue.empty() && sending.queue.front().headers) {
    send_headers_turn(stream);
  } else if (!sending.queue.empty() || sending.ends_with_fin()) {
    stats_.payload_sent += send_data_turn(stream);
  }
  check_high_water(stream);
  if (!sending.queue.empty()) return schedule(stream);
  if (sending.last == Sending::Last::kFin) {
    sending.last = Sending::Last::kFinInBatch;
    fins_in_batch_.push_back(stream.id);
  } else if (sending.last == Sending::Last::kReset) {
    // Control frames go ahead of DATA inside a batch, so the reset leaves with the next one.
    reset_on_wire(stream, wire::RstStatus::kCancel);
    // One whose end is still to be told was ended with a reset; else the session is closing.
    if (!stream.is_over()) {
      return end_after_held(stream, reset_here(stream.id, wire::RstStatus::kCancel));
    }
    finish_sending(stream);
  }
}

// One DATA frame of a stream: as many of its buffers as fit its turn and the windows, under one
// head. Returns the bytes of payload.
std::size_t Session::Impl::send_data_turn(Stream& stream) {
  Sending& sending = stream.sending;
  std::size_t most = options_.max_data_frame;
  if (flow_.keeps_to_windows() && !sending.queue.empty()) {
    const std::int64_t window = std::min(send_window_.available(), sending.window.available());
    most = std::min(most, static_cast<std::size_t>(std::max<std::int64_t>(window, 0)));
  }
  std::size_t length = 0;
  batch_.begin_data();
  while (!sending.queue.empty() && !sending.queue.front().headers && length < most &&
         batch_.data_has_room()) {
    Buffer& buffer = sending.queue.front().payload;
    const std::size_t taken = std::min(buffer.size(), most - length);
    batch_.add_payload(buffer.take_prefix(taken));
    length += taken;
    if (buffer.empty()) sending.queue.pop_front();
  }
  const bool fin = sending.ends_with_fin();
  batch_.finish_data(wire::FrameEncoder::data_head(stream.id, fin, length));
  ++stats_.frames_sent;
  sending.queued -= length;
  stats_.queued_bytes -= length;
  if (flow_.has_windows()) {
    send_window_.sent(length);
    sending.window.sent(length);
  }
  if (trace_) {
    trace_({FrameTrace::Direction::kOut, true, 0, stream.id, fin ? wire::kFlagFin : std::uint8_t{0},
            static_cast<std::uint32_t>(length), 0, nullptr});
  }
  return length;
}

void Session::Impl::send_headers_turn(Stream& stream) {
  Sending& sending = stream.sending;
  wire::HeadersFrame frame{stream.id, false, std::move(*sending.queue.front().headers)};
  sending.queue.pop_front();
  const std::size_t cost = cost_of(frame.headers);
  sending.queued -= cost;
  stats_.queued_bytes -= cost;
  frame.fin = sending.ends_with_fin();
  Result<Buffer> bytes = control_.encode(frame);
  if (bytes) return batch_.add_frame(std::move(*bytes));
  // send_headers has let them pass, so this is ours.
  reset_on_wire(stream, wire::RstStatus::kInternalError);
  end_after_held(stream, bytes.error());
}

// Whether what was queued past the high-water mark has gone down to half of it.
void Session::Impl::check_high_water(Stream& stream) {
  Sending& sending = stream.sending;
  if (!sending.was_full || sending.queued > options_.limits.write_high_water / 2 ||
      sending.queue.size() > options_.limits.write_buffers / 2) {
    return;
  }
  sending.was_full = false;
  sending.writable_due = true;
  make_due(stream);
}

void Session::Impl::fin_sent(Stream& stream) {
  happened(stream, StreamEvent::kSendFin);
  stream.sending.end.set({});
  make_due(stream);
  finish_sending(stream);
}

void Session::Impl::finish_sending(Stream& stream) {
  stream.sending.last = Sending::Last::kNothing;
  forget_when_over(stream);
}

}  // namespace uvspdy::session
