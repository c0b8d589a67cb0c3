// exec without a terminal, on the server: a stdin that the command reads slowly, or not at all, and
// one that breaks off.

#include <chrono>
#include <csignal>
#include <sstream>
#include <string>
#include <string_view>

#include "kube/client/remote_command_peer.h"
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
using test::shell_with_stdin;
using test::TestLoop;

TEST_CASE("exec: 50 MB of stdin through a slow process: every byte arrives") {
  TestLoop loop;
  ExecHost host(loop);
  constexpr std::size_t kSize = 50'000'000;
  ExecRequest request = shell_with_stdin("sleep 0.2; head -c 1000000 | wc -c; sleep 0.1; wc -c");
  request.pod = "demo";
  ManualClient client(loop, host.port(), request);
  const std::string piece(1'000'000, 'x');
  std::size_t sent = 0;
  client.standard_input->on_writable([&] {
    while (sent < kSize && client.standard_input->writable()) {
      client.type(piece);
      sent += piece.size();
    }
    if (sent == kSize) client.standard_input->close();
  });
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 0);
  CHECK(client.output == "1000000\n49000000\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: stdin that a command's child keeps and does not read holds nothing up") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.output_grace = std::chrono::milliseconds(50);
  ExecHost host(loop, std::move(options));
  ExecRequest request =
      shell_with_stdin("trap 'exit 3' USR1; sleep 1000 <&0 >/dev/null 2>&1 & echo $! $$; wait");
  request.pod = "demo";
  ManualClient client(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return client.shows("\n"); }));
  std::istringstream pids(client.output);
  int child_pid = 0;
  int shell_pid = 0;
  REQUIRE(pids >> child_pid >> shell_pid);
  const ProcessCleanup child(child_pid);
  client.fill_stdin(loop);
  REQUIRE(kill(shell_pid, SIGUSR1) == 0);
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 3);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a client that goes while its stdin is paused and holds bytes leaves nothing") {
  TestLoop loop;
  ExecHost host(loop);
  // In v1 there is no error stream by then that would tell of it.
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV1);
  CAPTURE(protocol);
  ExecRequest request = shell_with_stdin("echo $$; exec sleep 1000");
  request.pod = "demo";
  ManualClient client(loop, host.port(), request, protocol);
  REQUIRE(loop.run_until([&] { return client.shows("\n"); }));
  const int pid = std::stoi(client.output);
  const ProcessCleanup cleanup(pid);
  client.fill_stdin(loop);
  client.connection->abort();
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  CHECK_FALSE(is_running(pid));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a stdin that breaks off is no end for the command, and its status is a failure") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.termination_grace = std::chrono::milliseconds(200);
  ExecHost host(loop, std::move(options));
  // One that ends at SIGHUP, one that does not, and one that ends as if all were well.
  const std::string trap = GENERATE("", "trap '' HUP; ", "trap 'exit 0' HUP; ");
  CAPTURE(trap);
  ExecRequest request = shell_with_stdin(trap +
                                         "echo ready; while read line; do echo \"$line\"; "
                                         "done; echo whole");
  request.pod = "demo";
  ManualClient client(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return client.shows("ready\n"); }));
  client.type("half\n");
  REQUIRE(loop.run_until([&] { return client.shows("half\n"); }));
  client.standard_input->reset();
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.output == "ready\nhalf\n");
  CHECK_FALSE(client.status().success);
  CHECK(client.status().code == 500);
  CHECK(client.status().message.starts_with("the command's stdin broke off: "));
  CHECK(host.logged("stdin broke off"));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("exec: a client that vanishes is no end of the command's stdin") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.termination_grace = std::chrono::milliseconds(100);
  ExecHost host(loop, std::move(options));
  ExecRequest request = shell_with_stdin("trap '' HUP; echo ready; cat >/dev/null; exit 7");
  request.pod = "demo";
  request.use_stderr = false;
  test::RemoteCommandPeer client(loop, host.port(), exec_target(request));
  // Its end is heard of before the error stream's.
  client.create_all({"stdin", "error", "stdout"});
  REQUIRE(loop.run_until([&] { return client.data["stdout"] == "ready\n"; }));
  GENERATE(false, true) ? client.connection->abort() : client.connection->close();
  REQUIRE(loop.run_until([&] { return host.logged("exited with"); }));
  CHECK(host.logged("exited with 137"));  // 128 and SIGKILL
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
}
