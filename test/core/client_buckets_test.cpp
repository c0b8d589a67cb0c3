#include "core/client_buckets.h"

#include <cstddef>
#include <limits>
#include <string>

#include "core/token_bucket.h"
#include "support/catch.h"

using namespace uvspdy;
using namespace std::chrono_literals;

namespace {

constexpr TokenBucket::Time kStart{1000h};

}  // namespace

TEST_CASE("TokenBucket: a burst at once, then one in each interval") {
  const TokenRate rate = TokenRate::per_second(10, 3);
  TokenBucket bucket;
  CHECK(bucket.is_full(rate, kStart));
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(rate, kStart));
  CHECK_FALSE(bucket.take(rate, kStart));
  CHECK_FALSE(bucket.is_full(rate, kStart));
  CHECK_FALSE(bucket.take(rate, kStart + 99ms));
  CHECK(bucket.take(rate, kStart + 100ms));
  CHECK_FALSE(bucket.take(rate, kStart + 100ms));
  // After a long silence there is one burst, and no more.
  CHECK(bucket.is_full(rate, kStart + 1h));
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(rate, kStart + 1h));
  CHECK_FALSE(bucket.take(rate, kStart + 1h));
}

TEST_CASE("TokenBucket: what is refused does not delay the next token") {
  const TokenRate rate = TokenRate::per_minute(60, 1);
  TokenBucket bucket;
  CHECK(bucket.take(rate, kStart));
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(bucket.take(rate, kStart + 500ms));
  CHECK(bucket.take(rate, kStart + 1s));
}

TEST_CASE("TokenBucket: a charge may exceed the bucket, and says how long that takes to come") {
  const TokenRate rate = TokenRate::per_second(10, 3);
  TokenBucket bucket;
  CHECK(bucket.charge(3, rate, kStart) == 0ns);
  CHECK(bucket.charge(5, rate, kStart) == 500ms);
  CHECK_FALSE(bucket.has_token(rate, kStart + 500ms));
  CHECK(bucket.charge(0, rate, kStart + 500ms) == 0ns);
  CHECK(bucket.take(rate, kStart + 600ms));
  // A rate of 0 has a wait that can be added to a time.
  CHECK(TokenBucket().charge(1, TokenRate::per_second(0, 0), kStart) > 24h);
}

TEST_CASE("TokenBucket: 0 and the largest numbers") {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  CHECK_FALSE(TokenBucket().take(TokenRate::per_second(10, 0), kStart));
  CHECK_FALSE(TokenBucket().take(TokenRate::per_second(kMost, 0), kStart));
  TokenBucket endless;
  const TokenRate unlimited = TokenRate::per_second(kMost, kMost);
  for (int i = 0; i < 1000; ++i) CHECK(endless.take(unlimited, kStart));
  // Nothing comes after the burst.
  TokenBucket bucket;
  const TokenRate burst_alone = TokenRate::per_second(0, 2);
  CHECK(bucket.take(burst_alone, kStart));
  CHECK(bucket.take(burst_alone, kStart));
  CHECK_FALSE(bucket.take(burst_alone, kStart + 24h));
  TokenBucket never;
  const TokenRate large = TokenRate::per_second(0, kMost);
  for (int i = 0; i < 100; ++i) CHECK(never.take(large, kStart));
}

TEST_CASE("ClientBuckets: each client has its own, and full ones are forgotten") {
  ClientBuckets buckets(TokenRate::per_second(1, 1));
  CHECK(buckets.take("a", kStart));
  CHECK_FALSE(buckets.has_token("a", kStart));
  CHECK_FALSE(buckets.take("a", kStart));
  CHECK(buckets.has_token("b", kStart));
  CHECK(buckets.take("b", kStart));
  CHECK(buckets.size() == 2);
  CHECK(buckets.take("c", kStart + 3s));
  CHECK(buckets.size() == 1);
}

TEST_CASE("ClientBuckets: past kMaxClients all others share one bucket") {
  ClientBuckets buckets(TokenRate::per_minute(1, 2));
  for (std::size_t i = 0; i < ClientBuckets::kMaxClients; ++i) {
    REQUIRE(buckets.take(std::to_string(i), kStart));
  }
  CHECK(buckets.take("x", kStart));
  CHECK(buckets.take("y", kStart));
  CHECK_FALSE(buckets.has_token("z", kStart));
  CHECK_FALSE(buckets.take("z", kStart));
  CHECK(buckets.take("0", kStart));
  CHECK(buckets.size() == ClientBuckets::kMaxClients);
}
