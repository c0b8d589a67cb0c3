#include "session/liveness.h"

namespace uvspdy::session {

void Liveness::time_came(Time now, const Reading& reading) {
  idle_.start(now);
  while (!new_breaks_.empty()) begin_break(new_breaks_.take_front(), now);
  if (reading.unread || reading.again) idle_.restart(now);
  if (!reading.reads || reading.again || output_waited_) restart_answers(now);
  if (!reading.reads || reading.again) silence_.restart_if_it_runs(now);
}

bool Liveness::ping_is_due(Time now) {
  ping_period_.start(now);
  if (!ping_period_.is_over(now)) return false;
  ping_period_.restart(now);
  return true;
}

std::optional<Time> Liveness::deadline(const Reading& reading, bool pings) const {
  std::optional<Time> earliest;
  const auto consider = [&earliest](std::optional<Time> time) {
    if (time && (!earliest || *time < *earliest)) earliest = time;
  };
  // Such a timeout starts with the next advance, which is due at once.
  const auto consider_started = [&consider](const Timeout& timeout) {
    const bool counts = time_after(Time(), timeout.duration()).has_value();
    consider(timeout.runs() || !counts ? timeout.due() : Time::min());
  };
  if (!creates_.empty()) consider(creates_.front().first);
  if (!new_breaks_.empty()) consider(Time::min());
  if (!breaks_.empty()) consider(breaks_.front().end);
  if (!reading.unread) consider_started(idle_);
  if (pings) consider_started(ping_period_);
  if (reading.reads && !output_waited_) {
    consider(ping_answer_.due());
    consider(flow_control_.due());
    consider(silence_.due());
  }
  return earliest;
}

}  // namespace uvspdy::session
