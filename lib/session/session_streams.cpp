// The session's half that its user creates, writes, closes and resets streams with.

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

// A stream that has something to tell, to take in or to send; or null.
Stream* Session::Impl::find(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

// One whose user has not been told that it has closed.
Stream* Session::Impl::find_untold(wire::StreamId id) const {
  Stream* stream = find(id);
  return stream == nullptr || stream->closed_told ? nullptr : stream;
}

Stream* Session::Impl::find_for_writing(wire::StreamId id, Error& error) const {
  Stream* stream = find_untold(id);
  if (stream == nullptr) {
    error = no_such_stream(id);
  } else if (!stream->sending.takes_more()) {
    error = Error(Errc::kStreamClosed, stream_text(id) + " is closed for writing");
  } else {
    return stream;
  }
  return nullptr;
}

Creator Session::Impl::creator_of(wire::StreamId id) const {
  return (id & 1) == (role_ == Role::kClient ? 1u : 0u) ? Creator::kHere : Creator::kPeer;
}

// Whether a stream of that id, if it is there this one, was ever on the wire.
bool Session::Impl::was_used(wire::StreamId id, const Stream* stream) const {
  if (stream != nullptr) return !stream->is_idle();
  return id != 0 && (is_ours(id) ? id < next_id_ : id <= last_peer_id_);
}

Stream& Session::Impl::add_stream(wire::StreamId id, std::uint8_t priority, bool unidirectional) {
  const std::int64_t window = options_.initial_stream_window;
  auto stream = std::make_unique<Stream>(
      id, creator_of(id), unidirectional, SendWindow(peer_initial_window_),
      ReceiveWindow(window,
                    std::max(window, static_cast<std::int64_t>(std::min<std::size_t>(
                                         options_.limits.stream_window, wire::kMaxWindow)))));
  stream->priority = std::min(priority, wire::kLowestPriority);
  stream->receiving.overflow = options_.overflow;
  ++untold_streams_;
  if (!is_ours(id)) {
    stream->counted = true;
    ++peer_streams_;
  }
  return *(streams_[id] = std::move(stream));
}

// ---- their states

// Moves the stream on, if the event is allowed, and says whether it is.
bool Session::Impl::happened(Stream& stream, StreamEvent event) {
  const StreamRule rule = rule_for(stream.creator, stream.state(), event);
  if (rule.verdict != StreamRule::Verdict::kAllowed) return false;
  enter(stream, moved(stream.creator, stream.wire_states(), rule.next));
  return true;
}

void Session::Impl::enter(Stream& stream, WireStates states) {
  const auto is_active = [&stream] { return !stream.is_idle() && !stream.is_closed(); };
  const bool was_closed = stream.is_closed();
  const bool was_active = is_active();
  stream.set_wire_states(states);
  if (stream.creator == Creator::kHere) {
    our_streams_ -= was_active;
    our_streams_ += is_active();
  }
  if (!stream.is_closed()) return;
  if (!was_closed) growth_ -= stream.receiving.window.growth();
  if (!stream.receiving.is_unread()) stop_counting(stream);
}

// The peer may open another in its place. One that still holds what its reader has not taken goes
// on counting: else a peer could make us hold any number.
void Session::Impl::stop_counting(Stream& stream) {
  if (!std::exchange(stream.counted, false)) return;
  --peer_streams_;
  peer_header_bytes_ -= stream.header_bytes;
}

// ---- creating them

Result<wire::StreamId> Session::Impl::create_stream(Headers headers, const CreateOptions& options,
                                                    Time now) {
  open(now);
  if (state_ != State::kOpen || shutting_down_) {
    return Error(Errc::kConnectionClosed, state_ == State::kOpen
                                              ? "no new stream: the connection is shutting down"
                                              : "no new stream: the connection is closed");
  }
  if (peer_gone_away_) {
    return Error(Errc::kGoneAway, "no new stream: the peer has sent GOAWAY");
  }
  if (next_id_ > wire::kMaxStreamId) {
    begin_shutdown(false);
    return Error(Errc::kIdsExhausted,
                 "no new stream: the ids of this connection are used up (2^31-1); open another");
  }
  if (Error error = control_.check(wire::FrameType::kSynStream, headers)) return error;
  auto frame = std::make_unique<wire::SynStreamFrame>();
  frame->stream_id = next_id_;
  frame->associated_to = options.associated_to & wire::kMaxStreamId;
  frame->priority = std::min(options.priority, wire::kLowestPriority);
  frame->fin = options.fin;
  frame->unidirectional = options.unidirectional;
  frame->headers = std::move(headers);
  next_id_ += 2;

  Stream& stream = add_stream(frame->stream_id, frame->priority, frame->unidirectional);
  if (frame->fin) stream.sending.last = Sending::Last::kFin;
  if (frame->unidirectional) make_due(stream);
  stream.unsent = std::move(frame);
  unsent_.push_back(stream.id);
  if (options_.create_timeout.count() > 0) {
    reply_deadlines_.emplace_back(now + options_.create_timeout, stream.id);
  }
  return stream.id;
}

Error Session::Impl::reply(wire::StreamId id, Headers headers, bool fin) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->is_over()) return no_such_stream(id);
  Sending& sending = stream->sending;
  if (stream->creator == Creator::kHere || sending.wire != WireState::kReserved) {
    // A unidirectional stream takes no reply (section 2.3.2.1).
    if (sending.wire == WireState::kNone) return {};
    return Error(Errc::kAlreadyReplied, stream_text(id) + " takes no reply");
  }
  // What was written already goes behind the reply, and the FIN behind that.
  const bool fin_on_reply = fin && !sending.has_more();
  const wire::SynReplyFrame frame{id, fin_on_reply, std::move(headers)};
  if (Error error = control_.send(frame)) return error;
  last_accepted_id_ = std::max(last_accepted_id_, id);
  replies_queued_.push_back(id);
  happened(*stream, StreamEvent::kSendSynReply);
  if (fin) sending.last = Sending::Last::kFin;
  if (fin_on_reply) {
    sending.last = Sending::Last::kFinInBatch;
    fins_queued_.push_back(id);
  }
  schedule(*stream);
  return {};
}

