// How many clients an HttpServer takes, and whom it closes when more come. 127.0.0.1, 127.0.0.2 and
// so on are different clients.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/descriptors.h"
#include "support/mentions.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/http_server.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::mentions;
using test::RawPeer;
using test::TestLoop;

namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr const char* kUpgrade =
    "POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n";

using Peers = std::vector<std::unique_ptr<RawPeer>>;

/// A server that keeps the exchanges that it is handed, or answers them.
struct Server {
  TestLoop& loop;
  bool answers = true;
  std::vector<std::string> log;
  std::vector<std::shared_ptr<HttpExchange>> exchanges;
  std::unique_ptr<HttpServer> http;

  Server(TestLoop& on, HttpServerOptions options) : loop(on) {
    options.log = [this](std::string_view line) { log.emplace_back(line); };
    auto listening = HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](std::shared_ptr<HttpExchange> exchange) {
          if (answers) return exchange->respond({.body = "served"});
          exchanges.push_back(std::move(exchange));
        },
        std::move(options));
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }

  std::unique_ptr<RawPeer> connect(const char* from) const {
    return RawPeer::connect_from(loop, from, http->port());
  }
  std::unique_ptr<RawPeer> send(const char* from, const char* request) const {
    auto client = connect(from);
    client->send(request);
    return client;
  }
  /// Runs the loop until the server has accepted so many connections.
  void wait_for(std::size_t connections) const {
    REQUIRE(loop.run_until([&] { return http->stats().connections == connections; }));
  }

  void close(const Peers& peers) {
    for (const auto& peer : peers) peer->close();
    exchanges.clear();
    http->close();
    REQUIRE(loop.run_out());
  }
};

std::ptrdiff_t ended(const Peers& peers) {
  return std::count_if(peers.begin(), peers.end(), [](const auto& peer) { return peer->ended(); });
}

bool served(const RawPeer& client) { return client.received().ends_with("served"); }

}  // namespace

