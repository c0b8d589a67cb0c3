#pragma once

#include <chrono>
#include <optional>

#include "core/moment_after.h"
#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// The end of a duration that begins at `from`; nothing if it has none: 0 means no limit, and so
/// does an end that the clock cannot represent, as with milliseconds::max().
inline std::optional<Time> time_after(Time from, std::chrono::milliseconds duration) {
  if (duration <= std::chrono::milliseconds(0)) return std::nullopt;
  const Time end = moment_after(from, duration);
  return end == Time::max() ? std::nullopt : std::optional<Time>(end);
}

/// A duration that can be started, restarted and stopped.
class Timeout {
 public:
  explicit Timeout(std::chrono::milliseconds duration) : duration_(duration) {}

  std::chrono::milliseconds duration() const { return duration_; }
  void set_duration(std::chrono::milliseconds duration) { duration_ = duration; }

  bool runs() const { return since_.has_value(); }
  void start(Time now) {
    if (!since_) since_ = now;
  }
  void restart(Time now) { since_ = now; }
  void restart_if_it_runs(Time now) {
    if (since_) since_ = now;
  }
  void stop() { since_.reset(); }

  /// When the duration ends; nothing if it does not run or has no end.
  std::optional<Time> due() const { return since_ ? time_after(*since_, duration_) : std::nullopt; }
  bool is_over(Time now) const {
    const std::optional<Time> end = due();
    return end && *end <= now;
  }

 private:
  std::chrono::milliseconds duration_;
  std::optional<Time> since_;
};

}  // namespace uvspdy::session
