// A command run from end to end: StreamingServer, LocalRuntime and kube::exec in one loop.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/local/exec_fixture.h"
#include "support/patterned_text.h"
#include "support/test_loop.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecHost;
using test::ExecRun;
using test::shell;
using test::shell_with_stdin;
using test::TestLoop;

namespace {

/// Writes text to a command's stdin as fast as it is taken, then ends it.
class StdinWriter {
 public:
  void start(httpstream::StreamWriter writer, std::string text) {
    writer_ = std::move(writer);
    text_ = std::move(text);
    writer_.on_writable([this] { write_more(); });
  }

 private:
  void write_more() {
    while (sent_ < text_.size() && writer_.writable()) {
      const std::size_t size = std::min<std::size_t>(50000, text_.size() - sent_);
      if (writer_.write(Buffer(text_.substr(sent_, size)))) return;
      sent_ += size;
    }
    if (sent_ == text_.size()) writer_.end();
  }

  httpstream::StreamWriter writer_;
  std::string text_;
  std::size_t sent_ = 0;
};

}  // namespace

TEST_CASE("exec: stdout and stderr come apart, and the exit code is the command's") {
  TestLoop loop;
  ExecHost host(loop);
  const int code = GENERATE(0, 1, 3, 255);
  ExecRun run(loop, host.port(),
              shell("echo out; echo err >&2; echo more; exit " + std::to_string(code)));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == code);
  CHECK(run.status()->message ==
        (code == 0 ? "" : "command terminated with exit code " + std::to_string(code)));
  CHECK(run.output == "out\nmore\n");
  CHECK(run.error_output == "err\n");
  CHECK_FALSE(run.streams.standard_input);
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("exec: words of the command are its arguments, whatever is in them") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request;
  request.command = {"printf", "[%s]", "", "a b", "\"'\\$x", "&=?%41+", "line\nbreak", "\xc3\xa4"};
  ExecRun run(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(run.output == "[][a b][\"'\\$x][&=?%41+][line\nbreak][\xc3\xa4]");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: what is written to stdin reaches the command, and so does its end") {
  TestLoop loop;
  ExecHost host(loop);
  const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{5 * 1000 * 1000});
  const std::string text = test::patterned_text(size);
  StdinWriter writer;
  ExecRun run;
  run.on_started = [&] { writer.start(std::move(run.streams.standard_input), text); };
  // It ends only when its stdin does.
  run.start(loop, host.port(), shell_with_stdin("cat; exit 4"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 4);
  CHECK((run.output == text));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a command that is not given stdin has none to wait for") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRun run(loop, host.port(), shell("cat; echo done"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(run.output == "done\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: outputs that nobody asks for go nowhere, and do not stop the command") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell("seq 1 100000; seq 1 100000 >&2; exit 5");
  const bool use_stdout = GENERATE(true, false);
  request.use_stdout = use_stdout;
  request.use_stderr = !use_stdout;
  ExecRun run(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 5);
  CHECK(static_cast<bool>(run.streams.standard_output) == use_stdout);
  CHECK(static_cast<bool>(run.streams.standard_error) == !use_stdout);
  const std::string& asked = use_stdout ? run.output : run.error_output;
  CHECK(asked.ends_with("\n100000\n"));
  CHECK((use_stdout ? run.error_output : run.output).empty());
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a command that a signal ends has exit code 128 and its number") {
  TestLoop loop;
  ExecHost host(loop);
  struct Row {
    const char* signal;
    int code;
  };
  const Row row = GENERATE(Row{"TERM", 143}, Row{"KILL", 137}, Row{"PIPE", 141});
  ExecRun run(loop, host.port(), shell(std::string("kill -") + row.signal + " $$"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == row.code);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a command that cannot be run: 127 if there is none, else 126") {
  TestLoop loop;
  ExecHost host(loop);
  struct Row {
    const char* command;
    int code;
  };
  const Row row = GENERATE(Row{"no-such-command-anywhere", 127}, Row{"/no/such/path", 127},
                           Row{"/dev/null", 126}, Row{"/", 126});
  CAPTURE(row.command);
  ExecRequest request;
  request.command = {row.command};
  const bool use_stdin = GENERATE(false, true);
  request.use_stdin = use_stdin;
  ExecRun run(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == row.code);
  CHECK(run.status()->message.find(row.command) != std::string::npos);
  CHECK(run.output.empty());
  CHECK(run.error_output.empty());
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("exec: large output is complete before the status, for a reader that keeps pausing") {
  // kubernetes/kubernetes#124571: all of the output, or a non-zero exit.
  TestLoop loop;
  ExecHost host(loop);
  std::string received;
  int pauses = 0;
  bool paused = false;
  ExecRun run;
  run.on_started = [&] {
    auto& reader = run.streams.standard_output;
    reader.on_data([&](Bytes bytes) {
      CHECK_FALSE(run.over());
      CHECK_FALSE(paused);
      received += text_of(bytes);
      reader.pause();
      paused = true;
      ++pauses;
    });
  };
  run.start(loop, host.port(), shell("seq 1 300000; echo the end >&2"));
  while (!run.over()) {
    REQUIRE(loop.run_until([&] { return paused || run.over(); }));
    if (!paused) break;
    loop.run_turns(3);
    paused = false;
    run.streams.standard_output.resume();
  }
  CHECK(run.code() == 0);
  CHECK(pauses > 5);
  std::string expected;
  for (int i = 1; i <= 300000; ++i) expected += std::to_string(i) + "\n";
  CHECK((received == expected));
  CHECK(run.error_output == "the end\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a reader that does not read holds the command up") {
  TestLoop loop;
  ExecHost host(loop);
  std::size_t received = 0;
  bool reading = false;
  ExecRun run;
  run.on_started = [&] {
    run.streams.standard_output.on_data([&](Bytes bytes) {
      CHECK(reading);
      received += bytes.size();
    });
    run.streams.standard_output.pause();
  };
  constexpr std::size_t kSize = 100 * 1000 * 1000;
  run.start(loop, host.port(), shell("head -c " + std::to_string(kSize) + " /dev/zero"));
  REQUIRE(loop.run_until([&] { return run.started; }));
  loop.run_turns(500);
  CHECK_FALSE(host.logged("exited"));  // it cannot get rid of its output
  reading = true;
  run.streams.standard_output.resume();
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(received == kSize);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a command that closes its stdin, or ends, while we write") {
  TestLoop loop;
  ExecHost host(loop);
  const std::string script =
      GENERATE("exec <&-; echo closed; exit 7", "head -c 1 >/dev/null; exit 7", "exit 7");
  CAPTURE(script);
  StdinWriter writer;
  ExecRun run;
  run.on_started = [&] {
    writer.start(std::move(run.streams.standard_input), std::string(20 * 1000 * 1000, 'x'));
  };
  run.start(loop, host.port(), shell_with_stdin(script));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 7);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a command that never reads its stdin holds the writer up") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRun run;
  run.on_started = [&] {
    (void)run.streams.standard_input.write(Buffer(std::string(20 * 1000 * 1000, 'x')));
  };
  run.start(loop, host.port(), shell_with_stdin("echo ready; exec sleep 1000"));
  REQUIRE(loop.run_until([&] { return run.output == "ready\n"; }));
  loop.run_turns(200);
  CHECK_FALSE(run.streams.standard_input.writable());
  bool stopped = false;
  host.stop([&] { stopped = true; });
  REQUIRE(loop.run_until([&] { return stopped && run.over(); }));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: the command may open its standard streams again by name") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRun run;
  run.on_started = [&] {
    (void)run.streams.standard_input.write(Buffer::copy_of("in\n"));
    run.streams.standard_input.end();
  };
  run.start(loop, host.port(),
            shell_with_stdin("cat /dev/stdin > /dev/stdout; echo err > /dev/stderr"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(run.output == "in\n");
  CHECK(run.error_output == "err\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: the command is in a session of its own") {
  TestLoop loop;
  ExecHost host(loop);
  // Its process, its group and its session have one number.
  ExecRun run(loop, host.port(), shell("cut -d' ' -f1,5,6 /proc/$$/stat"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  const std::size_t space = run.output.find(' ');
  REQUIRE(space != std::string::npos);
  const std::string pid = run.output.substr(0, space);
  CHECK(run.output == pid + " " + pid + " " + pid + "\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: many commands at once") {
  TestLoop loop;
  ExecHost host(loop);
  std::vector<std::unique_ptr<ExecRun>> runs;
  constexpr int kRuns = 20;
  for (int i = 0; i < kRuns; ++i) {
    const std::string number = std::to_string(i);
    runs.push_back(std::make_unique<ExecRun>(
        loop, host.port(), shell("seq 1 2000; echo " + number + " >&2; exit " + number)));
  }
  REQUIRE(loop.run_until([&] {
    return std::all_of(runs.begin(), runs.end(), [](const auto& run) { return run->over(); });
  }));
  for (int i = 0; i < kRuns; ++i) {
    const ExecRun& run = *runs[static_cast<std::size_t>(i)];
    CHECK(run.code() == i);
    CHECK(run.output.ends_with("\n2000\n"));
    CHECK(run.error_output == std::to_string(i) + "\n");
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}
