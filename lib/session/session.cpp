#include "uvspdy/session/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "session/output_batch.h"
#include "session/send_scheduler.h"
#include "session/stream.h"

namespace uvspdy::session {
namespace {

// PINGs of the period that may be under way at once. Writing to a peer that has vanished is what
// shows it, so an unanswered one does not keep the next one back.
constexpr std::size_t kMaxUnansweredPings = 16;

std::string stream_text(wire::StreamId id) { return "stream " + std::to_string(id); }

Error no_such_stream(wire::StreamId id) {
  return Error(Errc::kNoSuchStream, stream_text(id) + " is not open");
}

}  // namespace

Session::Session(Role role, Options options, Handler& handler)
    : role_(role),
      options_(std::move(options)),
      handler_(handler),
      decoder_(options_.limits),
      encoder_(options_.compression, options_.limits),
      next_id_(role == Role::kClient ? 1 : 2),
      output_held_(role == Role::kServer && options_.wait_for_client),
      scheduler_(std::make_unique<SendScheduler>()),
      batch_(std::make_unique<OutputBatch>()),
      next_ping_id_(role == Role::kClient ? 1 : 2) {
  options_.max_data_frame =
      std::clamp<std::size_t>(options_.max_data_frame, 1, wire::kMaxFrameLength);
}

Session::~Session() = default;

// ---- streams

Stream* Session::find(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() || found->second->closed ? nullptr : found->second.get();
}

bool Session::was_used(wire::StreamId id) const {
  return id != 0 && (is_ours(id) ? id < next_id_ : id <= last_peer_id_);
}

Stream& Session::add_stream(wire::StreamId id, std::uint8_t priority) {
  auto stream = std::make_unique<Stream>();
  stream->id = id;
  stream->ours = is_ours(id);
  stream->priority = std::min(priority, wire::kLowestPriority);
  ++untold_streams_;
  if (!stream->ours) ++peer_streams_;
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
  next_id_ += 2;
  ++stats_.frames_sent;
  if (options_.trace) {
    options_.trace({FrameTrace::Direction::kOut, false,
                    static_cast<std::uint16_t>(wire::FrameType::kSynStream), frame.stream_id,
                    control_[start + 4],
                    static_cast<std::uint32_t>(control_.size() - start - wire::kFrameHeadSize), 0,
                    &frame.headers});
  }

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
  if (stream->ours || stream->sending != Stream::Sending::kAwaitingReply) {
    if (!stream->ours && stream->unidirectional) return {};  // takes no reply (section 2.3.2.1)
    return Error(Errc::kAlreadyReplied, stream_text(id) + " takes no reply");
  }
  wire::SynReplyFrame frame{id, false, std::move(headers)};
  const std::size_t start = control_.size();
  if (Error error = encoder_.encode(frame, control_)) return error;
  ++stats_.frames_sent;
  if (options_.trace) {
    options_.trace({FrameTrace::Direction::kOut, false,
                    static_cast<std::uint16_t>(wire::FrameType::kSynReply), id, 0,
                    static_cast<std::uint32_t>(control_.size() - start - wire::kFrameHeadSize), 0,
                    &frame.headers});
  }
  last_accepted_id_ = std::max(last_accepted_id_, id);
  replies_queued_.push_back(id);
  stream->sending =
      stream->last == Stream::Last::kNothing ? Stream::Sending::kOpen : Stream::Sending::kFinishing;
  if (!stream->queue.empty() || stream->last != Stream::Last::kNothing) scheduler_->add(*stream);
  return {};
}

Error Session::write(wire::StreamId id, Buffer payload) {
  Stream* stream = find(id);
  if (stream == nullptr) return no_such_stream(id);
  if (stream->last != Stream::Last::kNothing || stream->sending == Stream::Sending::kDone) {
    return Error(Errc::kStreamClosed, stream_text(id) + " is closed for writing");
  }
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
  return stream != nullptr && stream->last == Stream::Last::kNothing &&
         stream->sending != Stream::Sending::kDone && !stream->tell_writable;
}

Error Session::close_stream(wire::StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr) return no_such_stream(id);
  if (stream->last != Stream::Last::kNothing || stream->sending == Stream::Sending::kDone) {
    return Error(Errc::kStreamClosed, stream_text(id) + " is closed for writing already");
  }
  stream->last = Stream::Last::kFin;
  if (stream->sending == Stream::Sending::kOpen) {
    stream->sending = Stream::Sending::kFinishing;
    scheduler_->add(*stream);
  }
  return {};
}

