#pragma once

#include <chrono>

namespace uvspdy {

/// The moment `duration` after `from`, or the clock's last one if it cannot represent that. A
/// duration below 0 counts as 0.
template <class Clock>
std::chrono::time_point<Clock> moment_after(std::chrono::time_point<Clock> from,
                                            std::chrono::milliseconds duration) {
  using Time = std::chrono::time_point<Clock>;
  if (duration <= std::chrono::milliseconds(0)) return from;
  const typename Time::duration left = from > Time() ? Time::max() - from : Time::duration::max();
  return duration < std::chrono::floor<std::chrono::milliseconds>(left) ? from + duration
                                                                        : Time::max();
}

}  // namespace uvspdy
