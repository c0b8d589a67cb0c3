// exec without a terminal, on the server: a stdin that the command does not read.

#include <chrono>
#include <string>
#include <string_view>

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
