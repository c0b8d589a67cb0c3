#pragma once

#include <chrono>

#include "uvspdy/session/options.h"

namespace uvspdy::test {

/// A clock that goes forward when a test says so. It starts at an arbitrary moment, so that code
/// which takes the epoch for "never" is caught.
class ManualClock {
 public:
  session::Time now() const { return now_; }
  void advance(session::Time::duration by) { now_ += by; }

 private:
  session::Time now_{std::chrono::hours(1000)};
};

}  // namespace uvspdy::test
