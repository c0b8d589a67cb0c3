#include "kube/local/patience.h"

#include "support/catch.h"

using namespace uvspdy::kube;
using namespace std::chrono_literals;

TEST_CASE("Patience: a tenth of the time comes back, however often it is asked for") {
  Patience patience(1000ms, 5000);
  CHECK(patience.left(9000) == 1000ms);  // no more than all of it
  patience.spend(9000, 10000);
  std::uint64_t now = 10000;
  for (int i = 0; i < 1000; ++i) (void)patience.left(now += 3);
  CHECK(patience.left(now) == 300ms);

  // Also when it is spent as soon as there is any, in many small pieces.
  std::uint64_t spent = 0;
  const std::uint64_t begin = now;
  patience.spend(now, now + 300);
  now += 300;
  while (now < begin + 10000) {
    now += 4;
    if (patience.left(now) <= 0ms) continue;
    patience.spend(now, now + 1);
    ++now;
    ++spent;
  }
  CHECK(spent > 800);
  CHECK(spent < 1000);
}

TEST_CASE("Patience: none is none, and what was spent too long has to come back first") {
  Patience none(0ms, 0);
  CHECK(none.left(1000000) == 0ms);
  Patience patience(100ms, 0);
  CHECK(patience.left(0) == 100ms);
  patience.spend(0, 150);
  CHECK(patience.left(150) == -50ms);
  CHECK(patience.left(650) == 0ms);
  CHECK(patience.left(660) == 1ms);
}