Error Session::reset(wire::StreamId id, wire::RstStatus status) {
  Stream* stream = find(id);
  if (stream == nullptr) return no_such_stream(id);
  queue_reset(id, status);
  end_stream(*stream, Error(Errc::kResetHere, stream_text(id) + " was reset on this side with " +
                                                  std::string(wire::name_of(status))));
  return {};
}

// A stream that has ended may still hold what its reader has not taken, so these two look at all.
void Session::pause(wire::StreamId id) {
  const auto found = streams_.find(id);
  if (found != streams_.end()) found->second->paused = true;
}

void Session::resume(wire::StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  stream.paused = false;
  if (!stream.held.empty() || stream.fin_untold || stream.closed) make_due(stream);
}

void Session::keep_on_close(wire::StreamId id) {
  if (Stream* stream = find(id)) stream->keep_on_close = true;
}

void Session::drop_held(Stream& stream) {
  if (stream.held.size() > options_.limits.stream_buffer) --streams_over_buffer_;
  stats_.held_bytes -= stream.held.size();
  stream.held.take();
}

void Session::drop_queued(Stream& stream) {
  scheduler_->remove(stream);
  stats_.queued_bytes -= stream.queued;
  stream.queued = 0;
  stream.queue.clear();
  stream.sending = Stream::Sending::kDone;
  stream.last = Stream::Last::kNothing;
}

// Ends a stream now: nothing of it is sent or held any more.
void Session::end_stream(Stream& stream, const Error& how) {
  drop_queued(stream);
  drop_held(stream);
  stream.fin_untold = false;
  stream.receiving = Stream::Receiving::kDone;
  stream.closed = how;
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

// ---- telling the handler

void Session::make_due(Stream& stream) {
  if (std::exchange(stream.due, true)) return;
  due_.push_back(stream.id);
}

// Tells the handler what a stream has for it, in order, as far as its reader lets us.
void Session::deliver(Stream& stream) {
  const wire::StreamId id = stream.id;
  if (!stream.held.empty() && !stream.paused) {
    if (stream.held.size() > options_.limits.stream_buffer) --streams_over_buffer_;
    stats_.held_bytes -= stream.held.size();
    const std::vector<std::uint8_t> bytes = stream.held.take();
    handler_.on_data(id, bytes);
  }
  if (!stream.held.empty()) return;
  if (std::exchange(stream.fin_untold, false)) handler_.on_fin(id);
  if (!stream.closed || std::exchange(stream.told_closed, true)) {
    forget_when_over(stream);
    return;
  }
  --untold_streams_;
  if (!stream.ours) --peer_streams_;
  const Error how = *stream.closed;
  forget_when_over(stream);
  handler_.on_stream_closed(id, how);
}

// A stream whose end was told stays only for what it still has to send.
void Session::forget_when_over(Stream& stream) {
  if (stream.told_closed && stream.sending == Stream::Sending::kDone) streams_.erase(stream.id);
}

void Session::advance(Time now) {
  now_ = now;
  while (!reply_deadlines_.empty() && reply_deadlines_.front().first <= now) {
    const wire::StreamId id = reply_deadlines_.front().second;
    reply_deadlines_.pop_front();
    Stream* stream = find(id);
    if (stream == nullptr || stream->receiving != Stream::Receiving::kAwaitingReply) continue;
    queue_reset(id, wire::RstStatus::kCancel);
    end_stream(*stream, Error(Errc::kCreateTimeout,
                              "no SYN_REPLY for " + stream_text(id) + " within " +
                                  std::to_string(options_.create_timeout.count()) + " ms"));
  }
  if (!last_frame_) last_frame_ = now;
  if (state_ == State::kOpen && options_.idle_timeout.count() > 0 &&
      *last_frame_ + options_.idle_timeout <= now) {
    close(wire::GoAwayStatus::kOk,
          Error(Errc::kIdleTimeout,
                "no frame for " + std::to_string(options_.idle_timeout.count()) + " ms"));
  }
  if (state_ == State::kOpen && options_.ping_period.count() > 0) {
    if (!next_ping_) next_ping_ = now + options_.ping_period;
    if (*next_ping_ <= now) {
      next_ping_ = now + options_.ping_period;
      if (pings_.size() < kMaxUnansweredPings) (void)ping(now);
    }
  }

  // What handlers cause while they run is told by the next advance.
  for (const wire::StreamId id : std::exchange(replies_sent_due_, {})) handler_.on_reply_sent(id);
  for (const wire::StreamId id : std::exchange(fins_sent_due_, {})) handler_.on_fin_sent(id);
  for (const wire::StreamId id : std::exchange(due_, {})) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) continue;
    found->second->due = false;
    deliver(*found->second);
  }
  for (const wire::StreamId id : std::exchange(writable_due_, {})) {
    if (writable(id)) handler_.on_writable(id);
  }
}

