#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "core/token_bucket.h"
#include "uvspdy/error.h"
#include "uvspdy/limits.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"

namespace uvspdy::session {

/// The rates of Limits, as far as one peer has used them up. A peer past a rate is slowed: its
/// input waits until `slowed_until`. A peer that is slowed for too long, for a rate that no peer in
/// order exceeds for long, is in breach.
class Allowances {
 public:
  explicit Allowances(const Limits& limits) : limits_(limits) {}

  /// The peer has caused `count` events.
  void charge(Allowance allowance, std::size_t count, Time now);

  bool is_slowing() const { return slowed_until_.has_value(); }
  std::optional<Time> slowed_until() const { return slowed_until_; }

  /// Ends the slowing if its time is over. Returns whether that was so.
  bool time_came(Time now);

  /// kLimitExceeded once the peer has been slowed for longer than Limits::slowed_time, or would
  /// have to be.
  Error breach() const;

  void fill(Stats& stats) const;

 private:
  const Limits& limits_;
  std::array<TokenBucket, kAllowances> buckets_;
  std::array<std::uint64_t, kAllowances> exceeded_{};  // how often
  TokenBucket slowed_time_;
  std::optional<Time> slowed_until_;
  Time slowed_since_{};
  Allowance slowed_for_{};  // the latest reason
  std::optional<Allowance> breached_;
};

}  // namespace uvspdy::session
