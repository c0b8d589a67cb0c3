// The session as a whole: its time, its PINGs and SETTINGS, and how it ends.

#include <algorithm>
#include <string>
#include <utility>

#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {
namespace {

Options checked(Options options) {
  options.max_data_frame =
      std::clamp<std::size_t>(options.max_data_frame, 1, wire::kMaxFrameLength);
  options.initial_stream_window =
      std::clamp<std::uint32_t>(options.initial_stream_window, 1, wire::kMaxWindow);
  return options;
}

wire::StreamId first_id(Role role, wire::StreamId wanted) {
  const wire::StreamId parity = role == Role::kClient ? 1 : 0;
  wanted = std::min(wanted, wire::kMaxStreamId);
  if (wanted == 0) return parity == 1 ? 1 : 2;
  return (wanted & 1) == parity ? wanted : wanted + 1;
}

}  // namespace

Session::Impl::Impl(Role role, Options options, Handler& handler)
    : role_(role),
      options_(checked(std::move(options))),
      handler_(handler),
      decoder_(options_.limits),
      next_id_(first_id(role, options_.first_stream_id)),
      resets_(options_.limits.resets_per_second),
      settings_(options_.limits.settings_per_second),
      flow_(options_.flow_control),
      opened_(!flow_.has_windows()),
      send_window_(wire::kDefaultWindow),
      receive_window_(wire::kDefaultWindow, 0),
      receive_slack_(std::max<std::int64_t>(
          0, std::int64_t{wire::kDefaultWindow} - std::int64_t{options_.initial_stream_window})),
      output_held_(role == Role::kServer && options_.wait_for_client),
      control_(options_, stats_, trace_),
      pings_(role) {}

// ---- time

void Session::Impl::advance(Time now) {
  open(now);
  expire_creates();
  if (!last_frame_) last_frame_ = now;
  if (!last_received_) last_received_ = now;
  // While we do not read, the peer cannot show that it is alive.
  const bool reading_again = std::exchange(reading_again_, false);
  if (reading_again || !wants_input()) last_received_ = now;
  if (reading_again || has_unread()) last_frame_ = now;
  if (reading_again && blocked_since_) blocked_since_ = now;
  if (state_ == State::kOpen && options_.idle_timeout.count() > 0 &&
      *last_frame_ + options_.idle_timeout <= now) {
    begin_closing(wire::GoAwayStatus::kOk,
                  Error(Errc::kIdleTimeout,
                        "no frame for " + std::to_string(options_.idle_timeout.count()) + " ms"),
                  Held::kDelivered);
  }
  if (state_ == State::kOpen) check_peer_is_alive();
  if (state_ == State::kOpen) fail_blocked_writers();
  if (state_ == State::kOpen) keep_alive();
  if (Error error = too_much_control()) fail(error);
  tell_all();
  if (shutting_down_ && untold_streams_ == 0) close(wire::GoAwayStatus::kOk);
}

void Session::Impl::expire_creates() {
  while (!reply_deadlines_.empty()) {
    const auto [deadline, id] = reply_deadlines_.front();
    Stream* stream = find(id);
    const bool waits = stream != nullptr && stream->awaits_acceptance();
    if (waits && deadline > now_) return;
    reply_deadlines_.pop_front();
    if (!waits) continue;
    std::string text = "no SYN_REPLY for " + stream_text(id) + " within " +
                       std::to_string(options_.create_timeout.count()) + " ms";
    if (stream->is_idle() && our_streams_ >= peer_max_streams_) {
      text += ": its SYN_STREAM was not sent, the peer allows " +
              std::to_string(peer_max_streams_) + " streams at once";
    }
    reset_on_wire(*stream, wire::RstStatus::kCancel);
    end_now(*stream, Error(Errc::kCreateTimeout, text));
  }
}

void Session::Impl::check_peer_is_alive() {
  const std::optional<Time> since = pings_.periodic_since();
  if (options_.ping_timeout.count() == 0 || !since) return;
  if (std::max(*since, *last_received_) + options_.ping_timeout > now_) return;
  begin_closing(wire::GoAwayStatus::kOk,
                Error(Errc::kPeerDead, "no answer to a PING, nor any other frame, for " +
                                           std::to_string(options_.ping_timeout.count()) + " ms"),
                Held::kDelivered);
}

