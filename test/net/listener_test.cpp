#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/descriptor.h"
#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/transport.h"

using namespace uvspdy;
using net::Listener;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;

namespace {

/// A client by hand, which needs no descriptor but its own.
net::Descriptor client_of(const std::string& address, std::uint16_t port) {
  const auto target = net::parse_address(address, port);
  REQUIRE(target);
  net::Descriptor client(socket(target->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0));
  if (::connect(client.get(), net::base_of(*target), sizeof(sockaddr_in6)) != 0) {
    REQUIRE(errno == EINPROGRESS);
  }
  return client;
}

/// Lets the process open no further descriptor until it goes.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit lowered = before_;
    {
      const net::Descriptor lowest_free(dup(0));
      REQUIRE(lowest_free);
      lowered.rlim_cur = static_cast<rlim_t>(lowest_free.get());
    }
    REQUIRE(setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

/// Listens with handlers of types that another listener has had before. UBSan looks at a type
/// when it meets an object of that type first, and needs descriptors for that.
template <class OnAccept, class OnError>
Result<std::unique_ptr<Listener>> listen_as_before(TestLoop& loop, const OnAccept& on_accept,
                                                   const OnError& on_error) {
  const auto first = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, on_accept, on_error);
  REQUIRE_THAT(first, IsSuccess());
  (*first)->close();
  return Listener::listen_tcp(loop.get(), "127.0.0.1", 0, on_accept, on_error);
}

}  // namespace

TEST_CASE("Listener: port 0 picks a free one, and accepting begins with the loop") {
  TestLoop loop;
  int accepted = 0;
  auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", 0,
                                       [&](std::unique_ptr<net::Transport>) { ++accepted; });
  auto other = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  REQUIRE_THAT(other, IsSuccess());
  CHECK((*listener)->port() != 0);
  CHECK((*listener)->port() != (*other)->port());
  CHECK(accepted == 0);
  const auto peer = RawPeer::connect(loop, (*listener)->port());
  REQUIRE(loop.run_until([&] { return accepted == 1; }));
  // The transport was dropped in the handler: its peer sees the end.
  REQUIRE(loop.run_until([&] { return peer->ended(); }));
  (*listener)->close();
  (*other)->close();
  peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: addresses that are not numeric are refused by name") {
  TestLoop loop;
  const std::string address = GENERATE("", "localhost", "127.0.0", "127.0.0.1:80", "256.0.0.1",
                                       "[::1]", "::g", " 127.0.0.1");
  CAPTURE(address);
  const auto listener = Listener::listen_tcp(loop.get(), address, 0, [](auto) {});
  REQUIRE_FALSE(listener);
  CHECK(listener.error().code() == net::Errc::kBadAddress);
  CHECK(listener.error().message().find("'" + address + "'") != std::string::npos);
}

TEST_CASE("Listener: an address in use is libuv's error and names the address") {
  TestLoop loop;
  const auto first = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(first, IsSuccess());
  const std::uint16_t port = (*first)->port();
  const auto second = Listener::listen_tcp(loop.get(), "127.0.0.1", port, [](auto) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == std::error_code(UV_EADDRINUSE, net::uv_category()));
  CHECK(second.error().message().find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
}

TEST_CASE("Listener: closed, it accepts no more, and what it has accepted lives on") {
  TestLoop loop;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<RawPeer> accepted;
  int calls = 0;
  // In the handler, by closing or by destroying: the two ways to stop.
  const bool destroy = GENERATE(false, true);
  auto listening = Listener::listen_tcp(
      loop.get(), "127.0.0.1", 0, [&](std::unique_ptr<net::Transport> transport) {
        ++calls;
        accepted = std::make_unique<RawPeer>(std::move(transport));
        accepted->start_reading();
        if (destroy) {
          listener.reset();
        } else {
          listener->close();
          listener->close();
        }
      });
  REQUIRE_THAT(listening, IsSuccess());
  listener = std::move(*listening);
  const std::uint16_t port = listener->port();
  // The second waits in the queue while the handler of the first stops the listener.
  std::optional<Error> second;
  const auto first = RawPeer::connect(loop, port);
  REQUIRE(loop.run_until([&] { return accepted != nullptr; }));
  net::connect_tcp(loop.get(), "127.0.0.1", port, test::kDeadline,
                   [&](Result<std::unique_ptr<net::Transport>> transport) {
                     second = transport ? Error() : transport.error();
                   });
  REQUIRE(loop.run_until([&] { return second.has_value(); }));
  CHECK(second->code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));

  first->send("still there?");
  REQUIRE(loop.run_until([&] { return accepted->received() == "still there?"; }));
  CHECK(calls == 1);
  first->close();
  REQUIRE(loop.run_until([&] { return accepted->ended(); }));
  CHECK_THAT(accepted->end(), IsSuccess());
  accepted->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: several connections that wait are all accepted") {
  TestLoop loop;
  test::RawServer server(loop);
  std::vector<std::unique_ptr<RawPeer>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(RawPeer::connect(loop, server.port()));
  for (auto& client : clients) client->send("hello");
  REQUIRE(loop.run_until([&] {
    return server.peers.size() == clients.size() &&
           std::all_of(server.peers.begin(), server.peers.end(),
                       [](const auto& peer) { return peer->received() == "hello"; });
  }));
  server.close();
  server.peers.clear();
  REQUIRE(loop.run_until([&] {
    return std::all_of(clients.begin(), clients.end(),
                       [](const auto& client) { return client->ended(); });
  }));
  clients.clear();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: says where it listens") {
  TestLoop loop;
  const auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  CHECK((*listener)->address() == "127.0.0.1:" + std::to_string((*listener)->port()));
  (*listener)->close();
  // Still, for messages.
  CHECK((*listener)->address() == "127.0.0.1:" + std::to_string((*listener)->port()));
}

