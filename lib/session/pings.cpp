#include "session/pings.h"

#include <utility>

namespace uvspdy::session {

std::uint32_t Pings::send(Purpose purpose, Time now) {
  const std::uint32_t id = std::exchange(next_id_, next_id_ + 2);
  // Ids may be used again once all have been (section 2.6.5).
  if (next_id_ < id) next_id_ = first_id_;
  if (purpose == Purpose::kPeriodic) {
    if (periodic_since_) return id;
    periodic_since_ = now;
  }
  if (purpose == Purpose::kOpening) ++openings_;
  sent_[id] = {purpose, now};
  return id;
}

std::optional<Pings::Answer> Pings::answered(std::uint32_t id, Time now) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return std::nullopt;
  const Answer answer{found->second.purpose, now - found->second.when};
  sent_.erase(found);
  if (answer.purpose == Purpose::kPeriodic) periodic_since_.reset();
  if (answer.purpose == Purpose::kOpening) --openings_;
  return answer;
}

}  // namespace uvspdy::session
