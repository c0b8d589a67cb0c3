// Commands on a pseudo-terminal: kube::Process with Options::tty.

#include "kube/process/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "support/descriptors.h"
#include "support/patterned_text.h"
#include "support/processes.h"
#include "support/test_loop.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using kube::Process;
using test::is_running;
using test::IsSuccess;
using test::open_descriptors;
using test::ProcessCleanup;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

/// The children of this process's first thread, those that nobody has collected included.
std::string children() {
  const std::string self = std::to_string(getpid());
  std::ifstream file("/proc/" + self + "/task/" + self + "/children");
  REQUIRE(file);
  std::string pids;
  std::getline(file, pids);
  return pids;
}

/// Whether a process runs, not stopped, in its terminal's foreground.
bool runs_in_foreground(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  char state = 0;
  int parent = 0;
  int group = 0;
  int session = 0;
  int tty = 0;
  int foreground = 0;
  fields >> state >> parent >> group >> session >> tty >> foreground;
  return fields && state != 'T' && group == foreground;
}

/// A command on a terminal, and what came of it.
struct TtyRun {
  std::string output;
  bool ended = false;
  bool exited = false;
  int drained = 0;
  std::function<void()> on_output = [] {};
  std::unique_ptr<Process> process;
  std::unique_ptr<httpstream::Source> source;
  std::unique_ptr<httpstream::Sink> input;

  TtyRun(TestLoop& loop, std::string script) : TtyRun(loop, shell(std::move(script))) {}

  TtyRun(TestLoop& loop, const Process::Options& options) {
    process = std::make_unique<Process>(loop.get(), pool(),
                                        [this] { CHECK_FALSE(std::exchange(exited, true)); });
    const Error error = process->start(options);
    REQUIRE_THAT(error, IsSuccess());
    CHECK(process->take_output(Process::Output::kStderr) == nullptr);
    source = process->take_output(Process::Output::kStdout);
    source->start(
        [this](const httpstream::Piece& piece) {
          CHECK_FALSE(ended);
          output += text_of(piece.bytes());
          on_output();
        },
        [this](const Error&) { CHECK_FALSE(std::exchange(ended, true)); });
    input = process->take_stdin();
    input->start([this] { ++drained; }, {});
  }

  static std::shared_ptr<BufferPool> pool() {
    return std::make_shared<BufferPool>(kube::DescriptorStream::kBlockSize);
  }

  static Process::Options shell(std::string script) {
    Process::Options options;
    options.command = {"sh", "-c", std::move(script)};
    options.use_stdin = true;
    options.tty = true;
    return options;
  }

  bool over() const { return ended && exited; }
  bool shows(const std::string& text) const { return output.find(text) != std::string::npos; }
  bool write(std::string_view text) const {
    return input->write(httpstream::Piece(bytes_of(text)));
  }
  void type(std::string_view text) const { CHECK(write(text)); }
};

/// The number behind `mark` in an output, once its line is whole.
int number_behind(TestLoop& loop, const TtyRun& run, const std::string& mark) {
  std::size_t at = std::string::npos;
  REQUIRE(loop.run_until([&] {
    at = run.output.find(mark);
    return at != std::string::npos && run.output.find('\n', at) != std::string::npos;
  }));
  return std::stoi(run.output.substr(at + mark.size()));
}

}  // namespace

