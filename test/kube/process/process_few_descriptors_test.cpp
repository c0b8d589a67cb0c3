// Commands that are started while there are too few descriptors for their pipes or their terminal.

#include <cstddef>
#include <memory>

#include "kube/process/process.h"
#include "support/descriptors.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using kube::DescriptorStream;
using kube::Process;
using test::DescriptorsLeft;
using test::open_descriptors;
using test::TestLoop;

TEST_CASE("Process: with too few descriptors it says so, and none is lost") {
  TestLoop loop;
  const bool tty = GENERATE(false, true);
  CAPTURE(tty);
  // libuv opens some of its own for good.
  std::size_t before = 0;
  int started = 0;
  for (rlim_t left = 20;; --left) {
    CAPTURE(left);
    bool exited = false;
    auto process = std::make_unique<Process>(
        loop.get(), std::make_shared<BufferPool>(DescriptorStream::kBlockSize),
        [&exited] { exited = true; });
    Process::Options options;
    options.command = {"true"};
    options.use_stdin = true;
    options.tty = tty;
    Error error;
    {
      const DescriptorsLeft limit(left);
      error = process->start(options);
    }
    if (error) {
      CHECK(error.code() == std::error_code(UV_EMFILE, net::uv_category()));
    } else {
      ++started;
      CHECK(loop.run_until([&] { return exited; }));
    }
    process.reset();
    REQUIRE(loop.run_out());
    if (before == 0) before = open_descriptors();
    CHECK(open_descriptors() == before);
    if (left == 0) break;
  }
  CHECK(started > 0);
  CHECK(started < 20);
}
