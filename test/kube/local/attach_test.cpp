// attach: a main process and the clients that come and go.

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/local/attach_host.h"
#include "support/processes.h"
#include "support/test_loop.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecHost;
using test::is_running;
using test::IsSuccess;
using test::ManualClient;
using test::ProcessCleanup;
using test::TestLoop;
using namespace test::attach;
using namespace std::chrono_literals;

namespace {

// What `seq 1 4000` prints.
constexpr std::size_t kChunk = 18893;

}  // namespace

TEST_CASE("start_main: one main process in a runtime's life, and none without a word") {
  TestLoop loop;
  kube::LocalRuntime runtime(loop.get());
  CHECK(runtime.start_main({}, {}).code() == std::error_code(UV_EINVAL, net::uv_category()));
  std::optional<int> exit_code;
  REQUIRE_THAT(runtime.start_main(shell("read line; exit 3"), {}), IsSuccess());
  const Error second = runtime.start_main(shell("exit 4"), [&](int code) { exit_code = code; });
  CHECK(second.code() == kube::Errc::kBadRequest);
  CHECK(runtime.commands() == 1);
  REQUIRE(loop.run_until([&] { return runtime.commands() == 0; }));
  // Also once it is over.
  CHECK(runtime.start_main(shell("exit 4"), {}).code() == kube::Errc::kBadRequest);
  bool stopped = false;
  runtime.stop([&] { stopped = true; });
  REQUIRE(loop.run_until([&] { return stopped; }));
  REQUIRE(loop.run_out());
  CHECK_FALSE(exit_code);
}

TEST_CASE("start_main: not in a runtime that was stopped, which would never end it") {
  TestLoop loop;
  kube::LocalRuntime runtime(loop.get());
  runtime.stop({});
  CHECK(runtime.start_main(shell("sleep 1000"), {}).code() == kube::Errc::kBadRequest);
  CHECK(runtime.commands() == 0);
  REQUIRE(loop.run_out());
}

TEST_CASE("attach: several clients see the output from when they attached") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin(kObey));
  ManualClient first(loop, host.port(), typing());
  first.type("out one\nerr one\n");
  REQUIRE(loop.run_until([&] { return first.shows("one\n") && !first.error_output.empty(); }));
  ManualClient second(loop, host.port(), watching());
  AttachRequest only_stderr = watching();
  only_stderr.use_stdout = false;
  ManualClient third(loop, host.port(), only_stderr);
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 3; }));
  first.type("out two\nerr two\nexit 3\n");
  REQUIRE(loop.run_until([&] { return first.ended && second.ended && third.ended; }));
  CHECK(first.output == "out one\nout two\n");
  CHECK(first.error_output == "err one\nerr two\n");
  CHECK(second.output == "out two\n");
  CHECK(second.error_output == "err two\n");
  CHECK(third.output.empty());
  CHECK(third.error_output == "err two\n");
  for (const ManualClient* client : {&first, &second, &third}) CHECK(client->code() == 3);
  CHECK(host.exit_code == 3);
  CHECK(host.runtime().commands() == 0);

  // Who comes too late is told.
  ManualClient late(loop, host.port(), watching());
  REQUIRE(loop.run_until([&] { return late.ended; }));
  CHECK(late.status().message == "cannot attach: the main process has exited with 3");
  CHECK_FALSE(late.status().success);
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("attach: output with nobody attached is dropped and holds nothing up") {
  TestLoop loop;
  AttachHost host(loop, shell("seq 1 400000; seq 1 400000 >&2; exit 4"));
  REQUIRE(loop.run_until([&] { return host.exit_code.has_value(); }));
  CHECK(host.exit_code == 4);
  host.end(loop);
}

TEST_CASE("attach: all output comes before the status, to each client") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin("read go; seq 1 200000; exit 5"));
  ManualClient first(loop, host.port(), typing());
  ManualClient second(loop, host.port(), watching());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 2; }));
  first.type("go\n");
  REQUIRE(loop.run_until([&] { return first.ended && second.ended; }));
  for (const ManualClient* client : {&first, &second}) {
    CHECK(client->output.size() == 1288895);  // the digits and line ends of 1 to 200000
    CHECK(client->output.ends_with("\n200000\n"));
    CHECK(client->code() == 5);
  }
  host.end(loop);
}

