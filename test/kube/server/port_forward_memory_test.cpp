// What forwarded connections cost, counted at operator new: client, server and target of each are
// in this process.

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "kube/client/port_forward_client_fixture.h"
#include "support/memory_count.h"
#include "support/patterned_text.h"

using namespace uvspdy;
using test::Forwarded;
using test::IsSuccess;
using test::MemoryCount;
using test::patterned_text;
using test::PortForwardHost;
using test::RawServer;
using test::TestForwarder;
using test::TestLoop;

namespace {

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Sends a text to the target and back, and ends both directions.
void use(TestLoop& loop, TestForwarder& forwarder, RawServer& target, const std::string& text) {
  const std::size_t before = target.peers.size();
  const auto connection = forwarder.forward(target.port());
  connection->local->send(text);
  connection->local->shut_down();
  REQUIRE(
      loop.run_until([&] { return target.peers.size() > before && target.peers.back()->ended(); }));
  target.peers.back()->send(text);
  target.peers.back()->shut_down();
  REQUIRE(loop.run_until([&] { return connection->done && connection->local->ended(); }));
  REQUIRE_THAT(*connection->done, IsSuccess());
  REQUIRE(connection->local->received() == text);
  target.peers.clear();
}

}  // namespace

TEST_CASE("Port-forward: an idle forwarded connection costs less than 64 KiB, both ends together") {
  TestLoop loop;
  PortForwardHost host(loop);
  TestForwarder forwarder(loop, host.port());
  RawServer target(loop);
  constexpr std::size_t kConnections = 100;
  const std::string text = patterned_text(200000);
  use(loop, forwarder, target, text);
  const MemoryCount memory;
  std::vector<std::unique_ptr<Forwarded>> idle;
  const bool used = GENERATE(false, true);
  std::vector<std::size_t> received;
  for (std::size_t i = 0; i < kConnections; ++i) {
    idle.push_back(forwarder.forward(target.port()));
    REQUIRE(loop.run_until([&] { return target.peers.size() == i + 1; }));
    // Not kept by the test's own ends: a line.
    for (int line = 0; used && line < 100; ++line) {
      idle.back()->local->send("0123456789");
      target.peers.back()->send("0123456789");
    }
    if (used) {
      REQUIRE(loop.run_until([&] {
        return idle.back()->local->received().size() == 1000 &&
               target.peers.back()->received().size() == 1000;
      }));
    }
  }
  const std::size_t each = memory.held() / kConnections;
  INFO("each costs " << each << " bytes");
  CHECK(each > 0);  // or nothing was measured
  CHECK(each < std::size_t{64} * 1024);
  target.close();
  forwarder.close(host);
}

TEST_CASE("Port-forward: memory and descriptors return after 2,000 connections") {
  TestLoop loop;
  PortForwardHost host(loop);
  TestForwarder forwarder(loop, host.port());
  RawServer target(loop);
  const std::string text = patterned_text(3000);
  for (int i = 0; i < 200; ++i) use(loop, forwarder, target, text);
  loop.run_turns(10);
  const std::size_t descriptors = open_descriptors();
  const MemoryCount memory;
  for (int i = 0; i < 2000; ++i) use(loop, forwarder, target, text);
  loop.run_turns(10);
  const std::size_t held = memory.held();
  CHECK(open_descriptors() == descriptors);
  INFO(held << " bytes more are held");
  CHECK(held < std::size_t{16} * 1024);
  CHECK(memory.allocations() > 2000);  // or nothing was measured
  target.close();
  forwarder.close(host);
}
