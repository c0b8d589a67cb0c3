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
  const std::int64_t window = stream.receiving.window.size() + receive_slack_;
  return std::max(options_.limits.stream_buffer,
                  static_cast<std::size_t>(std::max<std::int64_t>(window, 0)));
}

Error Session::Impl::keep_for_reader(Stream& stream, Bytes payload) {
  Receiving& receiving = stream.receiving;
  if (receiving.overflow == OverflowPolicy::kResetStream && !receiving.takes_data() &&
      receiving.held.size() + payload.size() > most_held(stream)) {
    consumed_by_connection(payload.size());
    return stream_error(stream, wire::RstStatus::kFlowControlError,
                        "its reader has paused and more than stream_buffer = " +
                            std::to_string(most_held(stream)) + " bytes have come for it",
                        Errc::kLimitExceeded);
  }
  receiving.held.append(payload);
  stats_.held_bytes += payload.size();
  note_held(stream);
  return {};
}

// Whether the stream holds so much that the connection is not to be read. One that has resumed is
// waited for whatever its policy: the next advance delivers what it holds.
void Session::Impl::note_held(Stream& stream) {
  Receiving& receiving = stream.receiving;
  const bool waits = receiving.overflow == OverflowPolicy::kStopReading || receiving.takes_data();
  const bool over = waits && receiving.held.size() > most_held(stream);
  if (over == receiving.over_buffer) return;
  const bool stopped = !wants_input();
  receiving.over_buffer = over;
  over ? ++streams_over_buffer_ : --streams_over_buffer_;
  if (stopped && wants_input()) reading_again_ = true;
}

// Whether something waits for a reader that has paused: the connection is then not idle.
bool Session::Impl::has_unread() const { return stats_.held_bytes > 0 || !wants_input(); }

std::vector<std::uint8_t> Session::Impl::take_held(Stream& stream) {
  const bool unread = has_unread();
  const bool stopped = !wants_input();
  stats_.held_bytes -= stream.receiving.held.size();
  std::vector<std::uint8_t> bytes = stream.receiving.held.take();
  note_held(stream);
  if ((unread && !has_unread()) || (stopped && wants_input())) reading_again_ = true;
  return bytes;
}

void Session::Impl::drop_queued(Stream& stream) {
  Sending& sending = stream.sending;
  scheduler_.remove(stream);
  stats_.queued_bytes -= sending.queued;
  sending.queued = 0;
  sending.queue.clear();
  sending.last = Sending::Last::kNothing;
  if (std::exchange(stream.unsent, nullptr)) drop_unsent();
}

// ---- how streams end

// The reader gets no more of the stream, and its pause holds nothing up any more. If there was
// more, the end that it hears of is not the orderly one. Returns how many bytes were dropped.
std::size_t Session::Impl::take_reader_away(Stream& stream, const Error& how) {
  stream.receiving.reader = Receiving::Reader::kGone;
  const std::size_t dropped = take_held(stream).size();
  if (dropped > 0) stream.receiving.end.replace(how);
  consumed_by_connection(dropped);
  return dropped;
}

// Nothing of the stream is sent or delivered any more.
void Session::Impl::end_now(Stream& stream, const Error& how) {
  (void)take_reader_away(stream, how);  // a stream that is over gives no window
  end_after_held(stream, how);
}

// Nothing of it is sent any more; what has arrived is delivered before the end is told.
void Session::Impl::end_after_held(Stream& stream, const Error& how) {
  // No reader can have paused what never began.
  if (stream.awaits_acceptance()) stream.receiving.reader = Receiving::Reader::kGone;
  drop_queued(stream);
  enter(stream, moved(stream.creator, stream.wire_states(), StreamState::kClosed));
  set_ends(stream, how);
}

void Session::Impl::set_ends(Stream& stream, const Error& how) {
  stream.sending.end.set(how);
  stream.receiving.end.set(how);
  make_due(stream);
}

// A stream that its user has heard the last of stays only for what it still has to send.
void Session::Impl::forget_when_over(Stream& stream) {
  if (stream.closed_told && !stream.sending.has_more()) streams_.erase(stream.id);
}

// ---- telling the handler

// The next advance has something to tell of this stream.
void Session::Impl::make_due(Stream& stream) {
  if (std::exchange(stream.due, true)) return;
  due_.push_back(stream.id);
}

void Session::Impl::tell_received(Stream& stream) {
  Receiving& receiving = stream.receiving;
  if (!receiving.tells_end()) return;
  receiving.end.note_told();
  const Error how = receiving.end.how();
  handler_.on_received(stream.id, how);
}

// Tells the handler what a stream has for it, in order, as far as its reader lets us.
void Session::Impl::tell(Stream& stream) {
  const wire::StreamId id = stream.id;
  Sending& sending = stream.sending;
  Receiving& receiving = stream.receiving;
  if (std::exchange(stream.reply_sent_due, false)) handler_.on_reply_sent(id);
  if (sending.end.is_due()) {
    sending.end.note_told();
    const Error how = sending.end.how();
    handler_.on_sent(id, how);
  }
  if (!receiving.held.empty() && receiving.takes_data()) {
    const std::vector<std::uint8_t> bytes = take_held(stream);
    handler_.on_data(id, bytes);
    consumed(stream, bytes.size());
  }
  tell_received(stream);
  if (std::exchange(sending.writable_due, false) && sending.is_writable()) {
    handler_.on_writable(id);
  }
  if (sending.end.is_told() && receiving.end.is_told() && !stream.closed_told) {
    stream.closed_told = true;
    --untold_streams_;
    stop_counting(stream);
    const Error how = stream.how_closed();
    forget_when_over(stream);
    handler_.on_stream_closed(id, how);
  }
}

// Tells what other calls have caused. What handlers cause while they run is told by the next
// advance. The lists change places, so that neither loses its memory.
void Session::Impl::tell_all() {
  telling_.swap(due_);
  for (const wire::StreamId id : telling_) {
    Stream* stream = find(id);
    if (stream == nullptr) continue;
    stream->due = false;
    tell(*stream);
  }
  telling_.clear();
}

}  // namespace uvspdy::session
