// How the session's streams end, and how the handler is told of them.

#include <utility>

#include "session/session_impl.h"

namespace uvspdy::session {

// ---- how streams end

void Session::Impl::drop_queued(Stream& stream) {
  Sending& sending = stream.sending;
  scheduler_.remove(stream);
  stats_.queued_bytes -= sending.queued;
  sending.queued = 0;
  sending.last = Sending::Last::kNothing;
  dropped_.add(std::exchange(sending.queue, {}));
  streams_.take_unsent(stream).reset();
}

// The reader gets no more of the stream, and its pause holds nothing up any more. If there was
// more, the end that it hears of is not the orderly one. Returns how many bytes were dropped.
std::size_t Session::Impl::take_reader_away(Stream& stream, const Error& how) {
  held_.set_reader(stream, Receiving::Reader::kGone);
  const std::size_t dropped = held_.take(stream).size();
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
  if (stream.awaits_acceptance()) held_.set_reader(stream, Receiving::Reader::kGone);
  drop_queued(stream);
  streams_.close(stream);
  set_ends(stream, how);
}

void Session::Impl::set_ends(Stream& stream, const Error& how) {
  stream.sending.end.set(how);
  stream.receiving.end.set(how);
  due_.add(stream);
}

// ---- telling the handler

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
    const std::vector<std::uint8_t> bytes = held_.take(stream);
    handler_.on_data(id, bytes);
    consumed(stream, bytes.size());
  }
  tell_received(stream);
  if (std::exchange(sending.writable_due, false) && sending.is_writable()) {
    handler_.on_writable(id);
  }
  if (sending.end.is_told() && receiving.end.is_told() && !stream.closed_told) {
    streams_.note_closed_told(stream);
    const Error how = stream.how_closed();
    streams_.forget_when_over(stream);
    handler_.on_stream_closed(id, how);
  }
}

}  // namespace uvspdy::session