TEST_CASE("Process with a tty: a terminal on all three, and the session's controlling one") {
  TestLoop loop;
  // Pid, group, session and foreground group have one number, and there is a /dev/tty.
  TtyRun run(loop,
             "test -t 0 && test -t 1 && test -t 2 && echo terminals; "
             "set -- $(cat /proc/$$/stat); "
             "test $1 = $5 && test $1 = $6 && test $1 = $8 && echo leader; "
             "echo through > /dev/tty; exit 7");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.output == "terminals\r\nleader\r\nthrough\r\n");
  CHECK(run.process->exit_code() == 7);
  CHECK_FALSE(run.process->running());
  CHECK_FALSE(run.process->is_open(Process::Output::kStdout));
  CHECK_FALSE(run.process->is_open(Process::Output::kStderr));
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: no signal is blocked or ignored") {
  TestLoop loop;
  // Tests run with SIGPIPE ignored, as all users of libuv.
  TtyRun run(loop, "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  constexpr std::string_view kBlocked = "SigBlk:0000000000000000SigIgn:";
  REQUIRE(run.output.starts_with(kBlocked));
  const std::uint64_t ignored = std::stoull(run.output.substr(kBlocked.size()), nullptr, 16);
  // 32 and 33 are glibc's own business.
  CHECK((ignored & ~std::uint64_t{0x180000000}) == 0);
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: TERM is xterm unless the environment says something else") {
  TestLoop loop;
  Process::Options options = TtyRun::shell("echo $TERM-$OTHER");
  std::string expected;
  SECTION("an environment without one") {
    options.environment = {"PATH=/bin:/usr/bin", "OTHER=here"};
    expected = "xterm-here\r\n";
  }
  SECTION("an environment with one") {
    options.environment = {"PATH=/bin:/usr/bin", "TERM=dumb", "OTHER="};
    expected = "dumb-\r\n";
  }
  TtyRun run(loop, options);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.output == expected);
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: the first size, and a new one, which comes with SIGWINCH") {
  TestLoop loop;
  Process::Options options =
      TtyRun::shell("trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done");
  options.size = {.ws_row = 43, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  TtyRun run(loop, options);
  REQUIRE(loop.run_until([&] { return run.shows("43 132\r\n"); }));
  run.process->resize({.ws_row = 1, .ws_col = 65535, .ws_xpixel = 0, .ws_ypixel = 0});
  REQUIRE(loop.run_until([&] { return run.shows("1 65535\r\n"); }));
  run.type("\x03");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  run.process->resize(
      {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0});  // harmless by now
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: Ctrl-C reaches the foreground group, Ctrl-D is the end of stdin") {
  TestLoop loop;
  SECTION("Ctrl-C") {
    TtyRun run(loop, "trap 'echo got it; exit 3' INT; echo ready; while :; do sleep 0.02; done");
    REQUIRE(loop.run_until([&] { return run.shows("ready"); }));
    run.type("\x03");
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(run.output == "ready\r\n^Cgot it\r\n");
    CHECK(run.process->exit_code() == 3);
  }
  SECTION("Ctrl-C that is not caught") {
    TtyRun run(loop, "echo ready; exec sleep 1000");
    REQUIRE(loop.run_until([&] { return run.shows("ready"); }));
    run.type("\x03");
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(run.process->exit_code() == 130);
  }
  SECTION("Ctrl-\\") {
    TtyRun run(loop, "ulimit -c 0; echo ready; exec sleep 1000");
    REQUIRE(loop.run_until([&] { return run.shows("ready"); }));
    run.type("\x1c");
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(run.process->exit_code() == 131);
  }
  SECTION("Ctrl-D") {
    TtyRun run(loop, "cat; echo end of file");
    run.type("line\n\x04");
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(run.output == "line\r\nline\r\nend of file\r\n");
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: job control in a shell: Ctrl-Z, jobs, fg") {
  TestLoop loop;
  Process::Options options = TtyRun::shell("");
  options.command = {"sh", "-i"};
  options.environment = {"PATH=/bin:/usr/bin", "PS1=prompt> ", "HOME=/nonexistent"};
  TtyRun run(loop, options);
  const auto prompts = [&] {
    int count = 0;
    for (std::size_t at = 0; (at = run.output.find("prompt> ", at)) != std::string::npos; ++at) {
      ++count;
    }
    return count;
  };
  REQUIRE(loop.run_until([&] { return prompts() == 1; }));
  run.type("sh -c 'echo child=$$; exec sleep 1000'\n");
  const int child = number_behind(loop, run, "\nchild=");
  const ProcessCleanup cleanup(child);
  // The foreground group is the child's by now: the shell sees to it before it runs.
  run.type("\x1a");
  REQUIRE(loop.run_until([&] { return prompts() == 2; }));
  run.type("jobs\n");
  REQUIRE(loop.run_until([&] { return prompts() == 3; }));
  CHECK((run.shows("Stopped") || run.shows("Suspended")));
  CHECK(is_running(child));
  run.type("fg\n");
  REQUIRE(loop.poll_until([&] { return runs_in_foreground(child); }));
  run.type("\x03");
  REQUIRE(loop.run_until([&] { return prompts() == 4; }));
  CHECK_FALSE(is_running(child));
  run.type("exit 4\n");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.process->exit_code() == 4);
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: all output is there, also what came right before the exit") {
  TestLoop loop;
  SECTION("much") {
    TtyRun run(loop, "stty -onlcr; seq 1 200000; printf 'the end'; exit 5");
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(run.output.size() == 1288895 + 7);  // the digits and line ends of 1 to 200000
    CHECK(run.output.ends_with("\n200000\nthe end"));
    CHECK(run.process->exit_code() == 5);
  }
  SECTION("more than is read at once, and nobody reads before the exit") {
    TtyRun run(loop, "stty -onlcr; echo ready; seq 1 1500");
    run.source->pause();
    REQUIRE(loop.run_until([&] { return run.exited; }));
    CHECK_FALSE(run.ended);
    run.source->resume();
    REQUIRE(loop.run_until([&] { return run.ended; }));
    CHECK(run.output.ends_with("\n1499\n1500\n"));
    CHECK(run.output.size() == 6 + 6393);
  }
  SECTION("small, many times") {
    for (int i = 0; i < 50; ++i) {
      TtyRun run(loop, "printf 'last words'");
      REQUIRE(loop.run_until([&] { return run.over(); }));
      CHECK(run.output == "last words");
    }
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: a command that closes its descriptors has not ended its output") {
  TestLoop loop;
  TtyRun run(loop, "exec </dev/null >/dev/null 2>&1; sleep 0.1; echo again > /dev/tty");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.output == "again\r\n");
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: input that nobody reads yet is kept, and the writer waits") {
  TestLoop loop;
  TtyRun run(loop, "stty raw -echo; echo ready; sleep 0.05; head -c 1000000");
  REQUIRE(loop.run_until([&] { return run.shows("ready"); }));
  const std::string text = test::patterned_text(1000000);
  SECTION("in one piece") {
    CHECK_FALSE(run.write(text));
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(run.drained == 1);
  }
  SECTION("in pieces") {
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::string_view piece = rest.substr(0, 10000);
      rest.remove_prefix(piece.size());
      const int before = run.drained;
      if (run.write(piece)) continue;
      REQUIRE(loop.run_until([&] { return run.drained > before; }));
    }
    CHECK(run.drained > 1);
    REQUIRE(loop.run_until([&] { return run.over(); }));
  }
  CHECK((run.output == "ready\n" + text));
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: the end of stdin is none for the terminal") {
  TestLoop loop;
  TtyRun run(loop, "echo ready; read line; echo \"got $line\"");
  REQUIRE(loop.run_until([&] { return run.shows("ready"); }));
  run.type("word");
  run.input->end();
  run.type("dropped\n");
  run.process->resize({.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0});
  loop.run_turns(100);
  CHECK_FALSE(run.exited);
  run.process->signal_group(SIGHUP);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.process->exit_code() == 129);
  CHECK_FALSE(run.shows("dropped"));
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: hanging up sends SIGHUP to the command and the foreground group") {
  TestLoop loop;
  // A job of its own group in the foreground, as an interactive shell makes it.
  TtyRun run(loop,
             "set -m; trap '' HUP; sh -c 'trap \"\" HUP; echo job=$$; sleep 1000; :'; exit 9");
  const int job = number_behind(loop, run, "job=");
  const ProcessCleanup cleanup(job);
  SECTION("those who ignore it get SIGKILL as well") {
    run.source->discard();
    loop.run_turns(10);
    CHECK(is_running(job));
    CHECK(run.process->signal_group(SIGKILL));
    REQUIRE(loop.run_until([&] { return run.exited; }));
    CHECK(run.process->exit_code() == 137);
    CHECK_FALSE(run.ended);  // nobody wanted to know
    CHECK(loop.poll_until([&] { return !is_running(job); }));
  }
  SECTION("before the hang-up, too") {
    CHECK(run.process->signal_group(SIGKILL));
    REQUIRE(loop.run_until([&] { return run.exited; }));
    CHECK(loop.poll_until([&] { return !is_running(job); }));
    run.source->discard();
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: whoever catches the SIGHUP of a hang-up ends in order") {
  TestLoop loop;
  TtyRun run(loop, "trap 'exit 6' HUP; echo ready; while :; do sleep 0.02; done");
  REQUIRE(loop.run_until([&] { return run.shows("ready"); }));
  run.source->discard();
  run.type("into nothing");
  REQUIRE(loop.run_until([&] { return run.exited; }));
  CHECK(run.process->exit_code() == 6);
  CHECK_FALSE(run.process->signal_group(0));
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: end_output: what a child keeps open or writes on has an end") {
  TestLoop loop;
  std::string script;
  bool paused = false;
  SECTION("a silent child") { script = "sleep 1000 & echo child=$!"; }
  SECTION("a child that writes without end") { script = "yes & echo child=$!"; }
  SECTION("a paused reader") {
    script = "sleep 1000 & echo child=$!; seq 1 1500";
    paused = true;
  }
  // A child that has lost its session's leader gets no SIGHUP, as `nohup` has it.
  TtyRun run(loop, "trap '' HUP; " + script + "; echo last");
  const ProcessCleanup cleanup(number_behind(loop, run, "child="));
  if (paused) run.source->pause();
  REQUIRE(loop.run_until([&] { return run.exited; }));
  loop.run_turns(20);
  CHECK_FALSE(run.ended);
  run.process->end_output(Process::Output::kStdout);
  CHECK_FALSE(run.ended);  // not inside the call
  loop.run_turns(20);
  CHECK(run.ended == !paused);
  run.source->resume();
  REQUIRE(loop.run_until([&] { return run.ended; }));
  if (script.find("yes") == std::string::npos) CHECK(run.output.ends_with("last\r\n"));
  REQUIRE(loop.run_out());
}

