// What an exec costs that says nothing at the moment: in memory of this process, the kernel's
// buffers and the command itself left out.

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "kube/remote_command_peer.h"
#include "kube/scripted_runtime.h"

using namespace uvspdy;
using test::TestLoop;

namespace {

std::size_t resident_bytes() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("StreamingServer: an idle exec costs less than 64 KiB, its client's side included") {
  constexpr std::size_t kConnections = 200;
  constexpr std::size_t kWarmUp = 20;
  constexpr std::size_t kOutput = 300000;
  TestLoop loop;
  test::StreamingHost host(loop);
  std::vector<std::unique_ptr<test::RemoteCommandPeer>> clients;
  std::size_t before = 0;
  for (std::size_t i = 0; i < kWarmUp + kConnections; ++i) {
    if (i == kWarmUp) before = resident_bytes();
    clients.push_back(std::make_unique<test::RemoteCommandPeer>(
        loop, host.port(), "/exec/default/demo/main?command=x&input=1&output=1&tty=1"));
    auto& client = *clients.back();
    client.create_all({"error", "stdin", "stdout", "resize"});
    REQUIRE(loop.run_until([&] { return host.runtime->sessions.size() == i + 1; }));
    // It has been used, and is idle now.
    std::size_t received = 0;
    client.streams["stdout"]->on_data([&received](Bytes bytes) { received += bytes.size(); });
    const auto& output = host.runtime->sessions.back()->standard_output();
    CHECK_FALSE(output->write(Buffer(std::string(kOutput, 'x'))));
    REQUIRE(loop.run_until([&] { return received == kOutput; }));
    client.streams["stdout"]->on_data([](Bytes) {});
  }
  const std::size_t after = resident_bytes();
  REQUIRE(before > 0);
  const std::size_t each = (after - std::min(after, before)) / kConnections;
  INFO("each costs " << each << " bytes");
  CHECK(each > 0);  // or nothing was measured
  CHECK(each < std::size_t{64} * 1024);
  for (const auto& client : clients) client->connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}
