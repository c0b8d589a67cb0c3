#include "core/moment_after.h"

#include "support/catch.h"

using std::chrono::milliseconds;
using uvspdy::moment_after;
using Time = std::chrono::steady_clock::time_point;

TEST_CASE("moment_after: no duration overflows a clock") {
  const Time from = GENERATE(Time(), Time(std::chrono::hours(1000)), Time(std::chrono::hours(-1)),
                             Time::max() - std::chrono::seconds(10), Time::max());
  CHECK(moment_after(from, milliseconds(0)) == from);
  CHECK(moment_after(from, milliseconds(-1)) == from);
  CHECK(moment_after(from, milliseconds::min()) == from);
  CHECK(moment_after(from, milliseconds::max()) == Time::max());
  if (from < Time::max() - std::chrono::seconds(10)) {
    CHECK(moment_after(from, std::chrono::seconds(9)) == from + std::chrono::seconds(9));
  } else {
    CHECK(moment_after(from, std::chrono::seconds(11)) == Time::max());
  }
}
