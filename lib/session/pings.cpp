#include "session/pings.h"

#include <utility>

namespace uvspdy::session {
namespace {

bool is_behind_settings(Pings::Purpose purpose) {
  return purpose == Pings::Purpose::kOpening || purpose == Pings::Purpose::kSettings;
}

}  // namespace

std::uint32_t Pings::send(Purpose purpose, Time now) {
  const std::uint32_t id = std::exchange(next_id_, next_id_ + 2);
  // Ids are reused after all of them have been (section 2.6.5).
  if (next_id_ < id) next_id_ = first_id_;
  if (purpose == Purpose::kPeriodic && std::exchange(periodic_unanswered_, true)) return id;
  if (is_behind_settings(purpose)) ++unseen_settings_;
  if (purpose == Purpose::kMeasuring) measuring_ = true;
  sent_[id] = {purpose, now};
  return id;
}

std::optional<Pings::Answer> Pings::answered(std::uint32_t id, Time now) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return std::nullopt;
  const Answer answer{found->second.purpose, now - found->second.when};
  sent_.erase(found);
  if (answer.purpose == Purpose::kPeriodic) periodic_unanswered_ = false;
  if (answer.purpose == Purpose::kMeasuring) measuring_ = false;
  if (is_behind_settings(answer.purpose)) --unseen_settings_;
  return answer;
}

}  // namespace uvspdy::session
