#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/token_bucket.h"

namespace uvspdy {

/// A token bucket for each client. A bucket that is full again is forgotten, and past kMaxClients
/// all further clients share one bucket: so memory is bounded, however many addresses a peer has.
class ClientBuckets {
 public:
  using Time = TokenBucket::Time;

  static constexpr std::size_t kMaxClients = 4096;

  explicit ClientBuckets(TokenRate rate) : rate_(rate) {}

  /// Takes a token of the client; false if there is none.
  bool take(std::string_view client, Time now) {
    sweep(now);
    return bucket_of(client).take(rate_, now);
  }

  bool has_token(std::string_view client, Time now) const {
    const auto found = buckets_.find(client);
    if (found != buckets_.end()) return found->second.has_token(rate_, now);
    return (buckets_.size() < kMaxClients ? TokenBucket() : others_).has_token(rate_, now);
  }

  /// The number of buckets; full ones count for up to a second.
  std::size_t size() const { return buckets_.size(); }

 private:
  TokenBucket& bucket_of(std::string_view client) {
    const auto found = buckets_.find(client);
    if (found != buckets_.end()) return found->second;
    if (buckets_.size() >= kMaxClients) return others_;
    return buckets_[std::string(client)];
  }

  void sweep(Time now) {
    if (now - swept_ < std::chrono::seconds(1)) return;
    swept_ = now;
    std::erase_if(buckets_, [&](const auto& entry) { return entry.second.is_full(rate_, now); });
  }

  TokenRate rate_;
  std::map<std::string, TokenBucket, std::less<>> buckets_;
  TokenBucket others_;
  Time swept_{};
};

}  // namespace uvspdy