void Session::Impl::keep_alive() {
  if (options_.ping_period.count() == 0) return;
  if (!next_ping_) next_ping_ = now_ + options_.ping_period;
  if (*next_ping_ > now_) return;
  next_ping_ = now_ + options_.ping_period;
  // Servers without flow control close right behind their last data. What reaches them then is
  // answered by a TCP reset, which destroys all of it that has not been read.
  const bool data_comes = last_data_ && now_ < *last_data_ + options_.ping_period;
  const bool unread_would_go = flow_.found() == PeerFlowControl::kNone && role_ == Role::kClient;
  if (unread_would_go && (data_comes || !wants_input())) return;
  send_ping(Pings::Purpose::kPeriodic);
}

std::optional<Time> Session::Impl::deadline() const {
  if (!due_.empty()) return Time::min();
  if (state_ != State::kOpen) return std::nullopt;
  if (reading_again_ || (!opened_ && !output_held_) || (shutting_down_ && untold_streams_ == 0)) {
    return Time::min();
  }
  std::optional<Time> earliest;
  const auto consider = [&earliest](Time time) {
    if (!earliest || time < *earliest) earliest = time;
  };
  if (!reply_deadlines_.empty()) consider(reply_deadlines_.front().first);
  // Without a first moment yet, the next advance sets it.
  if (options_.idle_timeout.count() > 0 && !has_unread()) {
    consider(last_frame_ ? *last_frame_ + options_.idle_timeout : Time::min());
  }
  if (options_.ping_period.count() > 0) consider(next_ping_.value_or(Time::min()));
  const std::optional<Time> ping = pings_.periodic_since();
  if (options_.ping_timeout.count() > 0 && ping && wants_input()) {
    consider(last_received_ ? std::max(*ping, *last_received_) + options_.ping_timeout
                            : Time::min());
  }
  if (options_.flow_control_timeout.count() > 0 && blocked_since_ && wants_input()) {
    consider(*blocked_since_ + options_.flow_control_timeout);
  }
  return earliest;
}

void Session::Impl::set_idle_timeout(std::chrono::milliseconds timeout, Time now) {
  options_.idle_timeout = timeout;
  last_frame_ = now;
}

// ---- what the user sends for the connection

Result<std::uint32_t> Session::Impl::ping(Time now) {
  open(now);
  if (state_ != State::kOpen) {
    return Error(Errc::kConnectionClosed, "no PING: the connection is closed");
  }
  const std::uint32_t id = pings_.send(Pings::Purpose::kAsked, now);
  control_.send(wire::PingFrame{id});
  return id;
}

Error Session::Impl::send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear) {
  if (state_ != State::kOpen) {
    return Error(Errc::kConnectionClosed, "no SETTINGS: the connection is closed");
  }
  if (flow_.found() == PeerFlowControl::kNone && !flow_.has_windows()) {
    return Error(Errc::kBadSettings, "no SETTINGS to a peer for which FlowControl::kNone is set");
  }
  if (clear && role_ == Role::kClient) {
    return Error(Errc::kBadSettings, "only a server may clear what its client keeps");
  }
  const std::uint8_t not_ours =
      role_ == Role::kClient ? wire::kFlagPersistValue : wire::kFlagPersisted;
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const wire::SettingsFrame::Entry& entry = entries[i];
    const std::string id = "setting " + std::to_string(static_cast<std::uint32_t>(entry.id));
    if (i > 0 && entries[i - 1].id == entry.id) {
      return Error(Errc::kBadSettings, id + " stands there twice");
    }
    if ((entry.flags & not_ours) != 0) {
      return Error(Errc::kBadSettings, id + ": only a server asks for values to be kept, and only "
                                            "a client returns them (section 2.6.4)");
    }
    if (entry.id == wire::SettingId::kInitialWindowSize &&
        (entry.value == 0 || entry.value > wire::kMaxWindow)) {
      return Error(Errc::kBadSettings, "an initial window of " + std::to_string(entry.value) +
                                           " bytes; it must be 1 to 2^31-1");
    }
    if (entry.id == wire::SettingId::kInitialWindowSize && !windows_take(entry.value)) {
      return Error(Errc::kBadSettings,
                   "an initial window of " + std::to_string(entry.value) +
                       " bytes would make the window of an open stream, which has grown, pass "
                       "2^31-1");
    }
  }
  std::int64_t window_change = 0;
  for (const wire::SettingsFrame::Entry& entry : entries) {
    if (entry.id == wire::SettingId::kMaxConcurrentStreams) {
      options_.limits.concurrent_streams = entry.value;
    } else if (entry.id == wire::SettingId::kInitialWindowSize) {
      window_change = std::int64_t{entry.value} -
                      std::int64_t{std::exchange(options_.initial_stream_window, entry.value)};
    }
  }
  control_.send(wire::SettingsFrame{clear, std::move(entries)});
  move_receive_windows(window_change);
  if (opened_) send_ping(Pings::Purpose::kSettings);  // else the opening is still to come
  return {};
}