TEST_CASE("attach: a slow client is dropped with a message; nobody waits for it") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.attach_buffer = 300 * 1000;
  options.runtime.attach_patience = GENERATE(0ms, 50ms);
  options.streaming.close_grace = std::chrono::milliseconds(test::kDeadline);
  AttachHost host(loop, shell_with_stdin(kObey), std::move(options));
  ManualClient quick(loop, host.port(), typing());
  ManualClient slow(loop, host.port(), watching());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 2; }));
  slow.standard_output->pause();
  // Each piece when the one before has come, so that only the slow one falls behind.
  std::size_t most = 0;
  std::size_t expected = 0;
  while (host.runtime().attached().clients == 2 && expected < 2 * 1000 * 1000) {
    quick.type("chunk\n");
    expected += kChunk;
    REQUIRE(loop.run_until([&] {
      most = std::max(most, host.runtime().attached().waiting_bytes);
      return quick.output.size() == expected;
    }));
  }
  CHECK(quick.output.ends_with("\n4000\n"));
  CHECK(most > 256 * 1024);
  CHECK(most <= 300 * 1000 + 2 * kChunk);
  CHECK(host.runtime().attached().clients == 1);
  REQUIRE(loop.run_until([&] { return slow.ended; }));
  CHECK_FALSE(slow.status().success);
  CHECK(slow.status().message ==
        "this client was dropped: it reads too slowly, more than 300000 bytes of output wait for "
        "it; the process goes on, attach again");
  CHECK(host.logged("reads too slowly"));
  slow.standard_output->resume();

  ManualClient again(loop, host.port(), watching());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 2; }));
  quick.type("exit 2\n");
  REQUIRE(loop.run_until([&] { return quick.ended && again.ended; }));
  CHECK(quick.code() == 2);
  CHECK(again.code() == 2);
  host.end(loop);
}

TEST_CASE(
    "attach: a burst that is more than may wait does not cost a client that reads its place") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.attach_patience = std::chrono::milliseconds(test::kDeadline);
  AttachHost host(loop, shell_with_stdin("read go; seq 1 2000000; exit 5"), std::move(options));
  ManualClient first(loop, host.port(), typing());
  ManualClient second(loop, host.port(), watching());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 2; }));
  first.type("go\n");
  std::size_t most = 0;
  REQUIRE(loop.run_until([&] {
    most = std::max(most, host.runtime().attached().waiting_bytes);
    return first.ended && second.ended;
  }));
  for (const ManualClient* client : {&first, &second}) {
    CHECK(client->output.size() == 14888896);  // the digits and line ends of 1 to 2000000
    CHECK(client->output.ends_with("\n2000000\n"));
    CHECK(client->code() == 5);
  }
  CHECK(most < 2 * 1024 * 1024);
  host.end(loop);
}

TEST_CASE("attach: what waits for a client that catches up arrives whole") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin(kObey));
  ManualClient client(loop, host.port(), typing());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 1; }));
  client.standard_output->pause();
  const std::string line = "out " + std::string(990, 'x') + "\n";
  std::string expected;
  // One at a time, so that they come in small pieces: past what is queued on a stream.
  for (int i = 0; i < 900; ++i) expected += line;
  client.type(expected);
  REQUIRE(loop.run_until([&] { return host.runtime().attached().waiting_bytes > 500 * 1000; }));
  const bool exits = GENERATE(false, true);
  if (exits) {
    client.type("exit 7\n");
    // What waits is handed over at the exit.
    REQUIRE(loop.run_until([&] { return host.exit_code.has_value(); }));
  }
  client.standard_output->resume();
  REQUIRE(loop.run_until([&] { return client.output.size() == expected.size(); }));
  CHECK((client.output == expected));
  if (!exits) {
    REQUIRE(loop.run_until([&] { return host.runtime().attached().waiting_bytes == 0; }));
    client.type("exit 7\n");
  }
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 7);
  host.end(loop);
}

TEST_CASE("attach: with a terminal: sizes, keys, and a client that leaves changes nothing") {
  TestLoop loop;
  MainCommand command = shell_with_stdin(
      "trap 'stty size' WINCH; trap 'echo interrupted' INT; trap 'exit 3' QUIT; ulimit -c 0; "
      "while :; do echo tick; sleep 0.02; done");
  command.tty = true;
  AttachHost host(loop, command);
  {
    ManualClient client(loop, host.port(), on_tty());
    REQUIRE(loop.run_until([&] { return client.shows("tick"); }));
    client.set_size({100, 30});
    REQUIRE(loop.run_until([&] { return client.shows("30 100\r\n"); }));
    client.type("\x03");
    REQUIRE(loop.run_until([&] { return client.shows("interrupted\r\n"); }));
    client.connection->abort();
    REQUIRE(loop.run_until([&] { return client.closed; }));
  }
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 0; }));
  CHECK_FALSE(host.exit_code);
  // One without -t sees the terminal's output, too, and no stderr.
  ManualClient watcher(loop, host.port(), watching());
  ManualClient client(loop, host.port(), on_tty());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 2; }));
  client.set_size({90, 20});
  REQUIRE(loop.run_until([&] { return watcher.shows("20 90\r\n"); }));
  client.type("\x1c");
  REQUIRE(loop.run_until([&] { return client.ended && watcher.ended; }));
  CHECK(client.code() == 3);
  CHECK(watcher.code() == 3);
  CHECK(watcher.error_output.empty());
  host.end(loop);
}

