#pragma once

#include <chrono>
#include <cstddef>

#include "uvspdy/session/options.h"

namespace uvspdy::session {

/// Limits the number of events in one second.
class RateLimit {
 public:
  explicit RateLimit(std::size_t per_second) : per_second_(per_second) {}

  /// Counts an event; false if it is one too many for its second.
  bool allow(Time now) {
    if (count_ == 0 || now - since_ >= std::chrono::seconds(1)) {
      since_ = now;
      count_ = 0;
    }
    return ++count_ <= per_second_;
  }

 private:
  std::size_t per_second_;
  std::size_t count_ = 0;
  Time since_{};
};

}  // namespace uvspdy::session