TEST_CASE("HttpServer: an address that opens silent connections without end stops no newcomer") {
  TestLoop loop;
  Server server(loop, {.max_pending = 16});
  // It came before the attack, and is slow.
  const auto slow = server.connect("127.0.0.3");
  slow->send("GET / HTTP/1.1\r\n");
  server.wait_for(1);
  Peers silent;
  // Whoever is closed comes again.
  const auto attack = [&] {
    for (const auto& peer : silent) {
      if (peer->ended()) peer->close();
    }
    std::erase_if(silent, [](const auto& peer) { return peer->ended(); });
    while (silent.size() < 64) silent.push_back(server.connect("127.0.0.1"));
  };
  attack();
  for (int i = 0; i < 20; ++i) {
    const auto newcomer = server.send(i % 2 == 0 ? "127.0.0.2" : "127.0.0.1", kGet);
    REQUIRE(loop.run_until([&] { return newcomer->ended(); }));
    CHECK(served(*newcomer));
    newcomer->close();
    attack();
  }
  CHECK_FALSE(slow->ended());
  slow->send("Host: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return slow->ended(); }));
  CHECK(served(*slow));
  const HttpServerStats stats = server.http->stats();
  CHECK(stats.pending <= 16);
  CHECK(stats.given_up >= 48);
  CHECK(stats.refused_connections == 0);
  // Not a line for each: `log_limits`.
  CHECK(server.log.size() <= 200);
  REQUIRE_FALSE(server.log.empty());
  CHECK(mentions(server.log[0], {"127.0.0.1:", "max_pending = 16"}));
  slow->close();
  server.close(silent);
}

TEST_CASE("HttpServer by TLS: silent connections of one address stop no newcomer") {
  TestLoop loop;
  Server server(loop, {.tls = test::server_context(), .max_pending = 16});
  Peers silent;
  for (int i = 0; i < 64; ++i) silent.push_back(server.connect("127.0.0.1"));
  // Half a record, which is what a handshake waits for.
  for (std::size_t i = 0; i < silent.size(); i += 2) silent[i]->send("\x16\x03\x01\x01");
  for (int i = 0; i < 10; ++i) {
    test::HandshakeResult handshake;
    net::tls_connect(RawPeer::connected_from(loop, "127.0.0.2", server.http->port()),
                     test::client_context(), "localhost", test::kDeadline, handshake.handler());
    silent.push_back(server.connect("127.0.0.1"));
    REQUIRE(loop.run_until([&] { return handshake.done; }));
    INFO(handshake.error.message());
    REQUIRE(handshake.transport != nullptr);
    RawPeer newcomer(std::move(handshake.transport));
    newcomer.start_reading();
    newcomer.send(kGet);
    REQUIRE(loop.run_until([&] { return newcomer.ended(); }));
    CHECK(served(newcomer));
    newcomer.close();
  }
  CHECK(server.http->stats().given_up >= 48);
  server.close(silent);
}

TEST_CASE("HttpServer: where all addresses have one silent connection, the oldest is closed") {
  TestLoop loop;
  Server server(loop, {.max_pending = 2});
  Peers peers;
  for (const char* from : {"127.0.0.1", "127.0.0.2"}) {
    peers.push_back(server.connect(from));
    server.wait_for(peers.size());
  }
  peers.push_back(server.connect("127.0.0.3"));
  REQUIRE(loop.run_until([&] { return peers[0]->ended(); }));
  loop.run_turns(5);
  CHECK(ended(peers) == 1);
  CHECK(peers[0]->received().empty());
  server.close(peers);
}

TEST_CASE("HttpServer: past max_pending_per_address an address closes its own oldest") {
  TestLoop loop;
  Server server(loop, {.max_pending_per_address = 2});
  Peers peers;
  for (const char* from : {"127.0.0.1", "127.0.0.2", "127.0.0.1"}) {
    peers.push_back(server.connect(from));
    server.wait_for(peers.size());
  }
  peers.push_back(server.send("127.0.0.1", kGet));
  REQUIRE(loop.run_until([&] { return peers[3]->ended() && peers[0]->ended(); }));
  CHECK(served(*peers[3]));
  CHECK(ended(peers) == 2);
  REQUIRE(server.log.size() == 1);
  CHECK(mentions(server.log[0], {"127.0.0.1:", "max_pending_per_address = 2"}));
  server.close(peers);
}

TEST_CASE("HttpServer: connections whose request has come are not closed for others") {
  TestLoop loop;
  const bool for_each = GENERATE(false, true);
  Server server(loop, for_each ? HttpServerOptions{.max_connections_per_address = 2}
                               : HttpServerOptions{.max_connections = 2});
  server.answers = false;
  Peers peers;
  peers.push_back(server.send("127.0.0.1", kUpgrade));
  peers.push_back(server.connect("127.0.0.1"));
  REQUIRE(loop.run_until([&] { return server.exchanges.size() == 1; }));
  server.wait_for(2);
  // The silent one goes for the next, and then nobody does.
  peers.push_back(server.send("127.0.0.1", kUpgrade));
  REQUIRE(loop.run_until([&] { return server.exchanges.size() == 2 && peers[1]->ended(); }));
  peers.push_back(server.send("127.0.0.1", kUpgrade));
  REQUIRE(loop.run_until([&] { return peers[3]->ended(); }));
  CHECK(peers[3]->received().empty());
  CHECK_FALSE(peers[0]->ended());
  CHECK_FALSE(peers[2]->ended());
  CHECK(server.http->stats().refused_connections == 1);
  REQUIRE(server.log.size() == 2);
  CHECK(mentions(server.log[1], {for_each ? "max_connections_per_address = 2"  //
                                          : "max_connections = 2"}));
  peers.push_back(server.send("127.0.0.2", kUpgrade));
  if (for_each) {
    REQUIRE(loop.run_until([&] { return server.exchanges.size() == 3; }));
  } else {
    REQUIRE(loop.run_until([&] { return peers[4]->ended(); }));
  }
  // A place is free again as soon as a connection has closed, whoever has it.
  HttpExchange::Connected taken = server.exchanges[0]->take_over();
  const std::size_t before = server.http->stats().connections;
  SECTION("closed") { taken.transport->close({}); }
  SECTION("aborted") { taken.transport->abort({}); }
  SECTION("destroyed") { taken.transport.reset(); }
  CHECK(server.http->stats().connections == before - 1);
  const std::size_t requests = server.exchanges.size();
  peers.push_back(server.send("127.0.0.1", kUpgrade));
  REQUIRE(loop.run_until([&] { return server.exchanges.size() == requests + 1; }));
  taken = {};
  server.close(peers);
}

TEST_CASE("HttpServer: who has its answer and does not leave makes room for newcomers") {
  TestLoop loop;
  Server server(loop, {.max_connections = 4});
  Peers peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(server.send("127.0.0.1", kGet));
    peers.back()->stop_reading();  // it does not see the end, and so does not leave
    server.wait_for(peers.size());
  }
  REQUIRE(loop.run_until([&] { return server.http->stats().pending == 0; }));
  const auto newcomer = server.send("127.0.0.2", kGet);
  REQUIRE(loop.run_until([&] { return newcomer->ended(); }));
  CHECK(served(*newcomer));
  CHECK(server.http->stats().given_up == 1);
  newcomer->close();
  server.close(peers);
}

