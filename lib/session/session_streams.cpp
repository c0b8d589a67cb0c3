// Calls with which the user creates, writes, reads, ends and resets streams.

#include <algorithm>
#include <string>
#include <utility>

#include "session/header_cost.h"
#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {
namespace {

Error no_such_stream(wire::StreamId id) {
  return Error(Errc::kNoSuchStream, stream_text(id) + " is not open");
}

}  // namespace

// ---- finding them

// The stream, if on_stream_closed was not called for it yet; or null.
Stream* Session::Impl::find_unreported(wire::StreamId id) {
  Stream* stream = streams_.find(id);
  return stream == nullptr || stream->closed_reported ? nullptr : stream;
}

Stream* Session::Impl::find_for_writing(wire::StreamId id, Error& error) {
  Stream* stream = find_unreported(id);
  if (stream == nullptr) {
    error = no_such_stream(id);
  } else if (!stream->sending.takes_more()) {
    error = Error(Errc::kStreamClosed, stream_text(id) + " is closed for writing");
  } else {
    return stream;
  }
  return nullptr;
}

// ---- creating them

Result<wire::StreamId> Session::Impl::create_stream(Headers headers, const CreateOptions& options,
                                                    Time now) {
  open(now);
  if (!is_open() || ending_.is_shutting_down()) {
    return Error(Errc::kConnectionClosed, is_open()
                                              ? "no new stream: the connection is shutting down"
                                              : "no new stream: the connection is closed");
  }
  if (ending_.peer_gone_away()) {
    return Error(Errc::kGoneAway, "no new stream: the peer has sent GOAWAY");
  }
  if (!streams_.has_ids_left()) {
    begin_shutdown(false);
    return Error(Errc::kIdsExhausted,
                 "no new stream: the ids of this connection are used up (2^31-1); open another");
  }
  if (Error error = control_.check(wire::FrameType::kSynStream, headers)) return error;
  auto frame = std::make_unique<wire::SynStreamFrame>();
  frame->stream_id = streams_.next_id();
  frame->associated_to = options.associated_to & wire::kMaxStreamId;
  frame->priority = std::min(options.priority, wire::kLowestPriority);
  frame->fin = options.fin;
  frame->unidirectional = options.unidirectional;
  frame->headers = std::move(headers);

  Stream& stream = streams_.create(std::move(frame));
  write_room_.add(stream);
  if (options.fin) stream.sending.last = Sending::Last::kFin;
  if (options.unidirectional) due_.add(stream);  // on_received is due: nothing comes
  liveness_.stream_created(stream.id, now);
  return stream.id;
}

Error Session::Impl::reply(wire::StreamId id, Headers headers, bool fin) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->is_over()) return no_such_stream(id);
  Sending& sending = stream->sending;
  if (stream->creator == Creator::kHere || sending.wire != WireState::kReserved) {
    // A unidirectional stream takes no reply (section 2.3.2.1).
    if (sending.wire == WireState::kNone) return {};
    return Error(Errc::kAlreadyReplied, stream_text(id) + " takes no reply");
  }
  // Data written before is sent after the reply, and the FIN after that.
  const bool fin_on_reply = fin && !sending.has_more();
  const wire::SynReplyFrame frame{id, fin_on_reply, std::move(headers)};
  if (Error error = control_.send(frame)) return error;
  streams_.note_accepted(id);
  departures_.queue_reply(id);
  streams_.try_move(*stream, StreamEvent::kSendSynReply);
  if (fin) sending.last = Sending::Last::kFin;
  if (fin_on_reply) {
    sending.last = Sending::Last::kFinInBatch;
    departures_.queue_fin(id);
  }
  schedule(*stream);
  return {};
}

// ---- sending on them

Error Session::Impl::write(wire::StreamId id, Buffer&& payload) {
  Error error;
  Stream* stream = find_for_writing(id, error);
  if (stream == nullptr || payload.empty()) return error;
  const std::size_t size = payload.size();
  stream->sending.queue.push_back({std::move(payload), nullptr});
  note_queued(*stream, size);
  schedule(*stream);
  return {};
}

void Session::Impl::note_queued(Stream& stream, std::size_t bytes) {
  if (!write_room_.add_queued(stream, bytes)) return;
  streams_.each([this](Stream& each) {
    if (each.sending.takes_more()) write_room_.lose(each);
  });
}