std::optional<Time> Session::deadline() const {
  if (!due_.empty() || !writable_due_.empty() || !replies_sent_due_.empty() ||
      !fins_sent_due_.empty()) {
    return Time::min();
  }
  std::optional<Time> earliest;
  const auto consider = [&earliest](Time time) {
    if (!earliest || time < *earliest) earliest = time;
  };
  if (!reply_deadlines_.empty()) consider(reply_deadlines_.front().first);
  if (state_ == State::kOpen) {
    // Without a first moment yet, the next advance sets it.
    if (options_.idle_timeout.count() > 0) {
      consider(last_frame_ ? *last_frame_ + options_.idle_timeout : Time::min());
    }
    if (options_.ping_period.count() > 0) consider(next_ping_.value_or(Time::min()));
  }
  return earliest;
}

// ---- the connection

Result<std::uint32_t> Session::ping(Time now) {
  now_ = now;
  if (state_ != State::kOpen) {
    return Error(Errc::kConnectionClosed, "no PING: the connection is closed");
  }
  const std::uint32_t id = next_ping_id_;
  next_ping_id_ += 2;  // unsigned: wraps with its parity kept (section 2.6.5)
  if (next_ping_id_ == 0) next_ping_id_ = 2;
  pings_[id] = now;
  queue_control(wire::PingFrame{id}, wire::FrameType::kPing, 0, id);
  return id;
}

void Session::close(wire::GoAwayStatus status, const Error& reason) {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  output_held_ = false;
  goaway_status_ = status;
  error_ = reason;
  const Error how =
      reason ? reason : Error(Errc::kConnectionClosed, "the connection was closed on this side");
  for (auto& [id, entry] : streams_) {
    Stream& stream = *entry;
    if (stream.closed) continue;
    const bool finished = stream.sending == Stream::Sending::kDone ||
                          stream.sending == Stream::Sending::kAwaitingReply;
    if (finished || stream.queue.empty()) {
      // Nothing of it stands in the way: a FIN that was not sent yet goes as the reset.
      const bool fin_waits = stream.sending == Stream::Sending::kFinishing;
      if (fin_waits) {
        stream.closed = how;
        make_due(stream);
        continue;
      }
      if (!stream.keep_on_close) queue_reset(id, wire::RstStatus::kCancel);
      end_stream(stream, how);
      continue;
    }
    // The rest of the queue leaves first, then its FIN, or the reset if it has none.
    if (stream.sending == Stream::Sending::kOpen) {
      stream.sending = Stream::Sending::kFinishing;
      stream.last = stream.keep_on_close ? Stream::Last::kFin : Stream::Last::kReset;
      scheduler_->add(stream);
    }
    drop_held(stream);
    stream.fin_untold = false;
    stream.closed = how;
    make_due(stream);
  }
}

void Session::abort(const Error& reason) {
  state_ = State::kEnded;
  urgent_.clear();
  control_.clear();
  batch_->clear();
  for (auto& [id, entry] : streams_) {
    if (!entry->closed) {
      end_stream(*entry, reason);
      continue;
    }
    drop_held(*entry);
    drop_queued(*entry);
    make_due(*entry);
  }
}

void Session::receive_end(const Error& reason) {
  if (state_ == State::kEnded) return;
  const char* ended = decoder_.inside_frame() ? "the connection ended inside a frame"
                                              : "the peer closed the connection";
  const Error how =
      error_ ? error_
             : Error(Errc::kConnectionLost,
                     reason ? "connection lost: " + reason.message() : std::string(ended));
  state_ = State::kEnded;
  urgent_.clear();
  control_.clear();
  batch_->clear();
  for (auto& [id, entry] : streams_) {
    drop_queued(*entry);
    entry->receiving = Stream::Receiving::kDone;
    if (!entry->closed) entry->closed = how;
    make_due(*entry);
  }
}

std::size_t Session::stream_count() const { return untold_streams_; }

void Session::set_idle_timeout(std::chrono::milliseconds timeout, Time now) {
  options_.idle_timeout = timeout;
  last_frame_ = now;
}

Stats Session::stats() const {
  Stats stats = stats_;
  stats.streams = untold_streams_;
  return stats;
}

}  // namespace uvspdy::session
