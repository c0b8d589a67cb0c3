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

bool takes_no_more(const Stream& stream) {
  return stream.outcome || stream.last != Stream::Last::kNothing ||
         stream.state == StreamState::kHalfClosedLocal || stream.state == StreamState::kClosed ||
         (stream.state == StreamState::kReservedHalfClosed && stream.creator == Creator::kHere) ||
         (stream.unsent && stream.unsent->fin);
}

}  // namespace

// ---- finding them

// A stream that has not ended, or null.
Stream* Session::Impl::find(wire::StreamId id) const {
  Stream* stream = find_any(id);
  return stream == nullptr || stream->outcome ? nullptr : stream;
}

// One that may have ended and still has something to tell or to send.
Stream* Session::Impl::find_any(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

Stream* Session::Impl::find_for_writing(wire::StreamId id, Error& error) const {
  Stream* stream = find_any(id);
  if (stream == nullptr || stream->told_closed) {
    error = no_such_stream(id);
  } else if (takes_no_more(*stream)) {
    error = Error(Errc::kStreamClosed, stream_text(id) + " is closed for writing");
  } else {
    return stream;
  }
  return nullptr;
}

Creator Session::Impl::creator_of(wire::StreamId id) const {
  return (id & 1) == (role_ == Role::kClient ? 1u : 0u) ? Creator::kHere : Creator::kPeer;
}

// Whether a stream of that id was ever on the wire.
bool Session::Impl::was_used(wire::StreamId id) const {
  if (id == 0 || !is_ours(id)) return id != 0 && id <= last_peer_id_;
  const Stream* stream = find_any(id);
  return id < next_id_ && (stream == nullptr || stream->state != StreamState::kIdle);
}

Stream& Session::Impl::add_stream(wire::StreamId id, std::uint8_t priority) {
  const std::int64_t window = options_.initial_stream_window;
  auto stream = std::make_unique<Stream>(
      id, creator_of(id), SendWindow(peer_initial_window_),
      ReceiveWindow(window,
                    std::max(window, static_cast<std::int64_t>(std::min<std::size_t>(
                                         options_.limits.stream_window, wire::kMaxWindow)))));
  stream->priority = std::min(priority, wire::kLowestPriority);
  stream->overflow = options_.overflow;
  ++untold_streams_;
  if (!is_ours(id)) {
    stream->counted = true;
    ++peer_streams_;
  }
  return *(streams_[id] = std::move(stream));
}

// ---- their states

// Moves the stream on, if the event is allowed.
void Session::Impl::happened(Stream& stream, StreamEvent event) {
  const StreamRule rule = rule_for(stream.creator, stream.state, event);
  if (rule.verdict == StreamRule::Verdict::kAllowed) enter(stream, rule.next);
}

void Session::Impl::enter(Stream& stream, StreamState state) {
  if (state == StreamState::kClosed && stream.state != StreamState::kClosed) {
    growth_ -= stream.receive_window.growth();
  }
  const auto is_active = [](StreamState s) {
    return s != StreamState::kIdle && s != StreamState::kClosed;
  };
  if (stream.creator == Creator::kHere) {
    our_streams_ += is_active(state);
    our_streams_ -= is_active(stream.state);
  }
  stream.state = state;
  if (state == StreamState::kClosed && stream.held.empty()) stop_counting(stream);
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

  Stream& stream = add_stream(frame->stream_id, frame->priority);
  stream.unidirectional = frame->unidirectional;
  stream.unsent = std::move(frame);
  unsent_.push_back(stream.id);
  if (options_.create_timeout.count() > 0) {
    reply_deadlines_.emplace_back(now + options_.create_timeout, stream.id);
  }
  return stream.id;
}

Error Session::Impl::reply(wire::StreamId id, Headers headers, bool fin) {
  Stream* stream = find(id);
  if (stream == nullptr) return no_such_stream(id);
  if (!may_send(stream->creator, stream->state, StreamEvent::kSendSynReply)) {
    // A unidirectional stream takes no reply (section 2.3.2.1).
    if (stream->creator == Creator::kPeer && stream->unidirectional) return {};
    return Error(Errc::kAlreadyReplied, stream_text(id) + " takes no reply");
  }
  // What was written already goes behind the reply, and the FIN behind that.
  const bool fin_on_reply = fin && stream->queue.empty() && stream->last == Stream::Last::kNothing;
  const wire::SynReplyFrame frame{id, fin_on_reply, std::move(headers)};
  if (Error error = control_.send(frame)) return error;
  last_accepted_id_ = std::max(last_accepted_id_, id);
  replies_queued_.push_back(id);
  happened(*stream, StreamEvent::kSendSynReply);
  if (fin) stream->last = Stream::Last::kFin;
  if (fin_on_reply) {
    stream->last_in_batch = true;
    fins_queued_.push_back(id);
  }
  schedule(*stream);
  check_control_limit();
  return {};
}

// ---- sending on them

Error Session::Impl::write(wire::StreamId id, Buffer payload) {
  Error error;
  Stream* stream = find_for_writing(id, error);
  if (stream == nullptr || payload.empty()) return error;
  const std::size_t size = payload.size();
  stream->queue.push_back({std::move(payload), nullptr});
  note_queued(*stream, size);
  schedule(*stream);
  return {};
}

void Session::Impl::note_queued(Stream& stream, std::size_t bytes) {
  stream.queued += bytes;
  stats_.queued_bytes += bytes;
  if (stream.queued >= options_.limits.write_high_water ||
      stream.queue.size() >= options_.limits.write_buffers) {
    stream.tell_writable = true;
  }
}

Error Session::Impl::send_headers(wire::StreamId id, Headers headers, bool fin) {
  Error error;
  Stream* stream = find_for_writing(id, error);
  if (stream == nullptr) return error;
  error = control_.check(wire::FrameType::kHeaders, headers);
  if (error) return error;
  const std::size_t cost = cost_of(headers);
  Stream::Outgoing outgoing;
  outgoing.headers = std::make_unique<Headers>(std::move(headers));
  stream->queue.push_back(std::move(outgoing));
  note_queued(*stream, cost);
  if (fin) stream->last = Stream::Last::kFin;
  schedule(*stream);
  return {};
}

bool Session::Impl::writable(wire::StreamId id) const {
  const Stream* stream = find(id);
  return stream != nullptr && !takes_no_more(*stream) && !stream->tell_writable;
}

Error Session::Impl::close_stream(wire::StreamId id) {
  Error error;
  Stream* stream = find_for_writing(id, error);
  if (stream == nullptr) return error;
  stream->last = Stream::Last::kFin;
  schedule(*stream);
  return {};
}

Error Session::Impl::close_with_reset(wire::StreamId id) {
  Error error;
  Stream* stream = find_for_writing(id, error);
  if (stream == nullptr) return error;
  if (stream->queue.empty()) return reset(id, wire::RstStatus::kCancel);
  stream->last = Stream::Last::kReset;
  return {};
}

Error Session::Impl::reset(wire::StreamId id, wire::RstStatus status) {
  Stream* stream = find_any(id);
  if (stream == nullptr || stream->told_closed) return no_such_stream(id);
  const Error how = reset_here(id, status);
  reset_on_wire(*stream, status);
  if (stream->outcome) {
    // Over already, but for what is held, or still leaves behind `close`.
    drop_queued(*stream);
    give_up_held(*stream, how);
    return {};
  }
  end_now(*stream, how);
  return {};
}

// ---- reading from them

// A stream that has ended may still hold what its reader has not taken, so these two look at all.
void Session::Impl::pause(wire::StreamId id) {
  Stream* stream = find_any(id);
  if (stream == nullptr) return;
  stream->paused = true;
  note_held(*stream);
}

void Session::Impl::resume(wire::StreamId id) {
  Stream* stream = find_any(id);
  if (stream == nullptr) return;
  stream->paused = false;
  note_held(*stream);
  if (!stream->held.empty() || stream->fin_untold || stream->outcome) make_due(*stream);
}

void Session::Impl::set_overflow(wire::StreamId id, OverflowPolicy policy) {
  Stream* stream = find_any(id);
  if (stream == nullptr) return;
  stream->overflow = policy;
  note_held(*stream);
}

void Session::Impl::keep_on_close(wire::StreamId id) {
  if (Stream* stream = find(id)) stream->keep_on_close = true;
}

std::optional<StreamStats> Session::Impl::stream_stats(wire::StreamId id) const {
  const Stream* stream = find_any(id);
  if (stream == nullptr || stream->told_closed) return std::nullopt;
  return StreamStats{stream->state,
                     stream->send_window.available(),
                     stream->receive_window.available(),
                     stream->receive_window.size(),
                     stream->held.size(),
                     stream->queued};
}

}  // namespace uvspdy::session
