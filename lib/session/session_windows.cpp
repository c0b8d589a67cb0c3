// Streams and their windows (section 2.6.8).

#include <string>

#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {

// Sends the opening: SETTINGS with our window and limits, the WINDOW_UPDATE of the connection, and
// a PING whose answer shows that the peer has read them, and whether it has flow control.
void Session::Impl::open(Time now) {
  now_ = now;
  if (!opening_.is_due() || !is_open()) return;
  opening_.note_sent();
  wire::SettingsFrame settings;
  settings.entries = {{wire::SettingId::kMaxConcurrentStreams, 0,
                       static_cast<std::uint32_t>(
                           std::min<std::size_t>(options_.limits.concurrent_streams, 0xffffffff))},
                      {wire::SettingId::kInitialWindowSize, 0, windows_.own_initial()}};
  const std::uint32_t raised = windows_.open();
  control_.send_opening(settings, raised,
                        wire::PingFrame{pings_.send(Pings::Purpose::kOpening, now)});
}

// Puts a stream into the scheduler's list that fits what it sends next, and its window.
void Session::Impl::schedule(Stream& stream) {
  Sending& sending = stream.sending;
  sending.takes_more() ? write_room_.window_changed(stream) : write_room_.remove(stream);
  if (!sending.leaves() || sending.last == Sending::Last::kFinInBatch) {
    scheduler_.remove(stream);
  } else if (sending.queue.empty() || sending.queue.front().headers) {
    scheduler_.add_windowless(stream);
  } else if (windows_.may_send(stream)) {
    scheduler_.add(stream);
  } else {
    scheduler_.block(stream);
  }
}

// ---- what we let the peer send

// A closing session that still waits goes on giving windows: the peer may be closing, too.
Windows::Moment Session::Impl::moment() const {
  return {now_, round_trips_.least(), held_.size(), has_more_to_say(),
          liveness_.silence().is_over(now_)};
}

// The user has taken bytes of a stream, or they were dropped.
void Session::Impl::consumed(Stream& stream, std::size_t bytes) {
  consumed_by_connection(bytes);
  consumed_by_stream(stream, bytes);
}

void Session::Impl::consumed_by_connection(std::size_t bytes) {
  if (ending_.is_over()) return windows_.over(held_.size());
  give_window(windows_.give_back(bytes, moment()), 0);
  if (windows_.may_have_stopped()) liveness_.window_ended(now_);
}

void Session::Impl::consumed_by_stream(Stream& stream, std::size_t bytes) {
  if (stream.receiving.wire != WireState::kOpen) return;  // nothing more arrives
  give_window(windows_.give_back(stream, bytes, moment()), stream.id);
  if (windows_.may_have_stopped(stream)) liveness_.window_ended(now_);
}

void Session::Impl::give_window(std::uint32_t delta, wire::StreamId id) {
  if (delta == 0) return;
  control_.answer(wire::WindowUpdateFrame{id, delta});
  round_trips_.want();
}

// Windows follow the link while much is received: its round trip, and which streams are active. A
// peer without windows gets no PING for that: see send_periodic_ping.
void Session::Impl::follow_link() {
  if (windows_.found() != PeerFlowControl::kWindows) return;
  if (windows_.idle_check_is_due(now_)) {
    streams_.each([this](Stream& stream) { windows_.forget_if_idle(stream); });
  }
  if (!round_trips_.take_due(now_)) return;
  if (!may_send_pings() || pings_.is_measuring() || control_.has_quiet()) return;
  control_.send_quietly(wire::PingFrame{pings_.send(Pings::Purpose::kMeasuring, now_)});
}

// Bytes come for a reader that does not take them: the connection's window grows for them, within
// the budget, so that the other streams go on.
void Session::Impl::make_room_to_hold(std::size_t bytes) {
  if (windows_.found() != PeerFlowControl::kWindows || ending_.is_over()) return;
  Windows::Moment with_these = moment();
  with_these.held += bytes;
  give_window(windows_.give_back(0, with_these), 0);
}

// A peer that has shown no flow control, and is silent since it used up a window, may be waiting
// for us. A peer without flow control would have gone on sending.
void Session::Impl::give_to_silent_peer() {
  if (!liveness_.silence().is_over(now_)) return;
  consumed_by_connection(0);
  streams_.each([this](Stream& stream) { consumed_by_stream(stream, 0); });
  liveness_.silence_answered();
}

// ---- what the peer lets us send

// The peer has answered the opening without SETTINGS or a WINDOW_UPDATE, or has passed one of our
// windows. The latter must count, too: the answer may come after more data than we buffer before we
// stop reading.
void Session::Impl::no_windows_seen() {
  if (!windows_.no_windows_seen()) return;
  streams_.each([this](Stream& stream) { schedule(stream); });
  note_blocked();
}

// The peer has shown that it has flow control.
void Session::Impl::windows_seen() {
  const bool late = windows_.windows_seen();
  note_blocked();
  if (!late) return;
  // The peer did not count a window that it passed without complaint: such a window starts anew.
  // Any other one goes on, with the credit that was kept.
  windows_.restart(held_.size());
  consumed_by_connection(0);
  streams_.each([this](Stream& stream) {
    windows_.restart(stream);
    consumed_by_stream(stream, 0);
    schedule(stream);
  });
}

// While the peer may have no flow control, a wait for its window must be limited.
void Session::Impl::note_blocked() {
  const bool may_have_none = windows_.found() == PeerFlowControl::kUnknown;
  liveness_.note_blocked(is_open() && may_have_none && has_blocked(), now_);
}

void Session::Impl::fail_blocked_writers() {
  if (!liveness_.flow_control().is_over(now_)) return;
  scheduler_.each_blocked(windows_.may_send(), [&](Stream& stream) {
    if (stream.is_over()) return;
    const std::string text =
        stream_text(stream.id) + " has been blocked by the default windows for " +
        std::to_string(liveness_.flow_control().duration().count()) +
        " ms while the peer left the opening PING unanswered, so it is not known whether it has "
        "flow control; for a peer without use FlowControl::kNone (\"none\")";
    reset_on_wire(stream, wire::RstStatus::kCancel);
    end_after_held(stream, Error(Errc::kFlowControlUnknown, text));
  });
  note_blocked();
}

}  // namespace uvspdy::session
