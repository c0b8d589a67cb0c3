// The session's windows (section 2.6.8): what we may send, and what we let the peer send.

#include <algorithm>
#include <string>

#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {

// SETTINGS with our windows and limits, the connection's window, and the PING whose answer says
// that the peer has seen them, and whether it has windows itself.
void Session::Impl::open(Time now) {
  now_ = now;
  if (opened_ || output_held_ || state_ != State::kOpen) return;
  opened_ = true;
  wire::SettingsFrame settings;
  settings.entries = {{wire::SettingId::kMaxConcurrentStreams, 0,
                       static_cast<std::uint32_t>(
                           std::min<std::size_t>(options_.limits.concurrent_streams, 0xffffffff))},
                      {wire::SettingId::kInitialWindowSize, 0, options_.initial_stream_window}};
  const auto whole = static_cast<std::int64_t>(std::clamp<std::size_t>(
      options_.limits.connection_buffer, wire::kDefaultWindow, wire::kMaxWindow));
  const std::int64_t more = whole - receive_window_.size();
  receive_window_.move(more);
  control_.send_opening(settings, static_cast<std::uint32_t>(more),
                        wire::PingFrame{pings_.send(Pings::Purpose::kOpening, now)});
}

// Puts a stream where the scheduler finds it, by what it has to send and whether it may.
void Session::Impl::schedule(Stream& stream) {
  Sending& sending = stream.sending;
  if (!sending.leaves() || sending.last == Sending::Last::kFinInBatch) {
    scheduler_.remove(stream);
  } else if (sending.queue.empty() || sending.queue.front().headers) {
    scheduler_.add_windowless(stream);
  } else if (flow_.keeps_to_windows() && !sending.window.is_open()) {
    scheduler_.block(stream);
  } else {
    scheduler_.add(stream);
  }
}

// ---- what we let the peer send

// The application has taken bytes of a stream, or they were dropped.
void Session::Impl::consumed(Stream& stream, std::size_t bytes) {
  consumed_by_connection(bytes);
  consumed_by_stream(stream, bytes);
}

void Session::Impl::consumed_by_stream(Stream& stream, std::size_t bytes) {
  const bool more_comes = stream.receiving.wire == WireState::kOpen;
  if (more_comes) give_window(stream.receiving.window, stream.id, bytes);
}

void Session::Impl::consumed_by_connection(std::size_t bytes) {
  give_window(receive_window_, 0, bytes);
}

void Session::Impl::give_window(ReceiveWindow& window, wire::StreamId id, std::size_t bytes) {
  // For a peer that shows no windows they are only noise, and some fill its queues. One that has
  // them after all stops where its window ends.
  const bool stopped = window.available() <= 0 && !window.was_overrun();
  const bool wanted = flow_.keeps_to_windows() || (flow_.has_windows() && stopped);
  // A closing session goes on giving while it waits itself: the peer may be closing, too.
  if (!wanted || !has_more_to_say()) {
    window.withhold(bytes);
    return;
  }
  // Grown windows together take no more than half of the connection's: the rest is for streams that
  // nobody reads, which must not use it up for the others.
  const std::int64_t most_growth = std::max<std::int64_t>(0, receive_window_.size() / 2 - growth_);
  const std::int64_t before = window.growth();
  const std::uint32_t delta = window.consumed(bytes, now_, stats_.round_trip, most_growth);
  growth_ += window.growth() - before;
  if (delta == 0) return;
  control_.send(wire::WindowUpdateFrame{id, delta});
}

// An INITIAL_WINDOW_SIZE of ours, which has been sent.
void Session::Impl::move_receive_windows(std::int64_t difference) {
  // Until it has seen it, the peer may go by what it knew before (section 2.6.8, "Reducing the
  // Stream Window Size").
  if (difference < 0) receive_slack_ -= difference;
  for (auto& [id, stream] : streams_) {
    stream->receiving.window.move(difference);
    consumed_by_stream(*stream, 0);  // half of a smaller window may have been used already
  }
}

// ---- what the peer lets us send

// The peer has answered the opening without a word of windows, or has passed one of ours. The
// latter must count as well: the answer may stand behind more data than we hold before we stop
// reading.
void Session::Impl::no_windows_seen() {
  if (!flow_.no_windows_seen()) return;
  scheduler_.each_blocked(true, [this](Stream& stream) { schedule(stream); });
  note_blocked();
}

// The peer has shown that it has windows.
void Session::Impl::windows_seen() {
  const bool late = flow_.windows_seen();
  note_blocked();
  if (!late) return;
  // A window that was passed without complaint was not counted by the peer: it begins anew. Any
  // other goes on from where it stands, with the credit that was held back.
  if (send_window_.available() < 0) send_window_.restart(wire::kDefaultWindow);
  if (receive_window_.available() < 0) receive_window_.restart(stats_.held_bytes);
  consumed_by_connection(0);
  for (auto& [id, entry] : streams_) {
    Stream& stream = *entry;
    SendWindow& send = stream.sending.window;
    Receiving& receiving = stream.receiving;
    if (send.available() < 0) send.restart(peer_initial_window_);
    if (receiving.window.available() < 0) receiving.window.restart(receiving.held.size());
    consumed_by_stream(stream, 0);
    schedule(stream);
  }
}

// While it is not known whether the peer gives windows at all, waiting for one must end.
void Session::Impl::note_blocked() {
  const bool blocked = state_ == State::kOpen && flow_.found() == PeerFlowControl::kUnknown &&
                       scheduler_.has_blocked(may_send_data());
  if (!blocked) {
    blocked_since_.reset();
  } else if (!blocked_since_) {
    blocked_since_ = now_;
  }
}

void Session::Impl::fail_blocked_writers() {
  const auto timeout = options_.flow_control_timeout;
  if (!blocked_since_ || timeout.count() == 0 || flow_.found() != PeerFlowControl::kUnknown) return;
  // While we do not read, the answer cannot reach us.
  if (!wants_input()) blocked_since_ = now_;
  if (now_ < *blocked_since_ + timeout) return;
  scheduler_.each_blocked(may_send_data(), [&](Stream& stream) {
    if (stream.is_over()) return;
    const std::string text =
        stream_text(stream.id) + " has been blocked by the default windows for " +
        std::to_string(timeout.count()) +
        " ms while the peer left the opening PING unanswered, so it is not known whether it has "
        "flow control; for a peer without use FlowControl::kNone (\"none\")";
    reset_on_wire(stream, wire::RstStatus::kCancel);
    end_after_held(stream, Error(Errc::kFlowControlUnknown, text));
  });
  note_blocked();
}

}  // namespace uvspdy::session
