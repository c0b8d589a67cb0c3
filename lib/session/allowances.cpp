#include "session/allowances.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "uvspdy/session/error.h"

namespace uvspdy::session {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kLateness{10};

// What happens to a peer that stays past a rate.
enum class Past { kSlowed, kClosed };

struct Row {
  std::string_view name;
  Rate Limits::*rate;
  Past past;
};

// In the order of Allowance.
constexpr std::array<Row, kAllowances> kRows{{
    {"inflated_rate", &Limits::inflated_rate, Past::kClosed},
    {"header_block_rate", &Limits::header_block_rate, Past::kSlowed},
    {"stream_rate", &Limits::stream_rate, Past::kSlowed},
    {"reset_rate", &Limits::reset_rate, Past::kClosed},
    {"control_frame_rate", &Limits::control_frame_rate, Past::kClosed},
    {"small_data_rate", &Limits::small_data_rate, Past::kSlowed},
    {"ping_rate", &Limits::ping_rate, Past::kClosed},
    {"settings_rate", &Limits::settings_rate, Past::kClosed},
    {"stray_frame_rate", &Limits::stray_frame_rate, Past::kClosed},
}};

const Row& row_of(Allowance allowance) { return kRows[static_cast<std::size_t>(allowance)]; }

TokenRate rate_of(const Rate& rate) { return TokenRate::per_second(rate.per_second, rate.burst); }

// Slowed time as the tokens of a bucket, in milliseconds: it is full again after a minute.
TokenRate rate_of(std::chrono::milliseconds slowed_time) {
  const auto burst =
      static_cast<std::size_t>(std::max<std::chrono::milliseconds::rep>(slowed_time.count(), 0));
  return TokenRate::per_minute(burst, burst);
}

}  // namespace

std::string_view name_of(Allowance allowance) { return row_of(allowance).name; }

void Allowances::charge(Allowance allowance, std::size_t count, Time now) {
  if (count == 0 || breached_) return;
  const auto index = static_cast<std::size_t>(allowance);
  const Row& row = row_of(allowance);
  const nanoseconds missing =
      buckets_[index].charge(static_cast<double>(count), rate_of(limits_.*row.rate), now);
  if (missing == nanoseconds(0)) return;
  ++exceeded_[index];
  if (!slowed_until_) slowed_since_ = now;
  if (!slowed_until_ || now + missing > *slowed_until_) {
    slowed_until_ = now + missing;
    slowed_for_ = allowance;
  }
  if (row.past == Past::kClosed && missing > limits_.slowed_time) breached_ = allowance;
}

// The time that counts is the time that has passed, which is more than was meant: timers are late
// by about a millisecond. A process that was stopped for seconds is no fault of the peer's.
bool Allowances::time_came(Time now) {
  if (!slowed_until_ || now < *slowed_until_) return false;
  const Time end = std::min(now, *std::exchange(slowed_until_, std::nullopt) + kLateness);
  if (row_of(slowed_for_).past == Past::kSlowed) return true;
  const std::chrono::duration<double, std::milli> slowed = end - slowed_since_;
  if (slowed_time_.charge(slowed.count(), rate_of(limits_.slowed_time), now) > nanoseconds(0)) {
    breached_ = slowed_for_;
  }
  return true;
}

Error Allowances::breach() const {
  if (!breached_) return {};
  const Row& row = row_of(*breached_);
  const Rate& rate = limits_.*row.rate;
  return Error(Errc::kLimitExceeded,
               "the peer exceeds " + std::string(row.name) + " = " +
                   std::to_string(rate.per_second) + " in a second and " +
                   std::to_string(rate.burst) + " at once, and slowing it for slowed_time = " +
                   std::to_string(limits_.slowed_time.count()) + " ms did not help");
}

void Allowances::fill(Stats& stats) const { stats.rates_exceeded = exceeded_; }

}  // namespace uvspdy::session
