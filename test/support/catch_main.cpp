// The main function of the C++ tests. It ends with the line that tools/dev adds up:
// "N passed, N failed, N skipped", counted in test cases.

#define CATCH_CONFIG_RUNNER
#include "support/catch.h"

#include <csignal>
#include <iostream>

namespace {

struct Totals {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

Totals totals;
bool skipped = false;
std::string running;

#if __has_include(<catch2/catch_all.hpp>)
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class Counter : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    skipped = false;
    running = info.name;
  }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    if (!stats.totals.assertions.allOk()) {
      ++totals.failed;
    } else if (skipped) {
      ++totals.skipped;
    } else {
      ++totals.passed;
    }
  }
};

CATCH_REGISTER_LISTENER(Counter)

}  // namespace

void uvspdy::test::mark_skipped(const std::string& reason) {
  skipped = true;
  std::cout << "SKIPPED: " << running << ": " << reason << std::endl;
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // as libuv asks of its users
  const int result = Catch::Session().run(argc, argv);
  std::cout << totals.passed << " passed, " << totals.failed << " failed, " << totals.skipped
            << " skipped" << std::endl;
  // A filter that matches nothing must not look like success.
  if (totals.passed + totals.failed + totals.skipped == 0) return 1;
  return result;
}
