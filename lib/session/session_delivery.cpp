// What the session holds for readers that pause, how its streams end, and how both are told.

#include <algorithm>
#include <string>
#include <utility>

#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {

// ---- what is held

bool Session::Impl::wants_input() const {
  if (streams_over_buffer_ > 0) return false;
  const std::size_t most = options_.limits.connection_buffer;
  // A peer that keeps to the window does not get past it.
  return stats_.held_bytes <=
         (flow_.keeps_to_windows() ? std::max<std::size_t>(most, wire::kDefaultWindow) : most);
}

std::size_t Session::Impl::most_held(const Stream& stream) const {
  if (!flow_.keeps_to_windows()) return options_.limits.stream_buffer;
  // A peer that has not seen our newest SETTINGS may go by a larger window.
  const std::int64_t window = stream.receive_window.size() + receive_slack_;
  return std::max(options_.limits.stream_buffer,
                  static_cast<std::size_t>(std::max<std::int64_t>(window, 0)));
}

void Session::Impl::hold(Stream& stream, Bytes payload) {
  if (stream.overflow == OverflowPolicy::kResetStream && stream.paused &&
      stream.held.size() + payload.size() > most_held(stream)) {
    consumed_by_connection(payload.size());
    stream_error(stream.id, wire::RstStatus::kFlowControlError,
                 "its reader has paused and more than stream_buffer = " +
                     std::to_string(most_held(stream)) + " bytes have come for it",
                 Errc::kLimitExceeded);
    return;
  }
  stream.held.append(payload);
  stats_.held_bytes += payload.size();
  note_held(stream);
}

// Whether the stream holds so much that the connection is not to be read. One that has resumed is
// waited for whatever its policy: the next advance delivers what it holds.
void Session::Impl::note_held(Stream& stream) {
  const bool waits = stream.overflow == OverflowPolicy::kStopReading || !stream.paused;
  const bool over = waits && stream.held.size() > most_held(stream);
  if (over == stream.over_buffer) return;
  const bool stopped = !wants_input();
  stream.over_buffer = over;
  over ? ++streams_over_buffer_ : --streams_over_buffer_;
  if (stopped && wants_input()) reading_again_ = true;
}

// Whether something waits for a reader that has paused: the connection is then not idle.
bool Session::Impl::has_unread() const { return stats_.held_bytes > 0 || !wants_input(); }

std::vector<std::uint8_t> Session::Impl::take_held(Stream& stream) {
  const bool unread = has_unread();
  const bool stopped = !wants_input();
  stats_.held_bytes -= stream.held.size();
  std::vector<std::uint8_t> bytes = stream.held.take();
  note_held(stream);
  if ((unread && !has_unread()) || (stopped && wants_input())) reading_again_ = true;
  return bytes;
}

void Session::Impl::drop_held(Stream& stream) {
  consumed_by_connection(take_held(stream).size());
  stream.fin_untold = false;
}

void Session::Impl::drop_queued(Stream& stream) {
  scheduler_.remove(stream);
  stats_.queued_bytes -= stream.queued;
  stream.queued = 0;
  stream.queue.clear();
  if (std::exchange(stream.unsent, nullptr)) drop_unsent();
  // A reader that has paused until it can write, or until its FIN has left, must not wait for ever.
  if (stream.last == Stream::Last::kFin) stream.tell_writable = true;
  stream.last = Stream::Last::kNothing;
  stream.last_in_batch = false;
  tell_writable_again(stream);
}

// ---- how streams end

// For a stream that has ended: its reader gets no more of it. If there was more, the end that it
// hears of is not the orderly one.
void Session::Impl::give_up_held(Stream& stream, const Error& how) {
  if (stream.told_closed) return;
  if (!stream.held.empty() || stream.fin_untold) stream.outcome = how;
  drop_held(stream);
  make_due(stream);
}

// Nothing of the stream is sent or delivered any more.
void Session::Impl::end_now(Stream& stream, const Error& how) {
  drop_held(stream);
  end_after_held(stream, how);
}

// Nothing of it is sent any more; what has arrived is delivered before the end is told.
void Session::Impl::end_after_held(Stream& stream, const Error& how) {
  drop_queued(stream);
  enter(stream, StreamState::kClosed);
  if (!stream.outcome) stream.outcome = how;
  make_due(stream);
}

void Session::Impl::end_when_closed(Stream& stream) {
  if (stream.outcome || stream.state != StreamState::kClosed) return;
  stream.outcome = Error();
  make_due(stream);
}

// A stream whose end was told stays only for what it still has to send.
void Session::Impl::forget_when_over(Stream& stream) {
  if (stream.told_closed && stream.queue.empty() && stream.last == Stream::Last::kNothing) {
    streams_.erase(stream.id);
  }
}

// ---- telling the handler

void Session::Impl::make_due(Stream& stream) {
  if (std::exchange(stream.due, true)) return;
  due_.push_back(stream.id);
}

// Tells the handler what a stream has for it, in order, as far as its reader lets us.
void Session::Impl::deliver(Stream& stream) {
  const wire::StreamId id = stream.id;
  if (!stream.held.empty() && !stream.paused) {
    const std::vector<std::uint8_t> bytes = take_held(stream);
    handler_.on_data(id, bytes);
    consumed(stream, bytes.size());
  }
  if (!stream.held.empty()) return;
  if (std::exchange(stream.fin_untold, false)) handler_.on_fin(id);
  if (!stream.outcome || std::exchange(stream.told_closed, true)) {
    forget_when_over(stream);
    return;
  }
  --untold_streams_;
  stop_counting(stream);
  const Error how = *stream.outcome;
  forget_when_over(stream);
  handler_.on_stream_closed(id, how);
}

// Tells what other calls have caused. What handlers cause while they run is told by the next
// advance. The lists change places with an empty one, so that none loses its memory.
void Session::Impl::tell() {
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
    const bool ended_unread = stream.outcome && !stream.told_closed;
    if (ended_unread || writable(stream.id)) handler_.on_writable(stream.id);
  });
}

bool Session::Impl::has_to_tell() const {
  return !due_.empty() || !writable_due_.empty() || !replies_sent_due_.empty() ||
         !fins_sent_due_.empty();
}

}  // namespace uvspdy::session
