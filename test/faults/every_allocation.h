#pragma once

#include <cstddef>

#include "faults/failing_memory.h"
#include "support/catch.h"

namespace uvspdy::test {

/// Runs `scenario` again and again, with each of its allocations failing in turn: alone, and with
/// all after it. `scenario` destroys all that it makes, and checks what must be true after a
/// bad_alloc. Returns how many allocations there are.
template <class Scenario>
std::size_t fail_every_allocation(Scenario scenario) {
  // Memory that is taken once and kept, such as a thread's, is no leak.
  scenario();
  const auto after = GENERATE(FailingMemory::After::kSucceed, FailingMemory::After::kFail);
  for (std::size_t number = 1;; ++number) {
    INFO("allocation " << number << " fails"
                       << (after == FailingMemory::After::kFail ? ", and all after it" : ""));
    const std::size_t held = FailingMemory::held();
    std::size_t failed = 0;
    {
      const FailingMemory memory(number, after);
      scenario();
      failed = memory.failed();
    }
    const std::size_t held_after = FailingMemory::held();
    // INFO keeps its text in memory of its own, which it takes and gives back outside.
    if (held_after != held) FAIL(held_after - held << " pieces of memory are leaked");
    if (failed == 0) return number - 1;
  }
}

}  // namespace uvspdy::test