// ---- sending on them

Error Session::Impl::write(wire::StreamId id, Buffer payload) {
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
  Sending& sending = stream.sending;
  sending.queued += bytes;
  stats_.queued_bytes += bytes;
  if (sending.queued >= options_.limits.write_high_water ||
      sending.queue.size() >= options_.limits.write_buffers) {
    sending.was_full = true;
  }
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
  const Stream* stream = find(id);
  return stream != nullptr && stream->sending.is_writable();
}

void Session::Impl::end(wire::StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->sending.takes_more()) return;
  stream->sending.last = Sending::Last::kFin;
  schedule(*stream);
}

void Session::Impl::end_with_reset(wire::StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->sending.takes_more()) return;
  if (!stream->sending.queue.empty()) {
    stream->sending.last = Sending::Last::kReset;
    return;
  }
  reset_on_wire(*stream, wire::RstStatus::kCancel);
  end_after_held(*stream, reset_here(id, wire::RstStatus::kCancel));
}

void Session::Impl::reset(wire::StreamId id, wire::RstStatus status) {
  Stream* stream = find_untold(id);
  if (stream == nullptr) return;
  // Over it may be, but for what is held, or still leaves behind `close`.
  reset_on_wire(*stream, status);
  end_now(*stream, reset_here(id, status));
}

// ---- reading from them

// A stream that has ended may still hold what its reader has not taken. One whose reader has left
// has none any more.
void Session::Impl::set_reader(wire::StreamId id, Receiving::Reader reader) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->receiving.reader == Receiving::Reader::kGone) return;
  Receiving& receiving = stream->receiving;
  receiving.reader = reader;
  note_held(*stream);
  const bool has_data = !receiving.held.empty() && receiving.takes_data();
  if (has_data || receiving.tells_end()) make_due(*stream);
}

void Session::Impl::pause(wire::StreamId id) { set_reader(id, Receiving::Reader::kPaused); }
void Session::Impl::resume(wire::StreamId id) { set_reader(id, Receiving::Reader::kReads); }
void Session::Impl::hold(wire::StreamId id) { set_reader(id, Receiving::Reader::kAwaited); }

void Session::Impl::discard(wire::StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->receiving.reader = Receiving::Reader::kGone;
  consumed(*stream, take_held(*stream).size());
  if (stream->receiving.tells_end()) make_due(*stream);
}

void Session::Impl::set_overflow(wire::StreamId id, OverflowPolicy policy) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->receiving.overflow = policy;
  note_held(*stream);
}

void Session::Impl::keep_on_close(wire::StreamId id) {
  if (Stream* stream = find(id)) stream->sending.keep_on_close = true;
}

std::optional<StreamStats> Session::Impl::stream_stats(wire::StreamId id) const {
  const Stream* stream = find_untold(id);
  if (stream == nullptr) return std::nullopt;
  const Receiving& receiving = stream->receiving;
  return StreamStats{stream->state(),
                     stream->sending.window.available(),
                     receiving.window.available(),
                     receiving.window.size(),
                     receiving.held.size(),
                     stream->sending.queued};
}

}  // namespace uvspdy::session
