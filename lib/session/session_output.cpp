// Frames that are sent.

#include <algorithm>
#include <string>
#include <utility>

#include "session/header_cost.h"
#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {

// ---- control frames

void Session::Impl::send_goaway() {
  const wire::GoAwayStatus status = ending_.take_goaway();
  control_.send(wire::GoAwayFrame{streams_.last_accepted_id(), status});
}

// Resets the stream on this side, and on the wire if its SYN_STREAM was sent.
void Session::Impl::reset_on_wire(Stream& stream, wire::RstStatus status) {
  if (!streams_.try_move(stream, StreamEvent::kSendReset)) return;
  reset_streams_.add(stream.id);
  control_.send(wire::RstStreamFrame{stream.id, status});
}

// ---- the way out

bool Session::Impl::has_output() const {
  if (ending_.is_over()) return false;
  return !batch_.empty() || !control_.empty() || has_unsent_stream() ||
         scheduler_.has_ready(windows_.may_send()) ||
         (ending_.wants_goaway() && scheduler_.empty());
}

bool Session::Impl::finished() const {
  return ending_.is_over() || (!is_open() && !has_output() && scheduler_.empty());
}

void Session::Impl::fill_output() {
  if (opening_.is_held()) return;
  // Being asked again means that the transport has not taken all of the batch.
  if (!batch_.empty()) return liveness_.note_output_waits();
  fill_batch();
}

std::span<const Bytes> Session::Impl::output() const {
  const bool nothing = opening_.is_held() || ending_.is_over();
  return nothing ? std::span<const Bytes>() : batch_.spans();
}

void Session::Impl::output_sent(std::size_t count, Time now) {
  if (ending_.is_over() || count == 0) return;
  now_ = now;
  if (!batch_.is_quiet()) liveness_.frame_passed(now);
  stats_.bytes_sent += count;
  batch_.consume(count, dropped_);
  if (!batch_.empty()) return liveness_.note_output_waits();
  liveness_.output_left(now);
  batch_sent();
}

void Session::Impl::batch_sent() {
  const auto reply_sent = [this](wire::StreamId id) {
    Stream* stream = find_unreported(id);
    if (stream == nullptr) return;
    stream->reply_sent_due = true;
    due_.add(*stream);
  };
  departures_.batch_sent(reply_sent, [this](wire::StreamId id) {
    Stream* stream = streams_.find(id);
    if (stream != nullptr && stream->sending.last == Sending::Last::kFinInBatch) fin_sent(*stream);
  });
  // A session that has failed receives nothing more, so this is its end.
  if (!ending_.takes_input() && finished()) stop_output();
}

void Session::Impl::fill_batch() {
  if (ending_.is_over()) return;
  // Go's spdystream reads nothing after a GOAWAY, so nothing important may follow it.
  if (ending_.wants_goaway() && scheduler_.empty()) send_goaway();
  send_unsent_streams();
  control_.move_to(batch_);
  streams_.note_control_left();
  departures_.begin_batch();
  while (batch_.has_room()) {
    Stream* stream = scheduler_.take(windows_.may_send());
    if (stream == nullptr) break;
    send_turn(*stream);
  }
  note_blocked();
}

void Session::Impl::send_unsent_streams() {
  while (is_open()) {
    Stream* stream = streams_.next_unsent();
    if (stream == nullptr) return;
    const std::unique_ptr<wire::SynStreamFrame> frame = streams_.take_unsent(*stream);
    if (Error error = control_.send(*frame)) {
      end_now(*stream, error);
      continue;
    }
    streams_.try_move(*stream, StreamEvent::kSendSynStream);
    if (frame->fin) {
      stream->sending.last = Sending::Last::kFinInBatch;
      departures_.queue_fin(stream->id);
    }
    schedule(*stream);
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
  if (!sending.queue.empty()) return schedule(stream);
  if (sending.last == Sending::Last::kFin) {
    sending.last = Sending::Last::kFinInBatch;
    departures_.fin_in_batch(stream.id);
  } else if (sending.last == Sending::Last::kReset) {
    // Control frames precede DATA in a batch, so the reset must be in the next one.
    reset_on_wire(stream, wire::RstStatus::kCancel);
    // If the end is not known yet, the user asked for the reset; else the session is closing.
    if (!stream.is_over()) {
      return end_after_held(stream, reset_here(stream.id, wire::RstStatus::kCancel));
    }
    finish_sending(stream);
  }
}

// Adds one DATA frame of a stream: as many of its buffers as its turn and the windows allow, after
// one head. Returns the bytes of payload.
std::size_t Session::Impl::send_data_turn(Stream& stream) {
  Sending& sending = stream.sending;
  const std::size_t most = windows_.room(stream, options_.max_data_frame);
  std::size_t length = 0;
  batch_.begin_data();
  while (!sending.queue.empty() && !sending.queue.front().headers && length < most &&
         batch_.data_has_room()) {
    Buffer& buffer = sending.queue.front().payload;
    const std::size_t taken = std::min(buffer.size(), most - length);
    batch_.add_payload(buffer, taken);
    length += taken;
    if (buffer.empty()) sending.queue.pop_front();
  }
  const bool fin = sending.ends_with_fin();
  batch_.finish_data(wire::FrameEncoder::data_head(stream.id, fin, length));
  ++stats_.frames_sent;
  windows_.sent(stream, length);
  note_left(stream, length);
  if (trace_) {
    trace_({FrameTrace::Direction::kOut, true, 0, stream.id, fin ? wire::kFlagFin : std::uint8_t{0},
            static_cast<std::uint32_t>(length), 0, nullptr});
  }
  return length;
}

void Session::Impl::send_headers_turn(Stream& stream) {
  Sending& sending = stream.sending;
  wire::HeadersFrame frame{stream.id, false, std::move(*sending.queue.take_front().headers)};
  const std::size_t cost = cost_of(frame.headers);
  note_left(stream, cost);
  frame.fin = sending.ends_with_fin();
  Result<Buffer> bytes = control_.encode(frame);
  if (bytes) return batch_.add_frame(std::move(*bytes));
  // send_headers has checked the headers, so the fault is ours.
  reset_on_wire(stream, wire::RstStatus::kInternalError);
  end_after_held(stream, bytes.error());
}

void Session::Impl::note_left(Stream& stream, std::size_t bytes) {
  if (!write_room_.remove_queued(stream, bytes)) return;
  stream.sending.writable_due = true;
  due_.add(stream);
}

void Session::Impl::fin_sent(Stream& stream) {
  streams_.try_move(stream, StreamEvent::kSendFin);
  stream.sending.end.set({});
  due_.add(stream);
  finish_sending(stream);
}

void Session::Impl::finish_sending(Stream& stream) {
  stream.sending.last = Sending::Last::kNothing;
  forget_when_over(stream);
}

}  // namespace uvspdy::session
