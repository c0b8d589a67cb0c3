// What becomes of commands whose client goes, whose server stops, or who leave something behind.

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kube/client/remote_command_peer.h"
#include "kube/local/exec_fixture.h"
#include "support/processes.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecHost;
using test::ExecRun;
using test::is_running;
using test::IsSuccess;
using test::ProcessCleanup;
using test::shell;
using test::shell_with_stdin;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

test::ExecOptions with_graces(std::chrono::milliseconds grace) {
  test::ExecOptions options;
  options.runtime.termination_grace = grace;
  options.runtime.output_grace = grace;
  options.streaming.close_grace = grace;
  return options;
}

/// A client by hand, which can go away in any manner: its connection and the command's streams.
struct ManualClient {
  std::shared_ptr<httpstream::Connection> connection;
  std::shared_ptr<httpstream::Stream> error;
  std::shared_ptr<httpstream::Stream> standard_output;
  std::string output;

  ManualClient(TestLoop& loop, std::uint16_t port, ExecRequest request) {
    request.use_stderr = false;
    request.pod = "demo";
    httpstream::Url url;
    url.host = "127.0.0.1";
    url.port = port;
    url.target = exec_target(request);
    httpstream::Dialer(loop.get(), url)
        .dial({std::string(kProtocolV4)}, [this](Result<httpstream::Dialed> dialed) {
          CHECK_THAT(dialed, IsSuccess());
          if (!dialed) return;
          connection = dialed->connection;
          create(kStreamTypeError, error);
          create(kStreamTypeStdout, standard_output);
        });
    REQUIRE(loop.run_until([this] { return error && standard_output; }));
    error->on_data([](Bytes) {});
    standard_output->on_data([this](Bytes bytes) { output += text_of(bytes); });
  }

 private:
  void create(std::string_view type, std::shared_ptr<httpstream::Stream>& place) {
    connection->create_stream({{kHeaderStreamType, type}},
                              [&place](Result<std::shared_ptr<httpstream::Stream>> stream) {
                                CHECK_THAT(stream, IsSuccess());
                                if (stream) place = *stream;
                              });
  }
};

/// The first line of an output, once it is whole, as a number.
int first_number(TestLoop& loop, const std::string& output) {
  REQUIRE(loop.run_until([&] { return output.find('\n') != std::string::npos; }));
  return std::stoi(output);
}

}  // namespace

