// A whole dial, TLS to the server through a CONNECT proxy, that ends anywhere on its way.

#include <array>
#include <memory>
#include <set>
#include <string>

#include "httpstream/cutting_proxy.h"
#include "httpstream/dial_attempt.h"
#include "support/full_listener.h"
#include "support/mentions.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;
using test::CuttingProxy;
using test::DialAttempt;
using test::IsSuccess;
using test::mentions;
using test::TestLoop;

namespace {

constexpr std::array<std::string_view, 1> kProtocols = {"v4"};

/// What all dials share. Resumed handshakes would not be as long as the first.
struct Contexts {
  std::shared_ptr<net::TlsClientContext> client;
  std::shared_ptr<net::TlsServerContext> server;

  Contexts() {
    auto client_options = test::client_options();
    client_options.resume_sessions = false;
    client = test::client_context(client_options);
    auto server_options = test::server_options();
    server_options.resume_sessions = false;
    server = test::server_context(server_options);
  }
};

/// What one dial has come to.
struct Outcome {
  std::size_t up = 0;
  std::size_t down = 0;
  Error error;
};

Outcome dial(const Contexts& contexts, CuttingProxy::Cut cut) {
  TestLoop loop;
  auto server = HttpServer::listen(
      loop.get(), "127.0.0.1", 0,
      [](const std::shared_ptr<HttpExchange>& exchange) {
        HttpResponse response;
        CHECK_FALSE(!handshake(exchange->request(), response, kProtocols));
        CHECK_THAT(ResponseUpgrader().upgrade_response(*exchange, response, {}), IsSuccess());
      },
      {.tls = contexts.server});
  REQUIRE_THAT(server, IsSuccess());
  CuttingProxy proxy(loop, (*server)->port(), cut);
  DialerOptions options;
  options.route.tls = contexts.client;
  options.route.proxy = *parse_proxy("http://127.0.0.1");
  options.route.proxy->port = proxy.port();
  DialAttempt attempt(
      loop, Url{.scheme = "https", .host = "localhost", .port = (*server)->port(), .target = "/x"},
      {"v4"}, options);
  Outcome outcome;
  if (const auto& result = attempt.result()) {
    outcome.up = proxy.up();
    outcome.down = proxy.down();
    (*result).connection->close();
  } else {
    outcome.error = result.error();
  }
  REQUIRE(loop.run_until([&] { return proxy.gone(); }));
  (*server)->close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
  return outcome;
}

}  // namespace

TEST_CASE("Dialer: cut at each byte of CONNECT, TLS and upgrade: one error, and nothing left") {
  const Contexts contexts;
  const Outcome whole = dial(contexts, {});
  REQUIRE_THAT(whole.error, IsSuccess());
  const bool up = GENERATE(true, false);
  // The length of the server's signature differs by a few bytes.
  const std::size_t size = up ? whole.up : whole.down - 16;
  std::set<std::error_code> codes;
  for (std::size_t after = 0; after < size; ++after) {
    CAPTURE(up, after, size);
    const Outcome outcome = dial(contexts, {.up = up, .after = after, .reset = after % 2 == 1});
    REQUIRE(outcome.error);
    codes.insert(outcome.error.code());
    CHECK(mentions(outcome.error.message(), {"localhost"}));
  }
  CHECK(codes.contains(Errc::kConnectionLost));
  CHECK(codes.contains(net::Errc::kTlsHandshake));
}

TEST_CASE("Dialer: a first hop that does not answer ends at the time limit for connecting") {
  TestLoop loop;
  const test::FullListener full;
  const bool by_proxy = GENERATE(false, true);
  DialerOptions options;
  options.route.connect_timeout = 41ms;
  Url url{.host = "127.0.0.1", .port = full.port()};
  if (by_proxy) {
    options.route.proxy = *parse_proxy("http://127.0.0.1");
    options.route.proxy->port = full.port();
    url.port = 1;
  }
  DialAttempt attempt(loop, url, {"v4"}, options);
  CHECK(attempt.error().code() == net::Errc::kTimeout);
  CHECK(mentions(attempt.error().message(),
                 {"127.0.0.1:" + std::to_string(full.port()), "41 ms", by_proxy ? "proxy" : ""}));
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}
