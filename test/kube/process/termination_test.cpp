// How a command ends that is told to go: kube::Termination.

#include "kube/process/termination.h"

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "support/processes.h"
#include "support/test_loop.h"

using namespace uvspdy;
using kube::DescriptorStream;
using kube::Process;
using kube::Termination;
using test::is_running;
using test::IsSuccess;
using test::ProcessCleanup;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

/// A shell script that says when it has come so far, and its end.
struct Script {
  std::string output;
  bool exited = false;
  int over = 0;
  std::unique_ptr<Process> process;
  std::unique_ptr<httpstream::Source> source;
  std::optional<Termination> termination;

  Script(TestLoop& loop, const std::string& text) {
    process = std::make_unique<Process>(loop.get(),
                                        std::make_shared<BufferPool>(DescriptorStream::kBlockSize),
                                        [this] { exited = true; });
    Process::Options options;
    options.command = {"sh", "-c", text};
    REQUIRE_THAT(process->start(options), IsSuccess());
    source = process->take_output(Process::Output::kStdout);
    source->start([this](const httpstream::Piece& piece) { output += text_of(piece.bytes()); }, {});
    termination.emplace(loop.get(), *process, [this] { ++over; });
    REQUIRE(loop.run_until([this] { return output.find("ready") != std::string::npos; }));
  }

  /// The number that it has printed in front of "ready".
  int pid() const { return std::stoi(output); }
};

}  // namespace

TEST_CASE("Termination: the first signal is enough, and the end is told once") {
  TestLoop loop;
  Script script(loop, "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
  CHECK_FALSE(script.termination->has_begun());
  CHECK_FALSE(script.termination->is_under_way());
  script.termination->begin(SIGTERM, 1h);
  CHECK(script.termination->has_begun());
  CHECK(script.termination->is_under_way());
  CHECK(script.over == 0);
  REQUIRE(loop.run_until([&] { return script.over > 0; }));
  CHECK(script.exited);
  CHECK(script.process->exit_code() == 7);
  CHECK_FALSE(script.termination->is_under_way());
  script.termination->begin(SIGTERM, 0ms);
  REQUIRE(loop.run_out());
  CHECK(script.over == 1);
}

TEST_CASE("Termination: what ignores the first signal gets SIGKILL when its time is up") {
  TestLoop loop;
  Script script(loop, "trap '' HUP; echo ready; while :; do sleep 0.01; done");
  script.termination->begin(SIGHUP, 100ms);
  script.termination->begin(SIGKILL, 0ms);  // only the first call counts
  CHECK(script.termination->is_under_way());
  REQUIRE(loop.run_until([&] { return script.over > 0; }));
  CHECK(script.process->exit_code() == 128 + SIGKILL);
  REQUIRE(loop.run_out());
  CHECK(script.over == 1);
}

TEST_CASE("Termination: what the command has left running is waited for, and killed in the end") {
  TestLoop loop;
  const bool ignores = GENERATE(false, true);
  const std::string left = ignores ? "trap '' TERM; while :; do sleep 0.01; done" : "sleep 1000";
  Script script(loop, "sh -c \"" + left + "\" >&- 2>&- & echo $! ready; exit 0");
  const int pid = script.pid();
  const ProcessCleanup cleanup(pid);
  REQUIRE(loop.run_until([&] { return script.exited; }));
  CHECK(is_running(pid));
  script.termination->begin(SIGTERM, ignores ? 100ms : std::chrono::milliseconds(1h));
  REQUIRE(loop.run_until([&] { return script.over > 0; }));
  CHECK(loop.poll_until([&] { return !is_running(pid); }));
  REQUIRE(loop.run_out());
  CHECK(script.over == 1);
}

TEST_CASE("Termination: nobody is told twice that nobody is left") {
  TestLoop loop;
  Script script(loop, "echo ready");
  REQUIRE(loop.run_until([&] { return script.exited; }));
  script.termination->begin(SIGTERM, 1h);
  CHECK_FALSE(script.termination->is_under_way());
  REQUIRE(loop.run_out());
  CHECK(script.over == 0);
}

TEST_CASE("Termination: dropped, it tells nothing and kills nobody") {
  TestLoop loop;
  Script script(loop, "trap '' TERM; echo $$ ready; while :; do sleep 0.01; done");
  const int pid = script.pid();
  const ProcessCleanup cleanup(pid);
  script.termination->begin(SIGTERM, 0ms);
  script.termination.reset();
  loop.run_turns(5);
  CHECK(is_running(pid));
  CHECK(script.over == 0);
  script.process->signal_group(SIGKILL);
  REQUIRE(loop.run_until([&] { return script.exited; }));
  script.process.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("Termination: may be dropped inside its handler") {
  TestLoop loop;
  Script script(loop, "echo ready; exec sleep 1000");
  script.termination.emplace(loop.get(), *script.process, [&script] {
    ++script.over;
    script.termination.reset();
    script.process.reset();
  });
  script.termination->begin(SIGTERM, 1h);
  REQUIRE(loop.run_until([&] { return script.over > 0; }));
  REQUIRE(loop.run_out());
}
