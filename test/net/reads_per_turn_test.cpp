// How much one transport reads in a turn of the loop.

#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/connected_pair.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"

using namespace uvspdy;
using test::RawPeer;
using test::TestLoop;

TEST_CASE("Transport: a turn of the loop reads 512 KiB at most, however much has come") {
  constexpr std::size_t kSent = 16 * 1024 * 1024;
  TestLoop loop;
  auto pair = test::connected_pair(AF_INET);
  RawPeer sender(test::transport_over(loop, std::move(pair[0])));
  const auto receiver = test::transport_over(loop, std::move(pair[1]));
  std::size_t received = 0;
  bool ended = false;
  receiver->set_read_handlers([&](Bytes bytes) { received += bytes.size(); },
                              [&](const Error&) { ended = true; });
  receiver->start_reading();
  sender.send(std::string(kSent, 'x'));
  sender.shut_down();
  std::size_t most = 0;
  REQUIRE(loop.run_until([&, before = received]() mutable {
    most = std::max(most, received - before);
    before = received;
    return ended;
  }));
  CHECK(received == kSent);
  CHECK(most <= 512 * 1024);
  sender.close();
  receiver->close({});
  REQUIRE(loop.run_out());
}