TEST_CASE("Listener: the IPv6 wildcard takes IPv4 too, unless told not to") {
  TestLoop loop;
  net::ListenOptions options;
  options.ipv6_only = GENERATE(false, true);
  int accepted = 0;
  const auto listener = Listener::listen_tcp(
      loop.get(), "::", 0, [&](auto) { ++accepted; }, {}, options);
  if (!listener) SKIP_TEST("no IPv6: " + listener.error().message());
  CHECK((*listener)->address() == "[::]:" + std::to_string((*listener)->port()));
  std::optional<bool> connected;
  net::connect_tcp(loop.get(), "127.0.0.1", (*listener)->port(), test::kDeadline,
                   [&](auto transport) { connected = static_cast<bool>(transport); });
  REQUIRE(loop.run_until([&] { return connected.has_value(); }));
  CHECK(*connected == !options.ipv6_only);
  net::connect_tcp(loop.get(), "::1", (*listener)->port(), test::kDeadline,
                   [](auto transport) { CHECK_THAT(transport, IsSuccess()); });
  const int expected = options.ipv6_only ? 1 : 2;
  REQUIRE(loop.run_until([&] { return accepted == expected; }));
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: several may share a port, if each says so, and each gets connections") {
  TestLoop loop;
  net::ListenOptions options;
  options.reuse_port = true;
  int first_count = 0;
  int second_count = 0;
  const auto first = Listener::listen_tcp(
      loop.get(), "127.0.0.1", 0, [&](auto) { ++first_count; }, {}, options);
  REQUIRE_THAT(first, IsSuccess());
  const std::uint16_t port = (*first)->port();
  const auto second = Listener::listen_tcp(
      loop.get(), "127.0.0.1", port, [&](auto) { ++second_count; }, {}, options);
  REQUIRE_THAT(second, IsSuccess());
  const auto selfish = Listener::listen_tcp(loop.get(), "127.0.0.1", port, [](auto) {});
  REQUIRE_FALSE(selfish);
  CHECK(selfish.error().code() == std::error_code(UV_EADDRINUSE, net::uv_category()));

  // By a hash of the client's port: 64 in a row for one listener would be a chance of 2^-63.
  std::vector<net::Descriptor> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(client_of("127.0.0.1", port));
  REQUIRE(loop.run_until([&] { return first_count + second_count == 64; }));
  CHECK(first_count > 0);
  CHECK(second_count > 0);

  // What is left goes on alone.
  (*first)->close();
  const int before = second_count;
  clients.push_back(client_of("127.0.0.1", port));
  REQUIRE(loop.run_until([&] { return second_count == before + 1; }));
  (*second)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: out of descriptors it keeps connections waiting, tells once, and recovers") {
  TestLoop loop;
  std::vector<std::unique_ptr<RawPeer>> accepted;
  std::vector<Error> errors;
  std::vector<std::uint64_t> told_at;  // by the loop's clock, in ms
  const auto listener = listen_as_before(
      loop,
      [&](auto transport) { accepted.push_back(std::make_unique<RawPeer>(std::move(transport))); },
      [&](const Error& error) {
        errors.push_back(error);
        told_at.push_back(uv_now(loop.get()));
      });
  REQUIRE_THAT(listener, IsSuccess());
  std::vector<net::Descriptor> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(client_of("127.0.0.1", (*listener)->port()));
  {
    const NoDescriptors full;
    int turns = 0;
    REQUIRE(loop.run_until([&] {
      ++turns;
      return errors.size() == 2;
    }));
    CHECK(accepted.empty());
    for (const Error& error : errors) {
      CHECK(error.code() == std::error_code(UV_EMFILE, net::uv_category()));
      CHECK(test::mentions(error.message(), {"accept on " + (*listener)->address(), "EMFILE"}));
    }
    CHECK(told_at[1] - told_at[0] >= 1000);
    // Ten tries in that second, each of a few turns; a loop that does not rest has many thousands.
    CHECK(turns < 1000);
  }
  // None was lost.
  REQUIRE(loop.run_until([&] { return accepted.size() == clients.size(); }));
  clients.clear();
  for (auto& peer : accepted) peer->start_reading();
  REQUIRE(loop.run_until([&] {
    return std::all_of(accepted.begin(), accepted.end(),
                       [](const auto& peer) { return peer->ended(); });
  }));
  accepted.clear();
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: the last descriptor for the last connection is no error") {
  TestLoop loop;
  std::optional<NoDescriptors> full;
  std::unique_ptr<net::Transport> accepted;
  int errors = 0;
  const auto listener = listen_as_before(
      loop,
      [&](auto transport) {
        accepted = std::move(transport);
        full.emplace();
      },
      [&](const Error&) { ++errors; });
  REQUIRE_THAT(listener, IsSuccess());
  const net::Descriptor client = client_of("127.0.0.1", (*listener)->port());
  REQUIRE(loop.run_until([&] { return accepted != nullptr; }));
  loop.run_turns(3);
  full.reset();
  CHECK(errors == 0);
  accepted.reset();
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Listener: may be closed or destroyed inside its error handler, and while it waits") {
  TestLoop loop;
  std::unique_ptr<Listener> listener;
  int errors = 0;
  const bool destroy = GENERATE(false, true);
  const bool inside = GENERATE(false, true);
  // Freed with the handlers.
  const auto token = std::make_shared<int>(1);
  const auto stop = [&] {
    if (destroy) {
      listener.reset();
    } else {
      listener->close();
    }
  };
  auto listening = listen_as_before(
      loop, [](auto) { FAIL_CHECK("accepted"); },
      [&, token](const Error&) {
        if (inside) stop();
        errors += *token;
      });
  REQUIRE_THAT(listening, IsSuccess());
  listener = std::move(*listening);
  const net::Descriptor client = client_of("127.0.0.1", listener->port());
  const NoDescriptors full;
  REQUIRE(loop.run_until([&] { return errors > 0; }));
  if (!inside) stop();
  REQUIRE(loop.run_out());
  CHECK(errors == 1);
}

