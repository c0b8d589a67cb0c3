#include "kube/server/streaming_tokens.h"

#include <openssl/rand.h>

#include <array>
#include <iterator>
#include <utility>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

Result<std::string> random_token() {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static_assert(kAlphabet.size() == 64);
  std::array<unsigned char, StreamingTokens::kTokenSize> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return Error(Errc::kNoRandomness, "OpenSSL has no random bytes for a token");
  }
  std::string token;
  for (const unsigned char byte : random) token += kAlphabet[byte % kAlphabet.size()];
  return token;
}

}  // namespace

Result<std::string> StreamingTokens::insert(StreamingRequest request, Time now) {
  while (!by_age_.empty() && by_age_.front().expires <= now) {
    by_token_.erase(by_age_.front().token);
    by_age_.pop_front();
  }
  if (by_age_.size() >= max_tokens_) {
    return Error(Errc::kTooManyRequests,
                 "maximum number of in-flight requests exceeded: max_tokens = " +
                     std::to_string(max_tokens_));
  }
  Result<std::string> token = random_token();
  while (token && by_token_.contains(*token)) token = random_token();
  if (!token) return token.error();
  by_age_.push_back({*token, std::move(request), now + lifetime_});
  by_token_.emplace(by_age_.back().token, std::prev(by_age_.end()));
  return token;
}

bool StreamingTokens::contains(std::string_view token, Time now) const {
  const auto found = by_token_.find(token);
  return found != by_token_.end() && now < found->second->expires;
}

std::optional<StreamingRequest> StreamingTokens::take(std::string_view token, Time now) {
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) return std::nullopt;
  const auto entry = found->second;
  by_token_.erase(found);
  std::optional<StreamingRequest> request;
  if (now < entry->expires) request = std::move(entry->request);
  by_age_.erase(entry);
  return request;
}

}  // namespace uvspdy::kube