// Whether every open stream's window stays legal with another initial size.
bool Session::Impl::windows_take(std::uint32_t initial_window) const {
  const std::int64_t difference =
      std::int64_t{initial_window} - std::int64_t{options_.initial_stream_window};
  return std::all_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
    return entry.second->receiving.window.size() + difference <= std::int64_t{wire::kMaxWindow};
  });
}

// ---- how it ends

// Whether frames may still leave that the peer should see.
bool Session::Impl::has_more_to_say() const {
  return state_ == State::kOpen ||
         (state_ == State::kClosing && (!goaway_sent_ || !scheduler_.empty()));
}

void Session::Impl::shutdown(Time now) {
  now_ = now;
  begin_shutdown(flow_.found() == PeerFlowControl::kWindows);
}

// With `announce` the GOAWAY goes now, and behind it no SYN_STREAM of ours.
void Session::Impl::begin_shutdown(bool announce) {
  if (state_ != State::kOpen || std::exchange(shutting_down_, true)) return;
  const Error how(Errc::kConnectionClosed, "the connection is shutting down");
  for (auto& [id, entry] : streams_) {
    Stream& stream = *entry;
    if (stream.is_over()) continue;
    if (announce && stream.is_idle()) {
      end_now(stream, how);
    } else if (announce && stream.creator == Creator::kPeer && id > last_accepted_id_) {
      // The GOAWAY will say that it was not processed.
      reset_on_wire(stream, wire::RstStatus::kRefusedStream);
      end_now(stream, how);
    }
  }
  if (announce) send_goaway();
}

void Session::Impl::close(wire::GoAwayStatus status) {
  begin_closing(status, Error(), Held::kDropped);
}

void Session::Impl::begin_closing(wire::GoAwayStatus status, const Error& reason, Held held) {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  output_held_ = false;
  goaway_status_ = status;
  error_ = reason;
  // SETTINGS of the user's that come before the opening would now stand behind answers to PINGs.
  if (!opened_ && !goaway_sent_) control_.clear();
  const Error how =
      reason ? reason : Error(Errc::kConnectionClosed, "the connection was closed on this side");
  for (auto& [id, entry] : streams_) {
    Stream& stream = *entry;
    Sending& sending = stream.sending;
    // What was accepted leaves first; behind it the FIN asked for, or the reset.
    const bool leaves = sending.leaves();
    if (held == Held::kDropped) {
      const std::size_t dropped = take_reader_away(stream, how);
      // The peer may be closing too, with data that waits for this window.
      if (leaves || sending.keep_on_close) consumed_by_stream(stream, dropped);
    }
    if (stream.is_over()) {
      make_due(stream);  // its end may have waited for its reader
    } else if (leaves) {
      if (sending.last == Sending::Last::kNothing) {
        sending.last = sending.keep_on_close ? Sending::Last::kFin : Sending::Last::kReset;
      }
      set_ends(stream, how);
    } else {
      if (!sending.keep_on_close) reset_on_wire(stream, wire::RstStatus::kCancel);
      end_after_held(stream, how);
    }
  }
}

// No more output: what is in the batch is given up with it.
void Session::Impl::stop_output() {
  state_ = State::kEnded;
  control_.clear();
  batch_.clear();
  replies_queued_.clear();
  replies_in_batch_.clear();
  fins_queued_.clear();
  fins_in_batch_.clear();
}

void Session::Impl::abort(const Error& reason) {
  stop_output();
  for (auto& [id, entry] : streams_) end_now(*entry, reason);
}

void Session::Impl::receive_end(const Error& reason) {
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

// ---- what it tells of itself

void Session::Impl::on_trace(TraceHandler handler) { trace_ = std::move(handler); }

Stats Session::Impl::stats() const {
  Stats stats = stats_;
  stats.streams = untold_streams_;
  for (const auto& [id, stream] : streams_) {
    if (!stream->closed_told) ++stats.streams_by_state[static_cast<std::size_t>(stream->state())];
  }
  stats.queued_bytes += batch_.payload_size();
  stats.flow_control = flow_.found();
  stats.queued_control_bytes = control_.size();
  stats.send_window = send_window_.available();
  stats.receive_window = receive_window_.available();
  return stats;
}

}  // namespace uvspdy::session
