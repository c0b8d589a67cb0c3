// Received frames of the connection.

#include <algorithm>
#include <string>
#include <utility>

#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {

using wire::RstStatus;
using wire::SettingId;

// ---- SETTINGS

Error Session::Impl::handle(wire::SettingsFrame& frame) {
  windows_seen();
  wire::SettingsFrame effective;
  effective.clear_settings = frame.clear_settings && role_ == Role::kClient;
  for (wire::SettingsFrame::Entry& entry : frame.entries) {
    const bool repeated = std::any_of(effective.entries.begin(), effective.entries.end(),
                                      [&](const auto& known) { return known.id == entry.id; });
    if (repeated) continue;
    // Only clients keep values for their server (section 2.6.4).
    if (role_ == Role::kServer) entry.flags &= static_cast<std::uint8_t>(~wire::kFlagPersistValue);
    effective.entries.push_back(entry);
    if (entry.id == SettingId::kMaxConcurrentStreams) streams_.set_most_own(entry.value);
    if (entry.id != SettingId::kInitialWindowSize) continue;
    if (Error error = set_peer_initial_window(entry.value)) return error;
  }
  if (is_open()) handler_.on_settings(effective);
  return {};
}

// Changes the windows of all streams by the difference (section 2.6.8); they may turn negative.
Error Session::Impl::set_peer_initial_window(std::uint32_t size) {
  if (!windows_.keeps_to_windows()) return {};
  if (size > wire::kMaxWindow) {
    return Error(Errc::kFlowControl, "SETTINGS frame: INITIAL_WINDOW_SIZE " + std::to_string(size) +
                                         " is more than 2^31-1");
  }
  const std::int64_t difference = windows_.set_peer_initial(size);
  if (difference == 0) return {};
  Error error;
  streams_.each([&](Stream& stream) {
    if (error || is_over(stream.sending.wire)) return;
    if (stream.sending.window.move(difference)) return schedule(stream);
    error = Error(Errc::kFlowControl, "SETTINGS frame: INITIAL_WINDOW_SIZE " +
                                          std::to_string(size) + " makes the window of " +
                                          stream_text(stream.id) + " pass 2^31-1");
  });
  return error;
}

// ---- WINDOW_UPDATE

Error Session::Impl::handle(wire::WindowUpdateFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  windows_seen();
  if (!windows_.keeps_to_windows()) return {};
  if (id == 0) {
    if (frame.delta != 0 && windows_.raise_send(frame.delta)) return {};
    return Error(
        Errc::kFlowControl,
        "WINDOW_UPDATE frame: a delta of " + std::to_string(frame.delta) +
            (frame.delta == 0 ? " for the connection; it must be 1 to 2^31-1"
                              : " makes the connection's window of " +
                                    std::to_string(windows_.send_available()) + " pass 2^31-1"));
  }
  // Legal for a stream that is half-closed or has just closed, but not for one that never existed.
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->is_idle()) {
    const bool never_was = stream == nullptr && !streams_.was_used(id, stream);
    if (never_was) allowances_.charge(Allowance::kStrayFrames, 1, now_);
    if (never_was && is_open()) answer_stray(id, RstStatus::kInvalidStream);
    return {};
  }
  if (frame.delta == 0) {
    return stream_error(*stream, RstStatus::kProtocolError,
                        "a WINDOW_UPDATE with a delta of 0; it must be 1 to 2^31-1");
  }
  Sending& sending = stream->sending;
  if (is_over(sending.wire)) return {};
  if (!sending.window.move(frame.delta)) {
    return stream_error(*stream, RstStatus::kFlowControlError,
                        "a WINDOW_UPDATE with a delta of " + std::to_string(frame.delta) +
                            " makes its window of " + std::to_string(sending.window.available()) +
                            " pass 2^31-1",
                        Errc::kFlowControl);
  }
  schedule(*stream);
  return {};
}

// ---- PING

// Answers to our own PINGs do not show that the peer is in use: see Options::idle_timeout.
bool Session::Impl::is_pong(const wire::Decoded& decoded) const {
  const auto* ping = std::get_if<wire::PingFrame>(&decoded);
  return ping != nullptr && streams_.is_ours(ping->id);
}

Error Session::Impl::handle(wire::PingFrame& frame) {
  if (!streams_.is_ours(frame.id)) {
    control_.answer(frame);
    return {};
  }
  const std::optional<Pings::Answer> answer = pings_.answered(frame.id, now_);
  if (!answer) return {};  // an id of our parity that was not sent: ignored (section 2.6.5)
  // A PING after SETTINGS may have waited in our queue for any time.
  if (answer->purpose != Pings::Purpose::kSettings) {
    stats_.round_trip = answer->round_trip;
    round_trips_.note(answer->round_trip, now_);
  }
  switch (answer->purpose) {
    case Pings::Purpose::kAsked:
      if (is_open()) handler_.on_pong(frame.id, answer->round_trip);
      break;
    case Pings::Purpose::kPeriodic: liveness_.ping_answered(); break;
    case Pings::Purpose::kMeasuring: break;
    case Pings::Purpose::kSettings:
    case Pings::Purpose::kOpening:
      if (pings_.unseen_settings() == 0) windows_.settings_seen();
      no_windows_seen();
      break;
  }
  return {};
}

// ---- GOAWAY

Error Session::Impl::handle(wire::GoAwayFrame& frame) {
  // The first GOAWAY has decided about all streams that a later one could concern.
  if (!ending_.note_peer_gone_away()) return {};
  handler_.on_goaway(frame);
  streams_.each([&](Stream& stream) {
    if (stream.creator != Creator::kHere || stream.is_over()) return;
    // A stream with a reply was processed, whatever the last good id is.
    const bool processed =
        stream.has_reply() || (!stream.is_idle() && stream.id <= frame.last_good_stream_id);
    if (processed) return;
    end_now(stream, Error(Errc::kGoneAway, stream_text(stream.id) +
                                               " was not processed before the peer's GOAWAY and "
                                               "is safe to retry"));
  });
  return {};
}

}  // namespace uvspdy::session