// A handler may end any stream, or write. The rest is left for the next advance.
void Session::Impl::report_lost_room() {
  constexpr int kMostAtOnce = 64;
  for (int i = 0; i < kMostAtOnce; ++i) {
    const Stream* stream = write_room_.take_lost();
    if (stream == nullptr) return;
    if (stream->sending.takes_more()) handler_.on_full(stream->id);
  }
}

void Session::Impl::grant_room() {
  write_room_.grant(is_stuck(), [this](Stream& stream) {
    stream.sending.writable_due = true;
    due_.add(stream);
  });
}

Error Session::Impl::send_headers(wire::StreamId id, Headers headers, bool fin) {
  Error error;
  Stream* stream = find_for_writing(id, error);
  if (stream == nullptr) return error;
  error = control_.check(wire::FrameType::kHeaders, headers);
  if (error) return error;
  const std::size_t cost = cost_of(headers);
  Outgoing outgoing;
  outgoing.headers = std::make_unique<Headers>(std::move(headers));
  stream->sending.queue.push_back(std::move(outgoing));
  note_queued(*stream, cost);
  if (fin) stream->sending.last = Sending::Last::kFin;
  schedule(*stream);
  return {};
}

bool Session::Impl::writable(wire::StreamId id) const {
  const Stream* stream = streams_.find(id);
  return stream != nullptr && writable(*stream);
}

void Session::Impl::end(wire::StreamId id) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || !stream->sending.takes_more()) return;
  stream->sending.last = Sending::Last::kFin;
  schedule(*stream);
}

void Session::Impl::end_with_reset(wire::StreamId id) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || !stream->sending.takes_more()) return;
  if (!stream->sending.queue.empty()) {
    stream->sending.last = Sending::Last::kReset;
    write_room_.remove(*stream);
    liveness_.stream_broken_off(id, stream->sending.queued);
    return;
  }
  reset_on_wire(*stream, wire::RstStatus::kCancel);
  end_after_held(*stream, reset_here(id, wire::RstStatus::kCancel));
}

void Session::Impl::reset(wire::StreamId id, wire::RstStatus status) {
  Stream* stream = find_unreported(id);
  if (stream == nullptr) return;
  // Being refused costs the peer less than us.
  if (stream->creator == Creator::kPeer && !stream->has_reply() &&
      status == wire::RstStatus::kRefusedStream) {
    allowances_.charge(Allowance::kResets, 1, now_);
  }
  // The stream may have ended and still have data for its reader, or data that `close` sends.
  reset_on_wire(*stream, status);
  end_now(*stream, reset_here(id, status));
}

// ---- reading from them

// A stream that has ended may still have data for its reader. A reader that has left does not come
// back.
void Session::Impl::set_reader(wire::StreamId id, Receiving::Reader reader) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->receiving.is_gone()) return;
  held_.set_reader(*stream, reader);
  const Receiving& receiving = stream->receiving;
  const bool has_data = !receiving.held.empty() && receiving.takes_data();
  if (has_data || receiving.reports_end()) due_.add(*stream);
}

void Session::Impl::pause(wire::StreamId id) { set_reader(id, Receiving::Reader::kPaused); }
void Session::Impl::resume(wire::StreamId id) { set_reader(id, Receiving::Reader::kReads); }
void Session::Impl::hold(wire::StreamId id) { set_reader(id, Receiving::Reader::kAwaited); }

void Session::Impl::discard(wire::StreamId id) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr) return;
  held_.set_reader(*stream, Receiving::Reader::kGone);
  consumed(*stream, held_.drop(*stream));
  if (stream->receiving.reports_end()) due_.add(*stream);
}

void Session::Impl::set_overflow(wire::StreamId id, OverflowPolicy policy) {
  if (Stream* stream = streams_.find(id)) held_.set_overflow(*stream, policy);
}

void Session::Impl::keep_on_close(wire::StreamId id) {
  if (Stream* stream = streams_.find(id)) stream->sending.keep_on_close = true;
}

std::optional<StreamStats> Session::Impl::stream_stats(wire::StreamId id) const {
  const Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->closed_reported) return std::nullopt;
  const Receiving& receiving = stream->receiving;
  return StreamStats{stream->state(),
                     stream->sending.window.available(),
                     receiving.window.available(),
                     receiving.window.size(),
                     receiving.held.size(),
                     stream->sending.queued};
}

}  // namespace uvspdy::session
