#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// The PINGs that this side has sent (section 2.6.5).
class Pings {
 public:
  enum class Purpose {
    kAsked,      ///< by the user; on_pong reports the answer
    kPeriodic,   ///< Options::ping_period
    kOpening,    ///< after the first SETTINGS: the answer shows that the peer has read them
    kSettings,   ///< after later SETTINGS, for the same reason
    kMeasuring,  ///< for the windows, which follow the round trip
  };

  explicit Pings(Role role) : first_id_(role == Role::kClient ? 1 : 2), next_id_(first_id_) {}

  /// Returns the id of a PING that is sent now. Only one periodic PING is remembered at a time, so
  /// that a peer that never answers costs no memory.
  std::uint32_t send(Purpose purpose, Time now);

  struct Answer {
    Purpose purpose;
    std::chrono::nanoseconds round_trip;
  };

  /// Nothing for an id that was not sent or has been answered: the answer is ignored.
  std::optional<Answer> answered(std::uint32_t id, Time now);

  /// Whether a PING of kMeasuring has no answer yet.
  bool is_measuring() const { return measuring_; }

  /// How many of our SETTINGS the peer may not have read yet.
  std::size_t unseen_settings() const { return unseen_settings_; }

 private:
  struct Sent {
    Purpose purpose;
    Time when;
  };
  std::uint32_t first_id_;
  std::uint32_t next_id_;
  std::unordered_map<std::uint32_t, Sent> sent_;
  bool periodic_unanswered_ = false;
  bool measuring_ = false;
  std::size_t unseen_settings_ = 0;
};

}  // namespace uvspdy::session
