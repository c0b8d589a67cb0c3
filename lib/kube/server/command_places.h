#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {

/// Limits the commands that run at one time, in all and of each user.
class CommandPlaces {
 public:
  /// A command counts as long as its Place is there, also without the CommandPlaces.
  class Place;

  CommandPlaces(std::size_t most, std::size_t most_per_user)
      : counts_(std::make_shared<Counts>(Counts{most, most_per_user, 0, {}})) {}

  /// Takes a place for a command of `user`; for an empty name only the limit in all counts. Errors:
  /// kTooManyRequests.
  Result<std::shared_ptr<Place>> take(const std::string& user);

 private:
  struct Counts {
    std::size_t most;
    std::size_t most_per_user;
    std::size_t all;
    std::map<std::string, std::size_t, std::less<>> of_user;
  };

  std::shared_ptr<Counts> counts_;
};

class CommandPlaces::Place {
 public:
  Place(std::shared_ptr<Counts> counts, std::string user)
      : counts_(std::move(counts)), user_(std::move(user)) {
    ++counts_->all;
    if (!user_.empty()) ++counts_->of_user[user_];
  }
  ~Place() {
    --counts_->all;
    const auto found = counts_->of_user.find(user_);
    if (found != counts_->of_user.end() && --found->second == 0) counts_->of_user.erase(found);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::shared_ptr<Counts> counts_;
  std::string user_;
};

inline Result<std::shared_ptr<CommandPlaces::Place>> CommandPlaces::take(const std::string& user) {
  if (counts_->all >= counts_->most) {
    return Error(Errc::kTooManyRequests,
                 "as many commands run here as are allowed, max_commands = " +
                     std::to_string(counts_->most) + ": try again when one has ended");
  }
  const auto found = counts_->of_user.find(user);
  const std::size_t of_user = found == counts_->of_user.end() ? 0 : found->second;
  if (!user.empty() && of_user >= counts_->most_per_user) {
    return Error(Errc::kTooManyRequests,
                 "the user runs as many commands here as each may, max_commands_per_user = " +
                     std::to_string(counts_->most_per_user) + ": try again when one has ended");
  }
  return std::make_shared<Place>(counts_, user);
}

}  // namespace uvspdy::kube
