#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "core/ring.h"
#include "session/timeout.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The timeouts of a session: when each is due, and what postpones it. The session decides what
/// happens then.
class Liveness {
 public:
  /// How readers that pause affect the connection.
  struct Reading {
    bool reads = true;    ///< the connection is read, so the peer can show that it is alive
    bool unread = false;  ///< data waits for a reader that has paused
    bool again = false;   ///< one of these has just improved: timeouts start anew
  };

  explicit Liveness(const Options& options)
      : idle_(options.idle_timeout),
        ping_period_(options.ping_period),
        ping_answer_(options.ping_timeout),
        flow_control_(options.flow_control_timeout),
        create_timeout_(options.create_timeout),
        break_off_timeout_(options.break_off_timeout) {}

  // Events.

  void bytes_came(Time now) {
    ping_answer_.restart_if_it_runs(now);
    silence_.restart_if_it_runs(now);
  }
  /// The peer has used up a window and not yet shown that it has flow control.
  void window_ended(Time now) { silence_.start(now); }
  void silence_answered() { silence_.stop(); }
  void data_came(Time now) { last_data_ = now; }
  /// A frame, in either direction, that shows that the connection is in use.
  void frame_passed(Time now) { idle_.restart(now); }
  void stream_created(wire::StreamId id, Time now) {
    if (const auto end = time_after(now, create_timeout_)) creates_.emplace_back(*end, id);
  }
  /// A stream was broken off while `queued` bytes of it are still to be sent. Its time starts with
  /// the next advance.
  void stream_broken_off(wire::StreamId id, std::size_t queued) {
    if (time_after(Time(), break_off_timeout_)) new_breaks_.push_back({{}, id, queued});
  }
  void ping_sent(Time now) { ping_answer_.start(now); }
  void ping_answered() { ping_answer_.stop(); }
  /// Whether a writer waits for a window of a peer that perhaps has no flow control.
  void note_blocked(bool blocked, Time now) {
    blocked ? flow_control_.start(now) : flow_control_.stop();
  }
  void set_idle_timeout(std::chrono::milliseconds duration, Time now) {
    idle_.set_duration(duration);
    idle_.restart(now);
  }
  /// The transport has not taken all output. A PING may be in the rest or queued after it, so its
  /// answer cannot come yet.
  void note_output_waits() { output_waited_ = true; }
  /// The transport has taken all output.
  void output_left(Time now) {
    if (std::exchange(output_waited_, false)) restart_answers(now);
  }
  void time_came(Time now, const Reading& reading);

  // Timeouts that are due. Ask only after time_came.

  const Timeout& idle() const { return idle_; }
  const Timeout& ping_answer() const { return ping_answer_; }
  const Timeout& flow_control() const { return flow_control_; }
  const Timeout& silence() const { return silence_; }
  std::chrono::milliseconds create_timeout() const { return create_timeout_; }
  std::chrono::milliseconds break_off_timeout() const { return break_off_timeout_; }

  /// Whether to send a PING now. If so, this call starts the next period.
  bool ping_is_due(Time now);

  /// Whether DATA has arrived within the last ping_period.
  bool data_comes(Time now) const {
    const auto end = last_data_ ? time_after(*last_data_, ping_period_.duration()) : std::nullopt;
    return end && now < *end;
  }

  /// Removes and returns a stream that has waited too long for its SYN_REPLY. `waits(id)` says
  /// whether the stream still waits.
  template <class Waits>
  std::optional<wire::StreamId> take_late_create(Time now, Waits waits) {
    while (!creates_.empty()) {
      const auto [end, id] = creates_.front();
      const bool still_waits = waits(id);
      if (still_waits && end > now) break;
      creates_.pop_front();
      if (still_waits) return id;
    }
    return std::nullopt;
  }

  /// Removes and returns a stream that was broken off and has sent too little since. `queued(id)`
  /// is the number of bytes still to be sent, or nothing if the stream has closed.
  template <class Queued>
  std::optional<wire::StreamId> take_late_break(Time now, Queued queued) {
    while (!breaks_.empty()) {
      const Break& first = breaks_.front();
      const std::optional<std::size_t> left = queued(first.id);
      if (left && first.end > now) break;
      const Break late = breaks_.take_front();
      if (!left) continue;
      if (late.queued - *left < kLeastProgress) return late.id;
      begin_break({{}, late.id, *left}, now);
    }
    return std::nullopt;
  }

  /// When the first timeout is due. `pings`: whether PINGs may be sent.
  std::optional<Time> deadline(const Reading& reading, bool pings) const;

 private:
  // A stream that was broken off gets more time each time it has sent this much. So a slow peer is
  // not cut off, and yet the wait is bounded.
  static constexpr std::size_t kLeastProgress = 16 * 1024;

  struct Break {
    Time end{};
    wire::StreamId id = 0;
    std::size_t queued = 0;
  };

  void begin_break(Break begun, Time now) {
    const auto end = time_after(now, break_off_timeout_);
    if (!end) return;
    begun.end = *end;
    breaks_.push_back(begun);
  }
  void restart_answers(Time now) {
    ping_answer_.restart_if_it_runs(now);
    flow_control_.restart_if_it_runs(now);
  }

  Timeout idle_;
  Timeout ping_period_;
  Timeout ping_answer_;
  Timeout flow_control_;
  Timeout silence_{std::chrono::seconds(1)};  // since a peer used up a window
  std::chrono::milliseconds create_timeout_;
  std::chrono::milliseconds break_off_timeout_;
  std::deque<std::pair<Time, wire::StreamId>> creates_;  // by the end of their time
  Ring<Break> new_breaks_;                               // their time has not started
  Ring<Break> breaks_;                                   // by the end of their time
  bool output_waited_ = false;
  std::optional<Time> last_data_;
};

}  // namespace uvspdy::session