TEST_CASE("exec: a background child that holds stdout does not hold up the end") {
  TestLoop loop;
  ExecHost host(loop, with_graces(200ms));
  ExecRun run(loop, host.port(), shell("sleep 1000 & echo $!; echo out; exit 3"));
  const ProcessCleanup child(first_number(loop, run.output));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 3);
  CHECK(run.output.ends_with("\nout\n"));
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("exec: what a background child writes within output_grace is delivered") {
  TestLoop loop;
  ExecHost host(loop, with_graces(std::chrono::milliseconds(test::kDeadline)));
  ExecRun run(loop, host.port(), shell("(sleep 0.1; echo late) & echo early"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(run.output == "early\nlate\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: output that a slow reader has not taken yet outlasts output_grace") {
  TestLoop loop;
  ExecHost host(loop, with_graces(1ms));
  std::string received;
  ExecRun run;
  run.on_started = [&] {
    run.streams.standard_output.on_data([&](Bytes bytes) { received += text_of(bytes); });
    run.streams.standard_output.pause();
  };
  // A child keeps the pipe open, so that only an empty pipe can be its end.
  run.start(loop, host.port(), shell("sleep 1000 & echo $! >&2; seq 1 200000"));
  const ProcessCleanup child(first_number(loop, run.error_output));
  loop.run_turns(200);
  bool late = false;
  net::Timer past_the_grace(loop.get(), [&] { late = true; });
  past_the_grace.start(300ms);
  REQUIRE(loop.run_until([&] { return late; }));
  CHECK_FALSE(run.over());
  run.streams.standard_output.resume();
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(received.ends_with("\n200000\n"));
  CHECK(received.size() == 1288895);  // the digits and line ends of 1 to 200000
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a background child that writes without end does not hold up the end") {
  TestLoop loop;
  ExecHost host(loop, with_graces(100ms));
  std::size_t received = 0;
  ExecRun run;
  run.on_started = [&] {
    run.streams.standard_output.on_data([&](Bytes bytes) { received += bytes.size(); });
  };
  run.start(loop, host.port(), shell("yes & echo $! >&2; exit 3"));
  const ProcessCleanup child(first_number(loop, run.error_output));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 3);
  CHECK(received > 0);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a client that goes: the command gets SIGHUP") {
  TestLoop loop;
  ExecHost host(loop, with_graces(1h));  // no SIGKILL is needed
  ManualClient client(loop, host.port(),
                      shell("trap 'exit 5' HUP; echo $$; while :; do sleep 0.02; done"));
  const int pid = first_number(loop, client.output);
  const ProcessCleanup cleanup(pid);
  CHECK(is_running(pid));
  SECTION("in order") { client.connection->close(); }
  SECTION("at once") { client.connection->abort(); }
  SECTION("by taking the error stream away") { client.error->reset(); }
  REQUIRE(loop.run_until([&] { return host.logged("exited with 5"); }));
  CHECK_FALSE(is_running(pid));
  client.connection->close();
  host.stop_listening();
  // Its status is told to nobody or to the client, and either way the session ends.
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a client that goes: what ignores SIGHUP gets SIGKILL, and nothing stays behind") {
  TestLoop loop;
  ExecHost host(loop, with_graces(100ms));
  const std::string script = GENERATE(
      // The command itself, and its child.
      "trap '' HUP; sleep 1000 & echo $!; wait",
      // A child alone: the command has gone at the SIGHUP.
      "trap 'exit 5' HUP; (trap '' HUP; sh -c 'echo $PPID'; exec sleep 1000) & "
      "while :; do sleep 0.02; done");
  CAPTURE(script);
  ManualClient client(loop, host.port(), shell(script));
  const int child = first_number(loop, client.output);
  const ProcessCleanup cleanup(child);
  CHECK(is_running(child));
  client.connection->abort();
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  CHECK(loop.poll_until([child] { return !is_running(child); }));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE(
    "exec: a client that goes: what outlives the command for a while is not waited for longer") {
  TestLoop loop;
  ExecHost host(loop, with_graces(1h));  // no SIGKILL is needed
  ManualClient client(loop, host.port(),
                      shell("trap 'exit 5' HUP; (trap 'sleep 0.2; exit' HUP; sh -c 'echo $PPID'; "
                            "while :; do sleep 0.02; done) & while :; do sleep 0.02; done"));
  const int child = first_number(loop, client.output);
  const ProcessCleanup cleanup(child);
  // It is ours to collect once its parent has gone: not every process 1 does that soon.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  client.connection->abort();
  REQUIRE(loop.run_until([&] { return host.logged("exited with 5"); }));
  CHECK(host.runtime().commands() == 1);
  CHECK(loop.poll_until([child] { return waitpid(child, nullptr, WNOHANG) == child; }));
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a client that goes while output is in flight") {
  TestLoop loop;
  ExecHost host(loop, with_graces(1h));
  ManualClient client(loop, host.port(), shell("echo $$; exec yes"));
  const int pid = first_number(loop, client.output);
  const ProcessCleanup cleanup(pid);
  client.connection->abort();
  // By SIGHUP or SIGPIPE: both are waiting for it.
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  CHECK_FALSE(is_running(pid));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a client that takes an output away: the command gets SIGPIPE, the rest goes on") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell("yes; echo $? >&2; exit 6");
  request.pod = "demo";
  test::RemoteCommandPeer client(loop, host.port(), exec_target(request));
  client.create_all({"error", "stdout", "stderr"});
  REQUIRE(loop.run_until([&] { return !client.data["stdout"].empty(); }));
  client.streams["stdout"]->reset();
  REQUIRE(loop.run_until([&] { return client.happened("error end"); }));
  CHECK(client.data["error"] == to_json(exit_status(6)));
  CHECK(client.data["stderr"] == "141\n");
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("stop: ends every command, tells its client, and then calls back") {
  TestLoop loop;
  ExecHost host(loop, with_graces(1h));  // no SIGKILL is needed
  ExecRun gentle(loop, host.port(),
                 shell("trap 'exit 5' HUP; echo $$; while :; do sleep 0.02; done"));
  ExecRun plain(loop, host.port(), shell("echo $$; exec sleep 1000"));
  const ProcessCleanup first(first_number(loop, gentle.output));
  const ProcessCleanup second(first_number(loop, plain.output));
  CHECK(host.sessions() == 4);  // two connections, two commands
  int stopped = 0;
  host.stop([&] { ++stopped; });
  CHECK(stopped == 0);
  host.stop_listening();
  REQUIRE(loop.run_until([&] { return stopped > 0 && gentle.over() && plain.over(); }));
  CHECK(gentle.code() == 5);
  CHECK(plain.code() == 129);  // 128 and SIGHUP
  REQUIRE(loop.run_out());
  CHECK(stopped == 1);
  CHECK(host.sessions() == 0);
}

TEST_CASE("stop: what ignores SIGHUP gets SIGKILL") {
  TestLoop loop;
  ExecHost host(loop, with_graces(100ms));
  ExecRun run(loop, host.port(), shell("trap '' HUP; echo $$; while :; do sleep 1; done"));
  const int pid = first_number(loop, run.output);
  const ProcessCleanup cleanup(pid);
  int stopped = 0;
  host.stop([&] {
    ++stopped;
    CHECK_FALSE(is_running(pid));
  });
  host.stop_listening();
  REQUIRE(loop.run_until([&] { return stopped > 0 && run.over(); }));
  CHECK(run.code() == 137);  // 128 and SIGKILL
  REQUIRE(loop.run_out());
}

TEST_CASE("stop: a client that does not read does not hold it up") {
  TestLoop loop;
  ExecHost host(loop, with_graces(100ms));
  ExecRun run;
  run.on_started = [&] { run.streams.standard_output.pause(); };
  run.start(loop, host.port(), shell("echo $$ >&2; exec head -c 100000000 /dev/zero"));
  const ProcessCleanup cleanup(first_number(loop, run.error_output));
  loop.run_turns(200);
  CHECK_FALSE(host.logged("exited"));
  bool stopped = false;
  host.stop([&] { stopped = true; });
  host.stop_listening();
  REQUIRE(loop.run_until([&] { return stopped; }));
  run.streams.standard_output.resume();
  REQUIRE(loop.run_out());
  CHECK(run.over());
  CHECK_FALSE((run.status() && run.status()->code == 0));  // not all of its output has come
}

TEST_CASE("stop: with nothing to end it calls back from the loop") {
  TestLoop loop;
  ExecHost host(loop);
  int stopped = 0;
  host.stop([&] { ++stopped; });
  CHECK(stopped == 0);
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(stopped == 1);
}

TEST_CASE("stop: ends connections whose streams are not there yet") {
  TestLoop loop;
  ExecHost host(loop);
  httpstream::Url url;
  url.host = "127.0.0.1";
  url.port = host.port();
  ExecRequest request = shell("exit 1");
  request.pod = "demo";
  url.target = exec_target(request);
  std::shared_ptr<httpstream::Connection> connection;
  httpstream::Dialer(loop.get(), url)
      .dial({std::string(kProtocolV4)}, [&](Result<httpstream::Dialed> dialed) {
        CHECK_THAT(dialed, IsSuccess());
        if (dialed) connection = dialed->connection;
      });
  REQUIRE(loop.run_until([&] { return connection != nullptr; }));
  CHECK(host.sessions() == 1);
  int stopped = 0;
  host.stop([&] { ++stopped; });
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(stopped == 1);
  CHECK(connection->is_closed());
  CHECK_FALSE(host.logged("running"));
}

TEST_CASE(
    "a server and its runtime may be dropped while commands run, which ends them as stop does") {
  TestLoop loop;
  ExecHost host(loop, with_graces(200ms));
  ExecRun run(loop, host.port(), shell("trap '' HUP; echo $$; while :; do sleep 1; done"));
  const int pid = first_number(loop, run.output);
  const ProcessCleanup cleanup(pid);
  host.destroy();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK_FALSE(is_running(pid));
  CHECK(run.code() == 137);
}

TEST_CASE("StreamingServer: stopped inside the handler of stop, and dropped there") {
  TestLoop loop;
  ExecHost host(loop, with_graces(200ms));
  ExecRun run(loop, host.port(), shell("echo $$; exec sleep 1000"));
  const ProcessCleanup cleanup(first_number(loop, run.output));
  int stopped = 0;
  host.stop([&] {
    ++stopped;
    host.stop([&] {
      ++stopped;
      host.destroy();
    });
  });
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(stopped == 2);
  CHECK(run.code() == 129);
}

TEST_CASE("LocalRuntime tells of each process that it starts, and when it is over") {
  TestLoop loop;
  std::vector<int> started;
  std::vector<int> over;
  test::ExecOptions options;
  options.runtime.on_process_started = [&](int pid) {
    CHECK(getsid(pid) == pid);
    started.push_back(pid);
  };
  options.runtime.on_process_over = [&](int pid) { over.push_back(pid); };
  ExecHost host(loop, std::move(options));
  ExecRequest request;
  request.command = {"/no/such/command"};
  ExecRun none(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return none.over() && host.runtime().commands() == 0; }));
  CHECK(started.empty());
  request = test::shell("exit 3");
  request.tty = GENERATE(false, true);
  request.use_stderr = !request.tty;
  ExecRun run(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return run.over() && host.runtime().commands() == 0; }));
  CHECK(started.size() == 1);
  CHECK(over == started);
  host.stop_listening();
  REQUIRE(loop.run_out());
}
