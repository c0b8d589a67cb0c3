// Ends of streams, and the calls of the handler that report them.

#include <utility>

#include "session/session_impl.h"

namespace uvspdy::session {

// ---- how streams end

void Session::Impl::drop_queued(Stream& stream) {
  Sending& sending = stream.sending;
  scheduler_.remove(stream);
  write_room_.remove_queued(stream, sending.queued);
  write_room_.remove(stream);
  sending.last = Sending::Last::kNothing;
  dropped_.add(sending.queue);
  streams_.take_unsent(stream).reset();
}

// Takes the reader's data away: the stream delivers no more, and a pause delays nothing any more.
// If data is dropped, an end not reported yet becomes `how`. Returns the bytes dropped.
std::size_t Session::Impl::take_reader_away(Stream& stream, const Error& how) {
  held_.set_reader(stream, Receiving::Reader::kGone);
  const std::size_t dropped = held_.drop(stream);
  if (dropped > 0) stream.receiving.end.replace(how);
  consumed_by_connection(dropped);
  return dropped;
}

// The lists of WriteRoom must not have a stream that is gone.
void Session::Impl::forget_when_over(Stream& stream) {
  write_room_.remove(stream);
  streams_.forget_when_over(stream);
}

// Ends the stream at once: nothing more of it is sent or delivered.
void Session::Impl::end_now(Stream& stream, const Error& how) {
  (void)take_reader_away(stream, how);  // a closed stream gives no window
  end_after_held(stream, how);
}

// Ends sending at once; data that has arrived is delivered before the end is reported.
void Session::Impl::end_after_held(Stream& stream, const Error& how) {
  // A reader cannot have paused a stream that never began.
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

// ---- calls of the handler

void Session::Impl::report_received(Stream& stream) {
  Receiving& receiving = stream.receiving;
  if (!receiving.reports_end()) return;
  receiving.end.note_reported();
  const Error how = receiving.end.how();
  handler_.on_received(stream.id, how);
}

// Makes the calls of the handler that are due for a stream, in order, as far as its reader allows.
void Session::Impl::report(Stream& stream) {
  const wire::StreamId id = stream.id;
  Sending& sending = stream.sending;
  Receiving& receiving = stream.receiving;
  if (std::exchange(stream.reply_sent_due, false)) handler_.on_reply_sent(id);
  if (sending.end.is_due()) {
    sending.end.note_reported();
    const Error how = sending.end.how();
    handler_.on_sent(id, how);
  }
  if (!receiving.held.empty() && receiving.takes_data()) {
    // A block in each turn: the others go on, and a reader that pauses again gets no more.
    const std::vector<std::uint8_t> bytes = held_.take(stream);
    handler_.on_data(id, bytes);
    consumed(stream, bytes.size());
    if (!receiving.held.empty()) due_.add(stream);
  }
  report_received(stream);
  if (std::exchange(sending.writable_due, false) && writable(stream)) {
    handler_.on_writable(id);
  }
  if (sending.end.is_reported() && receiving.end.is_reported() && !stream.closed_reported) {
    streams_.note_closed_reported(stream);
    const Error how = stream.how_closed();
    forget_when_over(stream);
    handler_.on_stream_closed(id, how);
  }
}

}  // namespace uvspdy::session