TEST_CASE("Process with a tty: destroyed inside its own handler") {
  TestLoop loop;
  TtyRun run(loop, "echo $$; exec sleep 1000");
  int pid = 0;
  run.on_output = [&] {
    pid = std::stoi(run.output);
    run.process.reset();
  };
  REQUIRE(loop.run_until([&] { return run.process == nullptr; }));
  REQUIRE(loop.run_out());
  REQUIRE(pid > 0);
  // The hang-up has ended it; nobody else collects it.
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP));
}

TEST_CASE("Process with a tty: commands that cannot be run") {
  TestLoop loop;
  const std::size_t descriptors = open_descriptors();
  const std::string before = children();
  Process process(loop.get(), TtyRun::pool(), {});
  Process::Options options;
  options.tty = true;
  SECTION("no such command") {
    options.command = {"uvspdy-has-no-such-command"};
    const Error error = process.start(options);
    CHECK(error.message() == "exec: 'uvspdy-has-no-such-command': no such file or command");
    CHECK(kube::shell_exit_code(error) == 127);
  }
  SECTION("no such file") {
    options.command = {"/nonexistent/command"};
    const Error error = process.start(options);
    CHECK(error.message() == "exec: '/nonexistent/command': no such file or command");
    CHECK(kube::shell_exit_code(error) == 127);
  }
  SECTION("an empty name") {
    options.command = {""};
    CHECK(kube::shell_exit_code(process.start(options)) == 127);
  }
  SECTION("a folder") {
    options.command = {"/"};
    const Error error = process.start(options);
    CHECK(error.message() == "exec: '/': cannot run: permission denied");
    CHECK(kube::shell_exit_code(error) == 126);
  }
  SECTION("a folder on the PATH") {
    options.command = {"self"};
    options.environment = {"PATH=/proc"};
    CHECK(kube::shell_exit_code(process.start(options)) == 126);
  }
  CHECK_FALSE(process.running());
  CHECK_FALSE(process.is_open(Process::Output::kStdout));
  CHECK(children() == before);
  REQUIRE(loop.run_out());
  CHECK(open_descriptors() == descriptors);
}

TEST_CASE("Process with a tty: no zombie and no descriptor stays behind") {
  TestLoop loop;
  const std::string before = children();
  std::size_t descriptors = 0;
  for (int i = 0; i < 20; ++i) {
    TtyRun run(loop, "echo once");
    REQUIRE(loop.run_until([&] { return run.over(); }));
    CHECK(children() == before);
    run.process.reset();
    REQUIRE(loop.run_out());
    if (i == 0) descriptors = open_descriptors();  // libuv opens some of its own for good
  }
  CHECK(open_descriptors() == descriptors);
}
