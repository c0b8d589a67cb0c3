#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/streaming_target.h"

namespace uvspdy::kube {

/// Authorized requests, each under a random token that works once and for a limited time. Their
/// number is limited: expired ones are removed to make room, others never are.
class StreamingTokens {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Characters of a token: 48 random bits in the alphabet of base64url.
  static constexpr std::size_t kTokenSize = 8;

  StreamingTokens(std::chrono::milliseconds lifetime, std::size_t max_tokens)
      : lifetime_(std::clamp(lifetime, std::chrono::milliseconds(0), kLongest)),
        max_tokens_(max_tokens) {}

  /// Errors: kTooManyRequests; kNoRandomness when OpenSSL has none to give.
  Result<std::string> insert(StreamingRequest request, Time now);

  /// Whether `take` would give a request.
  bool contains(std::string_view token, Time now) const;

  /// Removes and returns the request; nothing for a token that is unknown, used or expired.
  std::optional<StreamingRequest> take(std::string_view token, Time now);

  void clear() {
    by_token_.clear();
    by_age_.clear();
  }

  /// The number of tokens that are kept; expired ones count until the next `insert`.
  std::size_t size() const { return by_age_.size(); }

 private:
  struct Entry {
    std::string token;
    StreamingRequest request;
    Time expires;
  };

  // Short enough to be added to the clock's times without overflow.
  static constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365 * 100);

  std::chrono::milliseconds lifetime_;
  std::size_t max_tokens_;
  std::list<Entry> by_age_;                                                    // the oldest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_token_;  // of by_age_
};

}  // namespace uvspdy::kube