TEST_CASE("HttpServer: upgrades beyond upgrades_per_second are answered with 429") {
  TestLoop loop;
  const bool for_each = GENERATE(false, true);
  Server server(loop, for_each ? HttpServerOptions{.upgrades_per_second_per_address = 2}
                               : HttpServerOptions{.upgrades_per_second = 2});
  server.answers = false;
  Peers peers;
  for (int i = 0; i < 2; ++i) peers.push_back(server.send("127.0.0.1", kUpgrade));
  REQUIRE(loop.run_until([&] { return server.exchanges.size() == 2; }));
  // So many at once that a token which comes meanwhile is of no use.
  for (int i = 0; i < 200; ++i) peers.push_back(server.send("127.0.0.1", kUpgrade));
  REQUIRE(loop.run_until([&] { return server.http->stats().refused_upgrades > 0; }));
  REQUIRE(loop.run_until([&] { return ended(peers) > 0; }));
  const auto refused =
      std::find_if(peers.begin(), peers.end(), [](const auto& peer) { return peer->ended(); });
  CHECK((*refused)->received().starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK((*refused)->received().find("Retry-After: 1\r\n") != std::string::npos);
  // What asks for no upgrade is served, and so are others, unless the limit is for all.
  const std::size_t before = server.exchanges.size();
  peers.push_back(server.send("127.0.0.1", kGet));
  if (for_each) peers.push_back(server.send("127.0.0.2", kUpgrade));
  REQUIRE(loop.run_until([&] { return server.exchanges.size() >= before + (for_each ? 2 : 1); }));
  server.close(peers);
}

TEST_CASE("HttpServer: its log is bounded for each address") {
  TestLoop loop;
  Server server(loop, {.log_limits = {.burst = 3, .per_second = 0}});
  Peers peers;
  for (int i = 0; i < 10; ++i) peers.push_back(server.send("127.0.0.1", "bad\r\n\r\n"));
  REQUIRE(loop.run_until([&] { return ended(peers) == 10; }));
  CHECK(server.log.size() == 3);
  peers.push_back(server.send("127.0.0.2", "bad\r\n\r\n"));
  REQUIRE(loop.run_until([&] { return ended(peers) == 11; }));
  CHECK(server.log.size() == 4);
  server.close(peers);
}

TEST_CASE("HttpServer by TLS: its log is bounded for each address") {
  TestLoop loop;
  Server server(loop, {.tls = test::server_context(), .log_limits = {.burst = 3, .per_second = 0}});
  Peers peers;
  for (int i = 0; i < 10; ++i) peers.push_back(server.send("127.0.0.1", "no TLS at all"));
  REQUIRE(loop.run_until([&] { return ended(peers) == 10; }));
  for (const auto& peer : peers) peer->shut_down();
  REQUIRE(loop.run_until([&] { return server.http->stats().connections == 0; }));
  CHECK(server.log.size() == 3);
  server.close(peers);
}

TEST_CASE("HttpServer: limits of 0 let nobody in") {
  TestLoop loop;
  HttpServerOptions options;
  switch (GENERATE(0, 1, 2, 3)) {
    case 0: options.max_pending = 0; break;
    case 1: options.max_pending_per_address = 0; break;
    case 2: options.max_connections = 0; break;
    default: options.max_connections_per_address = 0;
  }
  Server server(loop, std::move(options));
  Peers peers;
  peers.push_back(server.send("127.0.0.1", kGet));
  REQUIRE(loop.run_until([&] { return peers[0]->ended(); }));
  CHECK(peers[0]->received().empty());
  CHECK(server.http->stats().connections == 0);
  server.close(peers);
}

TEST_CASE("HttpServer: may be destroyed by the line about a connection that makes room") {
  TestLoop loop;
  HttpServerOptions options;
  options.max_pending = 1;
  if (GENERATE(false, true)) options.tls = test::server_context();
  std::unique_ptr<HttpServer> http;
  int lines = 0;
  options.log = [&](std::string_view) {
    ++lines;
    http.reset();
  };
  auto made = HttpServer::listen(loop.get(), "127.0.0.1", 0, {}, std::move(options));
  REQUIRE_THAT(made, IsSuccess());
  http = std::move(*made);
  Peers peers;
  for (int i = 0; i < 2; ++i) peers.push_back(RawPeer::connect(loop, http->port()));
  REQUIRE(loop.run_until([&] { return ended(peers) == 2; }));
  CHECK(lines == 1);
  for (const auto& peer : peers) peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: who is refused may be given up by the line about the refusal") {
  TestLoop loop;
  std::unique_ptr<HttpServer> http;
  std::optional<test::PipePair> second;
  HttpServerOptions options;
  options.max_pending = 1;
  options.log = [&](std::string_view) {
    if (second) return;
    second.emplace(loop.get());
    http->serve(std::move(second->server));
  };
  http = HttpServer::create([](const auto&) {}, std::move(options));
  test::PipePair first(loop.get());
  http->serve(std::move(first.server));
  first.up->put(bytes_of("bad\r\n\r\n"));
  REQUIRE(loop.run_until([&] { return second.has_value(); }));
  loop.run_turns(5);
  CHECK(first.up->reader == nullptr);
  CHECK(second->up->reader != nullptr);
  http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: out of descriptors, silent connections make room for newcomers") {
  TestLoop loop;
  Server server(loop, {});
  Peers silent;
  for (int i = 0; i < 20; ++i) silent.push_back(server.connect("127.0.0.1"));
  server.wait_for(20);
  auto newcomer = RawPeer::connected_from(loop, "127.0.0.2", server.http->port());
  const test::DescriptorsLeft none(0);
  RawPeer client(std::move(newcomer));
  client.start_reading();
  client.send(kGet);
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  CHECK(served(client));
  CHECK(server.http->stats().given_up > 0);
  client.close();
  server.close(silent);
}