TEST_CASE("Listener: closed, it holds no handlers any more") {
  TestLoop loop;
  const auto token = std::make_shared<int>(1);
  auto listening = Listener::listen_tcp(
      loop.get(), "127.0.0.1", 0, [token](auto) {}, [token](const Error&) {});
  REQUIRE_THAT(listening, IsSuccess());
  CHECK(token.use_count() == 3);
  (*listening)->close();
  CHECK(token.use_count() == 1);

  // The one that runs lives until it is through.
  std::unique_ptr<Listener> listener;
  int calls = 0;
  listening = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [&, token](auto) {
    listener->close();
    CHECK(token.use_count() == 2);
    calls += *token;
  });
  REQUIRE_THAT(listening, IsSuccess());
  listener = std::move(*listening);
  const net::Descriptor client = client_of("127.0.0.1", listener->port());
  REQUIRE(loop.run_until([&] { return calls == 1; }));
  CHECK(token.use_count() == 1);
  REQUIRE(loop.run_out());
}

TEST_CASE("is_loopback: the machine's own addresses and no others") {
  struct Row {
    const char* address;
    bool loopback;
  };
  const Row rows[] = {{"127.0.0.1", true},  {"127.255.255.254", true},
                      {"::1", true},        {"0:0:0:0:0:0:0:1", true},
                      {"0.0.0.0", false},   {"::", false},
                      {"128.0.0.1", false}, {"126.255.255.255", false},
                      {"10.0.0.1", false},  {"::2", false},
                      {"fe80::1", false},   {"localhost", false},
                      {"", false},          {"127.0.0.1:80", false}};
  // What stands behind a zero byte is part of it.
  CHECK_FALSE(net::is_loopback(std::string("127.0.0.1\0.example.com", 22)));
  CHECK_FALSE(net::is_loopback(std::string("::1\0", 4)));
  for (const Row& row : rows) {
    CAPTURE(row.address);
    CHECK(net::is_loopback(row.address) == row.loopback);
  }
}
