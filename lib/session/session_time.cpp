// Time: the timeouts and periods of the session.

#include <algorithm>
#include <string>

#include "session/names.h"
#include "session/session_impl.h"

namespace uvspdy::session {

void Session::Impl::advance(Time now) {
  open(now);
  if (!batch_.empty()) liveness_.note_output_waits();
  end_slowing();
  liveness_.time_came(now, reading());
  held_.timeouts_restarted();
  end_late_creates();
  if (is_open()) end_late_breaks();
  if (is_open()) close_when_idle();
  if (is_open()) close_when_peer_is_dead();
  if (is_open()) fail_blocked_writers();
  if (is_open()) give_to_silent_peer();
  if (may_send_pings() && liveness_.ping_is_due(now)) send_periodic_ping();
  report_lost_room();
  grant_room();
  due_.report_all([this](wire::StreamId id) { return streams_.find(id); },
                  [this](Stream& stream) { report(stream); });
  if (Error error = allowances_.breach()) fail(error);
  if (Error error = too_many_answers()) fail(error);
  if (is_open() && ending_.is_shutting_down() && stream_count() == 0) {
    close(wire::GoAwayStatus::kOk);
  }
}

std::optional<Time> Session::Impl::deadline() const {
  if (!due_.empty() || write_room_.has_lost() || write_room_.may_grant(is_stuck())) {
    return Time::min();
  }
  if (!ending_.takes_input()) return std::nullopt;
  std::optional<Time> deadline = allowances_.slowed_until();
  if (!is_open()) return deadline;
  const Liveness::Reading now = reading();
  const bool is_last = ending_.is_shutting_down() && stream_count() == 0;
  if (now.again || opening_.is_due() || is_last) return Time::min();
  if (const auto due = liveness_.deadline(now, may_send_pings())) {
    deadline = std::min(deadline.value_or(*due), *due);
  }
  return deadline;
}

// A peer that is slowed is not silent: its frames wait to be read.
Liveness::Reading Session::Impl::reading() const {
  Liveness::Reading reading = held_.reading();
  if (is_slowing()) {
    reading.reads = false;
    reading.unread = true;
  }
  return reading;
}

// The timeouts that the slowing has held up start anew.
void Session::Impl::end_slowing() {
  if (allowances_.time_came(now_)) held_.restart_timeouts();
}

bool Session::Impl::slows_peer(Time now) const {
  return is_slowing() && now < *allowances_.slowed_until();
}

void Session::Impl::set_idle_timeout(std::chrono::milliseconds timeout, Time now) {
  liveness_.set_idle_timeout(timeout, now);
}

// ---- each timeout

void Session::Impl::end_late_creates() {
  const auto waits = [this](wire::StreamId id) {
    const Stream* stream = streams_.find(id);
    return stream != nullptr && stream->awaits_acceptance();
  };
  while (const auto id = liveness_.take_late_create(now_, waits)) {
    Stream& stream = *streams_.find(*id);
    std::string text = "no SYN_REPLY for " + stream_text(*id) + " within " +
                       std::to_string(liveness_.create_timeout().count()) + " ms";
    if (stream.is_idle() && streams_.own_is_full()) {
      text += ": its SYN_STREAM was not sent, the peer allows " +
              std::to_string(streams_.most_own()) + " streams at once";
    }
    reset_on_wire(stream, wire::RstStatus::kCancel);
    end_now(stream, Error(Errc::kCreateTimeout, text));
  }
}

// The peer has not taken the written data in time, so the reset is sent without the rest.
void Session::Impl::end_late_breaks() {
  const auto queued = [this](wire::StreamId id) -> std::optional<std::size_t> {
    const Stream* stream = streams_.find(id);
    const bool waits = stream != nullptr && stream->sending.last == Sending::Last::kReset;
    return waits ? std::optional(stream->sending.queued) : std::nullopt;
  };
  while (const auto id = liveness_.take_late_break(now_, queued)) {
    Stream& stream = *streams_.find(*id);
    const std::string text = "; " + std::to_string(stream.sending.queued) +
                             " bytes before that were dropped, the peer took too little for " +
                             std::to_string(liveness_.break_off_timeout().count()) + " ms";
    reset_on_wire(stream, wire::RstStatus::kCancel);
    end_after_held(stream, Error(Errc::kResetHere,
                                 reset_here(*id, wire::RstStatus::kCancel).message() + text));
  }
}

void Session::Impl::close_when_idle() {
  const Timeout& idle = liveness_.idle();
  if (!idle.is_over(now_)) return;
  begin_closing(
      wire::GoAwayStatus::kOk,
      Error(Errc::kIdleTimeout, "no frame for " + std::to_string(idle.duration().count()) + " ms"),
      Held::kDelivered);
}

void Session::Impl::close_when_peer_is_dead() {
  const Timeout& answer = liveness_.ping_answer();
  if (!answer.is_over(now_)) return;
  begin_closing(wire::GoAwayStatus::kOk,
                Error(Errc::kPeerDead, "no answer to a PING, nor any other frame, for " +
                                           std::to_string(answer.duration().count()) + " ms"),
                Held::kDelivered);
}

void Session::Impl::send_periodic_ping() {
  // A server without flow control closes right after its last data. A PING that reaches it then is
  // answered by a TCP reset, which destroys the data that was not read yet.
  const bool unread_would_go = windows_.found() == PeerFlowControl::kNone && role_ == Role::kClient;
  if (unread_would_go && (liveness_.data_comes(now_) || !wants_input())) return;
  // A PING that is still queued makes a second one superfluous.
  if (control_.has_quiet()) return;
  control_.send_quietly(wire::PingFrame{pings_.send(Pings::Purpose::kPeriodic, now_)});
  liveness_.ping_sent(now_);
}

}  // namespace uvspdy::session
