// The session's half that its user creates, writes, closes and resets streams with.

#include <algorithm>
#include <string>
#include <utility>

#include "session/names.h"
#include "session/send_scheduler.h"
#include "session/stream.h"
#include "uvspdy/session/session.h"

namespace uvspdy::session {
namespace {

Error no_such_stream(wire::StreamId id) {
  return Error(Errc::kNoSuchStream, stream_text(id) + " is not open");
}

Error closed_for_writing(wire::StreamId id) {
  return Error(Errc::kStreamClosed, stream_text(id) + " is closed for writing");
}

bool takes_no_more(const Stream& stream) {
  return stream.closed || stream.last != Stream::Last::kNothing ||
         stream.sending == Stream::Sending::kDone;
}

}  // namespace

// A stream that has not ended, or null.
Stream* Session::find(wire::StreamId id) const {
  Stream* stream = find_any(id);
  return stream == nullptr || stream->closed ? nullptr : stream;
}

// One that may have ended and still has something to tell or to send.
Stream* Session::find_any(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Session::was_used(wire::StreamId id) const {
  return id != 0 && (is_ours(id) ? id < next_id_ : id <= last_peer_id_);
}

Stream& Session::add_stream(wire::StreamId id, std::uint8_t priority) {
  auto stream = std::make_unique<Stream>();
  stream->id = id;
  stream->priority = std::min(priority, wire::kLowestPriority);
  ++untold_streams_;
  if (!is_ours(id)) ++peer_streams_;
  return *(streams_[id] = std::move(stream));
}

Result<wire::StreamId> Session::create_stream(Headers headers, const CreateOptions& options,
                                              Time now) {
  now_ = now;
  if (state_ != State::kOpen) {
    return Error(Errc::kConnectionClosed, "no new stream: the connection is closed");
  }
  if (peer_gone_away_) {
    return Error(Errc::kGoneAway, "no new stream: the peer has sent GOAWAY");
  }
  if (next_id_ > wire::kMaxStreamId) {
    return Error(Errc::kIdsExhausted,
                 "no new stream: the ids of this connection are used up (2^31-1); open another");
  }
  wire::SynStreamFrame frame;
  frame.stream_id = next_id_;
  frame.associated_to = options.associated_to;
  frame.priority = std::min(options.priority, wire::kLowestPriority);
  frame.fin = options.fin;
  frame.unidirectional = options.unidirectional;
  frame.headers = std::move(headers);
  const std::size_t start = control_.size();
  if (Error error = encoder_.encode(frame, control_)) return error;
  control_queued(wire::FrameType::kSynStream, frame.stream_id, start, 0, &frame.headers);
  next_id_ += 2;

  Stream& stream = add_stream(frame.stream_id, frame.priority);
  stream.unidirectional = frame.unidirectional;
  stream.receiving = Stream::Receiving::kAwaitingReply;
  if (frame.fin) stream.sending = Stream::Sending::kDone;
  if (frame.unidirectional) {
    // No SYN_REPLY comes: the other end is half-closed from the start (section 2.3.2.1).
    stream.receiving = Stream::Receiving::kDone;
    if (!frame.fin) stream.sending = Stream::Sending::kOpen;
    close_when_done(stream);
  } else if (options_.create_timeout.count() > 0) {
    reply_deadlines_.emplace_back(now + options_.create_timeout, frame.stream_id);
  }
  return frame.stream_id;
}

Error Session::reply(wire::StreamId id, Headers headers) {
  Stream* stream = find(id);
  if (stream == nullptr) return no_such_stream(id);
  if (is_ours(id) || stream->sending != Stream::Sending::kAwaitingReply) {
    if (!is_ours(id) && stream->unidirectional) return {};  // takes no reply (section 2.3.2.1)
    return Error(Errc::kAlreadyReplied, stream_text(id) + " takes no reply");
  }
  const wire::SynReplyFrame frame{id, false, std::move(headers)};
  const std::size_t start = control_.size();
  if (Error error = encoder_.encode(frame, control_)) return error;
  control_queued(wire::FrameType::kSynReply, id, start, 0, &frame.headers);
  last_accepted_id_ = std::max(last_accepted_id_, id);
  replies_queued_.push_back(id);
  may_send_now(*stream);
  check_control_limit();
  return {};
}

// The SYN_REPLY is there: what was written before it may go.
void Session::may_send_now(Stream& stream) {
  const bool last = stream.last != Stream::Last::kNothing;
  stream.sending = last ? Stream::Sending::kFinishing : Stream::Sending::kOpen;
  if (last || !stream.queue.empty()) scheduler_->add(stream);
}

Error Session::write(wire::StreamId id, Buffer payload) {
  Stream* stream = find_any(id);
  if (stream == nullptr || stream->told_closed) return no_such_stream(id);
  if (takes_no_more(*stream)) return closed_for_writing(id);
  if (payload.empty()) return {};
  stream->queued += payload.size();
  stats_.queued_bytes += payload.size();
  stream->queue.push_back(std::move(payload));
  if (stream->queued >= options_.limits.write_high_water ||
      stream->queue.size() >= options_.limits.write_buffers) {
    stream->tell_writable = true;
  }
  if (stream->sending == Stream::Sending::kOpen) scheduler_->add(*stream);
  return {};
}

bool Session::writable(wire::StreamId id) const {
  const Stream* stream = find(id);
  return stream != nullptr && !takes_no_more(*stream) && !stream->tell_writable;
}

Error Session::close_stream(wire::StreamId id) {
  Stream* stream = find_any(id);
  if (stream == nullptr || stream->told_closed) return no_such_stream(id);
  if (takes_no_more(*stream)) return closed_for_writing(id);
  stream->last = Stream::Last::kFin;
  if (stream->sending == Stream::Sending::kOpen) {
    stream->sending = Stream::Sending::kFinishing;
    scheduler_->add(*stream);
  }
  return {};
}

Error Session::reset(wire::StreamId id, wire::RstStatus status) {
  Stream* stream = find_any(id);
  if (stream == nullptr || stream->told_closed) return no_such_stream(id);
  const Error how(Errc::kResetHere, stream_text(id) + " was reset on this side with " +
                                        std::string(wire::name_of(status)));
  if (stream->closed) {
    give_up_held(*stream, how);  // over on the wire already
    return {};
  }
  queue_reset(id, status);
  end_now(*stream, how);
  return {};
}

// A stream that has ended may still hold what its reader has not taken, so these two look at all.
void Session::pause(wire::StreamId id) {
  if (Stream* stream = find_any(id)) stream->paused = true;
}

void Session::resume(wire::StreamId id) {
  Stream* stream = find_any(id);
  if (stream == nullptr) return;
  stream->paused = false;
  if (!stream->held.empty() || stream->fin_untold || stream->closed) make_due(*stream);
}

void Session::keep_on_close(wire::StreamId id) {
  if (Stream* stream = find(id)) stream->keep_on_close = true;
}

// ---- how streams end

std::vector<std::uint8_t> Session::take_held(Stream& stream) {
  const bool stopped = !wants_input();
  if (stream.held.size() > options_.limits.stream_buffer) --streams_over_buffer_;
  stats_.held_bytes -= stream.held.size();
  std::vector<std::uint8_t> bytes = stream.held.take();
  if (stopped && wants_input()) reading_again_ = true;
  return bytes;
}

void Session::drop_held(Stream& stream) {
  take_held(stream);
  stream.fin_untold = false;
}

void Session::drop_queued(Stream& stream) {
  scheduler_->remove(stream);
  stats_.queued_bytes -= stream.queued;
  stream.queued = 0;
  stream.queue.clear();
  stream.sending = Stream::Sending::kDone;
  stream.last = Stream::Last::kNothing;
}

// For a stream that has ended: its reader gets no more of it. If there was more, the end that it
// hears of is not the orderly one.
void Session::give_up_held(Stream& stream, const Error& how) {
  if (stream.told_closed) return;
  if (!stream.held.empty() || stream.fin_untold) stream.closed = how;
  drop_held(stream);
  make_due(stream);
}

// Nothing of the stream is sent or delivered any more.
void Session::end_now(Stream& stream, const Error& how) {
  drop_held(stream);
  end_after_held(stream, how);
}

// Nothing of it is sent any more; what has arrived is delivered before the end is told.
void Session::end_after_held(Stream& stream, const Error& how) {
  drop_queued(stream);
  stream.receiving = Stream::Receiving::kDone;
  if (!stream.closed) stream.closed = how;
  make_due(stream);
}

void Session::close_when_done(Stream& stream) {
  if (stream.closed || stream.sending != Stream::Sending::kDone ||
      stream.receiving != Stream::Receiving::kDone) {
    return;
  }
  stream.closed = Error();
  make_due(stream);
}

// A stream whose end was told stays only for what it still has to send.
void Session::forget_when_over(Stream& stream) {
  if (stream.told_closed && stream.sending == Stream::Sending::kDone) streams_.erase(stream.id);
}

// ---- telling the handler

void Session::make_due(Stream& stream) {
  if (std::exchange(stream.due, true)) return;
  due_.push_back(stream.id);
}

// Tells the handler what a stream has for it, in order, as far as its reader lets us.
void Session::deliver(Stream& stream) {
  const wire::StreamId id = stream.id;
  if (!stream.held.empty() && !stream.paused) {
    const std::vector<std::uint8_t> bytes = take_held(stream);
    handler_.on_data(id, bytes);
  }
  if (!stream.held.empty()) return;
  if (std::exchange(stream.fin_untold, false)) handler_.on_fin(id);
  if (!stream.closed || std::exchange(stream.told_closed, true)) {
    forget_when_over(stream);
    return;
  }
  --untold_streams_;
  if (!is_ours(id)) {
    --peer_streams_;
    peer_header_bytes_ -= stream.header_bytes;
  }
  const Error how = *stream.closed;
  forget_when_over(stream);
  handler_.on_stream_closed(id, how);
}

}  // namespace uvspdy::session
