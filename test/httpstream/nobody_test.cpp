// Handlers that are empty: nobody. What they were to get is closed, and nothing is left open.

#include <memory>
#include <string>
#include <utility>

#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::RawPeer;
using test::RawServer;
using test::TestLoop;

namespace {

constexpr const char* kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    "X-Stream-Protocol-Version: v4\r\n\r\n";
constexpr const char* kRefusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";

Url url_of(const RawServer& server) { return {.host = "127.0.0.1", .port = server.port()}; }

/// Reads the request, answers it, and waits for the other side to close.
void answer(TestLoop& loop, RawServer& server, const std::string& text) {
  RawPeer& peer = server.accept();
  REQUIRE(loop.run_until([&] { return peer.received().ends_with("\r\n\r\n"); }));
  peer.send(text);
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  peer.close();
  REQUIRE(loop.run_out());
}

}  // namespace

TEST_CASE("Dialer: a connection for nobody is closed") {
  TestLoop loop;
  RawServer server(loop);
  Dialer(loop.get(), url_of(server)).dial({"v4"}, {});
  answer(loop, server, GENERATE(kSwitch, kRefusal));
}

TEST_CASE("UpgradeRoundTripper: an answer for nobody is dropped, with its connection") {
  TestLoop loop;
  RawServer server(loop);
  UpgradeRoundTripper(loop.get()).round_trip(url_of(server), {"GET", "", {}}, {});
  answer(loop, server, GENERATE(kSwitch, kRefusal));
}

TEST_CASE("HttpClient: an answer for nobody is dropped") {
  TestLoop loop;
  RawServer server(loop);
  HttpClient(loop.get()).get(url_of(server), {}, {});
  answer(loop, server, kRefusal);
}

TEST_CASE("Dialer, HttpClient: an attempt of nobody may be cancelled and may fail") {
  TestLoop loop;
  const Url nowhere{.scheme = "gopher", .host = "127.0.0.1", .port = 1};
  const net::Attempt get = HttpClient(loop.get()).get(nowhere, {}, {});
  const net::Attempt dial = Dialer(loop.get(), nowhere).dial({"v4"}, {});
  const bool cancel = GENERATE(false, true);
  if (cancel) {
    get.cancel();
    dial.cancel();
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a request for nobody is closed") {
  TestLoop loop;
  auto server = HttpServer::listen(loop.get(), "127.0.0.1", 0, {});
  REQUIRE_THAT(server, IsSuccess());
  const auto client = RawPeer::connect(loop, (*server)->port());
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().empty());
  client->close();
  (*server)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a null transport is nobody's") {
  TestLoop loop;
  const auto server = HttpServer::create({});
  server->serve({});
  server->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpExchange: of a null transport is an answered one") {
  const auto exchange = HttpExchange::create({}, {"GET", "/", {}});
  CHECK(exchange->peer().empty());
  CHECK(exchange->tls() == nullptr);
  exchange->respond({200, {}, {}, "to nobody"});
  CHECK(exchange->take_over().transport == nullptr);
  CHECK_FALSE(ResponseUpgrader().upgrade_response(*exchange, {}, {}));
}