TEST_CASE("attach: what the main process does not have is refused, in words") {
  TestLoop loop;
  SECTION("no main process") {
    ExecHost host(loop);
    ManualClient client(loop, host.port(), watching());
    REQUIRE(loop.run_until([&] { return client.ended; }));
    CHECK(client.status().message == "there is no main process to attach to; use exec to run one");
    host.stop_listening();
    REQUIRE(loop.run_out());
  }
  SECTION("no stdin, no terminal") {
    AttachHost host(loop, shell("exec sleep 1000"));
    ManualClient typist(loop, host.port(), typing());
    ManualClient terminal(loop, host.port(), on_tty());
    REQUIRE(loop.run_until([&] { return typist.ended && terminal.ended; }));
    CHECK(typist.status().message ==
          "cannot attach: the main process has no stdin; attach without -i");
    CHECK(terminal.status().message ==
          "cannot attach: the main process has no terminal; attach without -t");
    host.end(loop);
  }
}

TEST_CASE("attach: a main process that cannot be run") {
  TestLoop loop;
  ExecHost host(loop);
  MainCommand command;
  command.command = {"uvspdy-has-no-such-command"};
  command.tty = GENERATE(false, true);
  const Error error = host.runtime().start_main(command, [](int) { CHECK(false); });
  CHECK(error.message() == "exec: 'uvspdy-has-no-such-command': no such file or command");
  CHECK(host.runtime().commands() == 0);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("attach: what the main process leaves running does not hold up its end") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.output_grace = 100ms;
  AttachHost host(loop, shell_with_stdin("read go; sleep 1000 & echo $!; exit 5"),
                  std::move(options));
  ManualClient client(loop, host.port(), typing());
  client.type("go\n");
  REQUIRE(loop.run_until([&] { return client.output.ends_with("\n"); }));
  const ProcessCleanup cleanup(std::stoi(client.output));
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 5);
  host.end(loop);
}

TEST_CASE("attach: a server that stops ends the main process and tells its clients") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.termination_grace = 100ms;
  bool tty = false;
  std::string script;
  int code = 0;
  SECTION("SIGTERM") {
    script = "trap 'echo bye; exit 8' TERM; echo ready; while :; do sleep 0.02; done";
    code = 8;
  }
  SECTION("SIGHUP on a terminal") {
    script = "trap 'echo bye; exit 8' HUP; trap '' TERM; echo ready; while :; do sleep 0.02; done";
    tty = true;
    code = 8;
  }
  SECTION("SIGKILL for one that ignores it") {
    script = "trap '' TERM HUP; echo ready; while :; do sleep 0.02; done";
    code = 137;
  }
  MainCommand command = shell_with_stdin("read go; " + script);
  command.tty = tty;
  AttachHost host(loop, command, std::move(options));
  ManualClient client(loop, host.port(), tty ? on_tty() : typing());
  client.type("go\n");
  REQUIRE(loop.run_until([&] { return client.shows("ready"); }));
  host.end(loop);
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == code);
  CHECK(host.exit_code == code);
  if (code == 8) CHECK(client.shows("bye"));
}

TEST_CASE("attach: a runtime that is dropped ends its main process") {
  TestLoop loop;
  auto host = std::make_unique<AttachHost>(loop, shell("echo $$; exec sleep 1000"));
  host->stop_listening();
  host->destroy();
  REQUIRE(loop.run_out());
  CHECK(host->exit_code == 143);
}

TEST_CASE("attach: clients that come and go leave nothing behind") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.attach_patience = std::chrono::milliseconds(test::kDeadline);
  AttachHost host(loop, shell_with_stdin("exec yes"), std::move(options));
  for (int i = 0; i < 30; ++i) {
    ManualClient client(loop, host.port(), i % 3 == 0 ? typing() : watching());
    REQUIRE(loop.run_until([&] { return client.output.size() > 100000; }));
    if (i % 2 == 0) {
      client.connection->abort();
    } else {
      client.connection->close();
    }
    REQUIRE(
        loop.run_until([&] { return client.closed && host.runtime().attached().clients == 0; }));
  }
  CHECK(host.runtime().attached().waiting_bytes == 0);
  host.end(loop);
}
