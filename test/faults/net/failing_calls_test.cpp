// A connection from listening to its close, while each call of the system, libuv and OpenSSL fails
// in turn: no handler is forgotten or called twice, every handle is closed, and nothing leaks.

#include <openssl/err.h>

#include "faults/failing_memory.h"
#include "faults/net/echo_scenario.h"
#include "faults/net/failing_calls.h"
#include "support/descriptors.h"
#include "support/patterned_text.h"
#include "support/temporary_folder.h"

namespace uvspdy::test {
namespace {

using Over = EchoScenario::Over;

struct Left {
  std::size_t descriptors = open_descriptors();
  std::size_t memory = FailingMemory::held();
};

// Runs the scenario on a loop of its own, whose handles must all be closed then.
void run_whole(Over over, const std::string& path, const std::string& text) {
  TestLoop loop;
  EchoScenario scenario(over, path);
  REQUIRE(scenario.run(loop, text));
  CHECK(scenario.what_is_wrong().empty());
  CHECK(scenario.is_echoed());
}

// The same with one call failing. Returns how many errors that call may report; 0: there was none.
std::size_t run_with_failure(Over over, const std::string& path, const std::string& text,
                             std::size_t number, std::size_t error) {
  TestLoop loop;
  EchoScenario scenario(over, path);
  bool ended = false;
  std::size_t errors = 0;
  std::string failed;
  {
    const FailingCall call(number, error);
    ended = scenario.run(loop, text);
    errors = call.errors();
    failed = std::to_string(number) + ". call, " + call.text() + ": ";
  }
  ERR_clear_error();
  std::string wrong = scenario.what_is_wrong();
  if (errors == 0 && !scenario.is_echoed()) wrong += "the text did not come back";
  if (!ended) FAIL(failed << "it hangs; " << wrong);
  if (!wrong.empty()) FAIL(failed << wrong);
  return errors;
}

TEST_CASE("a connection: every call fails in turn", "[faults][net]") {
  const Over over = GENERATE(Over::kTcp, Over::kTls, Over::kLocalSocket);
  const TemporaryFolder folder;
  const std::string path = folder.path("socket");
  const std::string text = patterned_text(70000);
  // Memory and descriptors that are taken once and kept, such as a thread's, are no leak.
  for (int i = 0; i < 2; ++i) run_whole(over, path, text);
  std::size_t failures = 0;
  for (std::size_t number = 1, error = 0;;) {
    const Left before;
    const std::size_t errors = run_with_failure(over, path, text, number, error);
    if (errors == 0) break;
    const Left after;
    if (after.descriptors != before.descriptors) FAIL(number << ". call: descriptors are left");
    if (after.memory != before.memory) {
      FAIL(number << ". call: " << after.memory - before.memory << " pieces of memory are left");
    }
    ++failures;
    if (++error < errors) continue;
    error = 0;
    ++number;
  }
  CAPTURE(failures);
  CHECK(failures > 40);
}

TEST_CASE("a connection: reads and writes that are short", "[faults][net]") {
  const Over over = GENERATE(Over::kTcp, Over::kTls, Over::kLocalSocket);
  const auto [most, size] = GENERATE(std::pair<std::size_t, std::size_t>{1, 3000},
                                     std::pair<std::size_t, std::size_t>{7, 20000},
                                     std::pair<std::size_t, std::size_t>{1000, 300000});
  const TemporaryFolder folder;
  const ShortCalls calls(most);
  run_whole(over, folder.path("socket"), patterned_text(size));
}

}  // namespace
}  // namespace uvspdy::test
