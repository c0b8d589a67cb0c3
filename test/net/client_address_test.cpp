#include "net/client_address.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "support/temporary_folder.h"
#include "support/test_loop.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/pipe.h"

using namespace uvspdy;
using namespace uvspdy::net;
using test::IsSuccess;
using test::TestLoop;

TEST_CASE("client_of_peer: an IPv4 address, 64 bits of an IPv6 address, else the name") {
  const std::pair<const char*, const char*> rows[] = {
      {"127.0.0.1:40312", "127.0.0.1"},
      {"[::1]:80", "[::/64]"},
      {"[2001:db8:1:2:3:4:5:6]:80", "[2001:db8:1:2::/64]"},
      {"[2001:db8:1:2::7]:80", "[2001:db8:1:2::/64]"},
      {"[2001:db8:1:3::7]:80", "[2001:db8:1:3::/64]"},
      {"[fe80::1%eth0]:80", "[fe80::/64]"},
      // How a socket of both families names an IPv4 peer.
      {"[::ffff:192.0.2.7]:80", "192.0.2.7"},
      {"[::ffff:192.0.2.8]:80", "192.0.2.8"},
      {"unix:/run/x.sock", "unix:/run/x.sock"},
      {"unix:pid=7", "unix:pid=7"},
      {"a pipe of an embedder", "a pipe of an embedder"},
      {"example.com:80", "example.com:80"},
      {"[x]:80", "[x]:80"},
      {"[", "["},
      {":", ":"},
      {"", ""},
  };
  for (const auto& [peer, client] : rows) {
    CAPTURE(peer);
    CHECK(client_of_peer(peer) == client);
  }
}

TEST_CASE("client_of: of a local socket it is the user") {
  TestLoop loop;
  const test::TemporaryFolder folder;
  std::unique_ptr<Transport> accepted;
  std::unique_ptr<Transport> connected;
  auto listener = Listener::listen_pipe(
      loop.get(), folder.path() + "/x.sock",
      [&](std::unique_ptr<Transport> transport) { accepted = std::move(transport); });
  REQUIRE_THAT(listener, IsSuccess());
  connect_pipe(loop.get(), folder.path() + "/x.sock", test::kDeadline, [&](auto made) {
    CHECK_THAT(made, IsSuccess());
    if (made) connected = std::move(*made);
  });
  REQUIRE(loop.run_until([&] { return accepted && connected; }));
  CHECK(client_of(*accepted) == "unix:uid=" + std::to_string(getuid()));
  accepted->close({});
  CHECK(client_of(*accepted).starts_with("unix:/"));
  connected->close({});
  (*listener)->close();
  REQUIRE(loop.run_out());
}
