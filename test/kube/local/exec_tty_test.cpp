// exec with a terminal, from the client's side of the connection.

#include <chrono>
#include <memory>
#include <string>

#include "kube/local/attach_fixture.h"
#include "kube/local/exec_fixture.h"
#include "support/processes.h"
#include "support/test_loop.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecHost;
using test::is_running;
using test::ManualClient;
using test::ProcessCleanup;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

ExecRequest shell_on_tty(std::string script) {
  ExecRequest request = test::shell_with_stdin(std::move(script));
  request.pod = "demo";
  request.tty = true;
  return request;
}

test::ExecOptions with_graces(std::chrono::milliseconds grace) {
  test::ExecOptions options;
  options.runtime.termination_grace = grace;
  options.runtime.output_grace = grace;
  return options;
}

int number_behind(TestLoop& loop, const ManualClient& client, const std::string& mark) {
  std::size_t at = std::string::npos;
  REQUIRE(loop.run_until([&] {
    at = client.output.find(mark);
    return at != std::string::npos && client.output.find('\n', at) != std::string::npos;
  }));
  return std::stoi(client.output.substr(at + mark.size()));
}

}  // namespace

TEST_CASE("exec with a tty: both outputs in one, sizes, keys, and the exit code") {
  TestLoop loop;
  ExecHost host(loop);
  ManualClient client(loop, host.port(),
                      shell_on_tty("trap 'stty size' WINCH; trap 'exit 3' INT; echo ready >&2; "
                                   "while :; do sleep 0.02; done"));
  REQUIRE(loop.run_until([&] { return client.shows("ready\r\n"); }));
  client.set_size({132, 43});
  REQUIRE(loop.run_until([&] { return client.shows("43 132\r\n"); }));
  client.set_size({80, 24});
  REQUIRE(loop.run_until([&] { return client.shows("24 80\r\n"); }));
  client.type("\x03");
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 3);
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("exec with a tty: the command starts with the size") {
  TestLoop loop;
  ExecHost host(loop);
  ManualClient client(loop, host.port(), shell_on_tty("stty size"), kProtocolV4, {9, 7});
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.output == "7 9\r\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec with a tty: much output, all of it before the status") {
  TestLoop loop;
  ExecHost host(loop);
  ManualClient client(loop, host.port(), shell_on_tty("stty -onlcr; seq 1 200000; exit 5"));
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 5);
  CHECK(client.output.size() == 1288895);  // the digits and line ends of 1 to 200000
  CHECK(client.output.ends_with("\n200000\n"));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec with a tty: without stdin, without stdout") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell_on_tty("test -t 0 && seq 1 20000 && echo done; exit 4");
  SECTION("without stdin") { request.use_stdin = false; }
  SECTION("without stdout") { request.use_stdout = false; }
  ManualClient client(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 4);
  CHECK(client.shows("done\r\n") == request.use_stdout);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec with a tty: the end of stdin is none for the command, Ctrl-D is") {
  TestLoop loop;
  ExecHost host(loop);
  ManualClient client(loop, host.port(), shell_on_tty("echo ready; cat; echo over"));
  REQUIRE(loop.run_until([&] { return client.shows("ready\r\n"); }));
  client.type("words\n");
  SECTION("FIN") {
    client.standard_input->close();
    REQUIRE(loop.run_until([&] { return client.shows("words\r\nwords\r\n"); }));
    loop.run_turns(100);
    CHECK_FALSE(client.ended);
    client.connection->close();
  }
  SECTION("Ctrl-D") {
    client.type("\x04");
    REQUIRE(loop.run_until([&] { return client.ended; }));
    CHECK(client.code() == 0);
    CHECK(client.output.ends_with("over\r\n"));
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("exec with a tty: a client that vanishes: the terminal hangs up") {
  TestLoop loop;
  ExecHost host(loop, with_graces(100ms));
  SECTION("the command ends by SIGHUP") {
    ManualClient client(loop, host.port(), shell_on_tty("echo pid=$$; exec sleep 1000"));
    const int pid = number_behind(loop, client, "pid=");
    const ProcessCleanup cleanup(pid);
    client.connection->abort();
    REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
    CHECK(host.logged("exited with 129"));
    CHECK_FALSE(is_running(pid));
  }
  SECTION("a job in the foreground that ignores SIGHUP gets SIGKILL") {
    ManualClient client(
        loop, host.port(),
        shell_on_tty("set -m; sh -c 'trap \"\" HUP; echo pid=$$; sleep 1000; :'; exit 0"));
    const int pid = number_behind(loop, client, "pid=");
    const ProcessCleanup cleanup(pid);
    client.connection->abort();
    REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
    CHECK(loop.poll_until([&] { return !is_running(pid); }));
  }
  SECTION("one that does not read its stdin, which is paused and holds bytes") {
    ManualClient client(loop, host.port(), shell_on_tty("echo pid=$$; exec sleep 1000"));
    const int pid = number_behind(loop, client, "pid=");
    const ProcessCleanup cleanup(pid);
    client.fill_stdin(loop);
    client.connection->abort();
    REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
    CHECK_FALSE(is_running(pid));
  }
  SECTION("a command without stdout and stdin, too") {
    ExecRequest request = shell_on_tty("exec sleep 1000");
    request.use_stdin = false;
    ManualClient client(loop, host.port(), request);
    REQUIRE(loop.run_until([&] { return host.logged("running"); }));
    client.connection->abort();
    REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
    CHECK(host.logged("exited with 129"));
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec with a tty: a child that keeps the terminal does not hold up the end") {
  TestLoop loop;
  ExecHost host(loop, with_graces(100ms));
  ManualClient client(loop, host.port(),
                      shell_on_tty("trap '' HUP; sleep 1000 & echo pid=$!; seq 1 2000; exit 6"));
  const ProcessCleanup cleanup(number_behind(loop, client, "pid="));
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 6);
  CHECK(client.output.ends_with("\r\n2000\r\n"));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec with a tty: a command that there is not") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell_on_tty("");
  request.command = {"uvspdy-has-no-such-command"};
  ManualClient client(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 127);
  CHECK(client.status().message == "exec: 'uvspdy-has-no-such-command': no such file or command");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec with a tty: a server that stops ends the command and tells its client") {
  TestLoop loop;
  ExecHost host(loop, with_graces(1h));
  ManualClient client(
      loop, host.port(),
      shell_on_tty("trap 'echo bye; exit 8' HUP; echo ready; while :; do sleep 0.02; done"));
  REQUIRE(loop.run_until([&] { return client.shows("ready"); }));
  bool stopped = false;
  host.stop([&] { stopped = true; });
  host.stop_listening();
  REQUIRE(loop.run_until([&] { return stopped && client.ended; }));
  CHECK(client.code() == 8);
  CHECK(client.output.ends_with("bye\r\n"));
  REQUIRE(loop.run_out());
}
