#include "kube/server/streaming_tokens.h"

#include <set>

#include "support/catch.h"
#include "uvspdy/kube/protocol/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;
using namespace std::chrono_literals;

namespace {

StreamingRequest request_of(const std::string& pod) {
  PortForwardRequest request;
  request.pod = pod;
  return request;
}

}  // namespace

TEST_CASE("StreamingTokens: a token gives its request, once, until its time is over") {
  StreamingTokens tokens(60s, 10);
  const StreamingTokens::Time start{};
  const auto one = tokens.insert(request_of("one"), start);
  const auto two = tokens.insert(request_of("two"), start + 1s);
  REQUIRE((one && two));
  CHECK(one->size() == StreamingTokens::kTokenSize);
  CHECK(tokens.contains(*one, start + 60s - 1ms));
  CHECK_FALSE(tokens.contains(*one, start + 60s));
  const auto taken = tokens.take(*two, start + 61s - 1ms);
  REQUIRE(taken);
  CHECK(std::get<PortForwardRequest>(*taken).pod == "two");
  CHECK_FALSE(tokens.take(*two, start + 2s));
  CHECK_FALSE(tokens.take(*one, start + 60s));
  CHECK_FALSE(tokens.take(*one, start));  // used up by that
  CHECK_FALSE(tokens.take("", start));
  CHECK(tokens.size() == 0);
}

TEST_CASE("StreamingTokens: any lifetime is one") {
  const auto start = std::chrono::steady_clock::now();
  StreamingTokens endless(std::chrono::milliseconds::max(), 10);
  const auto kept = endless.insert(request_of("one"), start);
  REQUIRE_THAT(kept, IsSuccess());
  CHECK(endless.contains(*kept, start + std::chrono::hours(24 * 365)));
  StreamingTokens none(std::chrono::milliseconds::min(), 10);
  const auto over = none.insert(request_of("one"), start);
  REQUIRE_THAT(over, IsSuccess());
  CHECK_FALSE(none.contains(*over, start));
}

TEST_CASE("StreamingTokens: as many as may, and what has expired makes room") {
  StreamingTokens tokens(60s, 3);
  StreamingTokens::Time now{};
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    const auto token = tokens.insert(request_of("x"), now += 1s);
    REQUIRE_THAT(token, IsSuccess());
    made.push_back(*token);
  }
  CHECK(tokens.insert(request_of("x"), now).error().code() == Errc::kTooManyRequests);
  CHECK(tokens.contains(made[0], now));
  now = StreamingTokens::Time{} + 61s;  // the end of the first
  CHECK_THAT(tokens.insert(request_of("x"), now), IsSuccess());
  CHECK_FALSE(tokens.contains(made[0], now));
  CHECK(tokens.contains(made[1], now));
  CHECK_FALSE(tokens.insert(request_of("x"), now));
  CHECK(tokens.take(made[1], now));
  CHECK_THAT(tokens.insert(request_of("x"), now), IsSuccess());
  CHECK(tokens.size() == 3);
}

TEST_CASE("StreamingTokens: all characters occur, and no token twice") {
  StreamingTokens tokens(60s, 2000);
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 2000; ++i) {
    const auto token = tokens.insert(request_of("x"), {});
    REQUIRE_THAT(token, IsSuccess());
    seen.insert(*token);
    characters.insert(token->begin(), token->end());
  }
  CHECK(seen.size() == 2000);
  CHECK(characters.size() == 64);
}
