// What an exec costs its server that says nothing at the moment: in memory of this process, the
// kernel's buffers and the command itself left out.

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "kube/server/scripted_runtime.h"
#include "support/frame_writer.h"
#include "support/raw_peer.h"

using namespace uvspdy;
using test::IsSuccess;
using test::TestLoop;

namespace {

std::size_t resident_bytes() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// A client that costs next to nothing itself: bytes by hand.
std::unique_ptr<test::RawPeer> start_exec(TestLoop& loop, std::uint16_t port) {
  auto peer = test::RawPeer::connect(loop, port);
  peer->send(
      "POST /exec/default/demo/main?command=x&input=1&output=1&tty=1 HTTP/1.1\r\n"
      "Host: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
      "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n");
  test::FrameWriter writer;
  wire::StreamId id = 1;
  for (const char* type : {"error", "stdin", "stdout", "resize"}) {
    wire::SynStreamFrame frame;
    frame.stream_id = id;
    frame.headers = {{kube::kHeaderStreamType, type}};
    peer->send(writer.bytes(frame));
    id += 2;
  }
  peer->send(writer.data(3, "some input"));
  peer->send(writer.data(7, kube::to_json(kube::TerminalSize{80, 24})));
  return peer;
}

}  // namespace

TEST_CASE("StreamingServer: an idle exec costs its server less than 64 KiB") {
  constexpr std::size_t kConnections = 200;
  constexpr std::size_t kWarmUp = 20;
  TestLoop loop;
  test::StreamingHost host(loop);
  std::vector<std::unique_ptr<test::RawPeer>> clients;
  std::vector<httpstream::StreamReader> inputs;
  std::vector<httpstream::StreamWriter> outputs;
  std::size_t before = 0;
  for (std::size_t i = 0; i < kWarmUp + kConnections; ++i) {
    if (i == kWarmUp) before = resident_bytes();
    clients.push_back(start_exec(loop, host.port()));
    REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == i + 1; }));
    // It has been used, and is idle now.
    const auto& command = host.runtime->commands.back();
    bool read = false;
    auto& input = inputs.emplace_back(command->take_standard_input());
    auto& output = outputs.emplace_back(command->take_standard_output());
    input.on_data([&read](Bytes) { read = true; });
    CHECK_THAT(output.write(Buffer(std::string(20000, 'x'))), IsSuccess());
    REQUIRE(loop.run_until([&] { return read && clients.back()->received().size() > 20000; }));
    input.on_data([](Bytes) {});
  }
  const std::size_t after = resident_bytes();
  REQUIRE(before > 0);
  std::size_t each = (after - std::min(after, before)) / kConnections;
  each -= std::min(each, std::size_t{20000});  // what the client has kept
  INFO("each costs " << each << " bytes");
  CHECK(each > 0);  // or nothing was measured
  CHECK(each < std::size_t{64} * 1024);
  for (const auto& client : clients) client->close();
  host.http->close();
  REQUIRE(loop.run_out());
}
