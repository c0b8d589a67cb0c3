// HttpServer by TLS: clients that do not get as far as a request.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/http_server.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;
using test::IsSuccess;
using test::mentions;
using test::RawPeer;
using test::TestLoop;

namespace {

struct Server {
  std::unique_ptr<HttpServer> http;
  int requests = 0;
  std::vector<std::string> log;

  explicit Server(TestLoop& loop, std::chrono::milliseconds tls_timeout = test::kDeadline,
                  std::chrono::milliseconds head_timeout = test::kDeadline) {
    HttpServerOptions options;
    options.tls = test::server_context();
    options.tls_timeout = tls_timeout;
    options.head_timeout = head_timeout;
    options.log = [this](std::string_view line) {
      log.emplace_back(line);
      if (destroy_on_log) http.reset();
    };
    auto made = HttpServer::listen(
        loop.get(), "127.0.0.1", 0, [this](const auto&) { ++requests; }, std::move(options));
    REQUIRE_THAT(made, IsSuccess());
    http = std::move(*made);
  }
  bool destroy_on_log = false;
};

}  // namespace

TEST_CASE("HttpServer by TLS: a client that says nothing is dropped when its time is up") {
  TestLoop loop;
  Server server(loop, 41ms);
  server.destroy_on_log = GENERATE(false, true);
  const auto client = RawPeer::connect(loop, server.http->port());
  const bool begun = GENERATE(false, true);
  if (begun) client->send("\x16\x03\x01\x01");  // the start of a record
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  REQUIRE(loop.run_until([&] { return !server.log.empty(); }));
  CHECK(server.log.size() == 1);
  CHECK(mentions(server.log[0], {"127.0.0.1:", "41 ms"}));
  client->close();
  server.http.reset();
  REQUIRE(loop.run_out());
  CHECK(server.requests == 0);
}

TEST_CASE("HttpServer by TLS: one that speaks plain HTTP is told to use https") {
  TestLoop loop;
  Server server(loop);
  server.destroy_on_log = GENERATE(false, true);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->ended() && !server.log.empty(); }));
  CHECK(client->received().starts_with("HTTP/1.1 400 "));
  CHECK(mentions(client->received(), {"https"}));
  CHECK(server.log.size() == 1);
  client->close();
  server.http.reset();
  REQUIRE(loop.run_out());
  CHECK(server.requests == 0);
}

TEST_CASE("HttpServer by TLS: one that is silent behind the handshake gets a 408") {
  TestLoop loop;
  Server server(loop, test::kDeadline, 41ms);
  std::unique_ptr<RawPeer> client;
  net::connect_tcp(loop.get(), "127.0.0.1", server.http->port(), test::kDeadline,
                   [&](Result<std::unique_ptr<net::Transport>> tcp) {
                     CHECK_THAT(tcp, IsSuccess());
                     if (!tcp) return;
                     net::tls_connect(std::move(*tcp), test::client_context(), "localhost",
                                      test::kDeadline,
                                      [&](Result<std::unique_ptr<net::Transport>> tls) {
                                        CHECK_THAT(tls, IsSuccess());
                                        if (tls)
                                          client = std::make_unique<RawPeer>(std::move(*tls));
                                      });
                   });
  REQUIRE(loop.run_until([&] { return client != nullptr; }));
  client->start_reading();
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().starts_with("HTTP/1.1 408 "));
  CHECK_THAT(client->end(), IsSuccess());  // behind close_notify
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
  CHECK(server.requests == 0);
}

TEST_CASE("HttpServer by TLS: closed, it drops who is in a handshake") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("\x16\x03\x01\x01");
  loop.run_turns(5);
  SECTION("by close") { server.http->close(); }
  SECTION("by destroying it") { server.http.reset(); }
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  client->close();
  REQUIRE(loop.run_out());
  CHECK(server.log.empty());
  CHECK(server.requests == 0);
}
