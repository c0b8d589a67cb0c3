#include "uvspdy/session/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "session/names.h"
#include "session/output_batch.h"
#include "session/send_scheduler.h"
#include "session/stream.h"

namespace uvspdy::session {

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

// ---- time

void Session::advance(Time now) {
  now_ = now;
  expire_creates();
  if (!last_frame_) last_frame_ = now;
  // While we do not read, the peer cannot show that it is alive.
  const bool reading_again = std::exchange(reading_again_, false);
  if (reading_again || !wants_input()) last_frame_ = now;
  if (state_ == State::kOpen && options_.idle_timeout.count() > 0 &&
      *last_frame_ + options_.idle_timeout <= now) {
    begin_closing(wire::GoAwayStatus::kOk,
                  Error(Errc::kIdleTimeout,
                        "no frame for " + std::to_string(options_.idle_timeout.count()) + " ms"),
                  Held::kDelivered);
  }
  if (state_ == State::kOpen && options_.ping_period.count() > 0) {
    if (!next_ping_) next_ping_ = now + options_.ping_period;
    if (*next_ping_ <= now) {
      next_ping_ = now + options_.ping_period;
      send_ping();
    }
  }
  tell();
}

void Session::expire_creates() {
  while (!reply_deadlines_.empty()) {
    const auto [deadline, id] = reply_deadlines_.front();
    Stream* stream = find(id);
    const bool waits = stream != nullptr && stream->receiving == Stream::Receiving::kAwaitingReply;
    if (waits && deadline > now_) return;
    reply_deadlines_.pop_front();
    if (!waits) continue;
    queue_reset(id, wire::RstStatus::kCancel);
    end_now(*stream, Error(Errc::kCreateTimeout,
                           "no SYN_REPLY for " + stream_text(id) + " within " +
                               std::to_string(options_.create_timeout.count()) + " ms"));
  }
}

// Tells what other calls have caused. What handlers cause while they run is told by the next
// advance. The lists change places with an empty one, so that none loses its memory.
void Session::tell() {
  const auto each = [this](std::vector<wire::StreamId>& list, auto tell_one) {
    telling_.swap(list);
    for (const wire::StreamId id : telling_) {
      if (Stream* stream = find_any(id)) tell_one(*stream);
    }
    telling_.clear();
  };
  each(replies_sent_due_, [this](Stream& stream) {
    if (!stream.told_closed) handler_.on_reply_sent(stream.id);
  });
  each(fins_sent_due_, [this](Stream& stream) {
    if (!stream.told_closed) handler_.on_fin_sent(stream.id);
  });
  each(due_, [this](Stream& stream) {
    stream.due = false;
    deliver(stream);
  });
  each(writable_due_, [this](Stream& stream) {
    stream.writable_due = false;
    if (writable(stream.id)) handler_.on_writable(stream.id);
  });
}

std::optional<Time> Session::deadline() const {
  if (!due_.empty() || !writable_due_.empty() || !replies_sent_due_.empty() ||
      !fins_sent_due_.empty()) {
    return Time::min();
  }
  if (state_ != State::kOpen) return std::nullopt;
  if (reading_again_) return Time::min();
  std::optional<Time> earliest;
  const auto consider = [&earliest](Time time) {
    if (!earliest || time < *earliest) earliest = time;
  };
  if (!reply_deadlines_.empty()) consider(reply_deadlines_.front().first);
  // Without a first moment yet, the next advance sets it.
  if (options_.idle_timeout.count() > 0 && wants_input()) {
    consider(last_frame_ ? *last_frame_ + options_.idle_timeout : Time::min());
  }
  if (options_.ping_period.count() > 0) consider(next_ping_.value_or(Time::min()));
  return earliest;
}

// ---- the connection

std::uint32_t Session::send_ping() {
  const std::uint32_t id = next_ping_id_;
  next_ping_id_ += 2;  // unsigned: wraps with its parity kept (section 2.6.5)
  if (next_ping_id_ == 0) next_ping_id_ = 2;
  queue_ping(id);
  return id;
}

Result<std::uint32_t> Session::ping(Time now) {
  now_ = now;
  if (state_ != State::kOpen) {
    return Error(Errc::kConnectionClosed, "no PING: the connection is closed");
  }
  const std::uint32_t id = send_ping();
  pings_[id] = now;
  return id;
}

void Session::close(wire::GoAwayStatus status) { begin_closing(status, Error(), Held::kDropped); }

void Session::begin_closing(wire::GoAwayStatus status, const Error& reason, Held held) {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  output_held_ = false;
  goaway_status_ = status;
  error_ = reason;
  const Error how =
      reason ? reason : Error(Errc::kConnectionClosed, "the connection was closed on this side");
  for (auto& [id, entry] : streams_) {
    Stream& stream = *entry;
    if (stream.closed) {
      if (held == Held::kDropped) give_up_held(stream, how);
      continue;
    }
    if (held == Held::kDropped) drop_held(stream);
    const bool leaves = stream.sending == Stream::Sending::kFinishing ||
                        (stream.sending == Stream::Sending::kOpen && !stream.queue.empty());
    if (!leaves) {
      if (!stream.keep_on_close) queue_reset(id, wire::RstStatus::kCancel);
      end_after_held(stream, how);
      continue;
    }
    // What was accepted leaves first; behind it the FIN asked for, or the reset.
    if (stream.sending == Stream::Sending::kOpen) {
      stream.sending = Stream::Sending::kFinishing;
      stream.last = stream.keep_on_close ? Stream::Last::kFin : Stream::Last::kReset;
    }
    stream.receiving = Stream::Receiving::kDone;
    stream.closed = how;
    make_due(stream);
  }
}

// No more output: what is in the batch is given up with it.
void Session::stop_output() {
  state_ = State::kEnded;
  urgent_.clear();
  control_.clear();
  batch_->clear();
  fins_in_batch_.clear();
}

void Session::abort(const Error& reason) {
  stop_output();
  for (auto& [id, entry] : streams_) {
    if (entry->closed) give_up_held(*entry, reason);
    end_now(*entry, reason);
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
  stop_output();
  for (auto& [id, entry] : streams_) end_after_held(*entry, how);
}

std::size_t Session::stream_count() const { return untold_streams_; }

void Session::set_idle_timeout(std::chrono::milliseconds timeout, Time now) {
  options_.idle_timeout = timeout;
  last_frame_ = now;
}

Stats Session::stats() const {
  Stats stats = stats_;
  stats.streams = untold_streams_;
  stats.queued_bytes += batch_->payload_size();
  return stats;
}

}  // namespace uvspdy::session
