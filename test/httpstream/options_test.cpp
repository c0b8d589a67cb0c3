// What users fill in: each is a plain aggregate, of which they name what they want to change.

#include <chrono>
#include <string>
#include <type_traits>

#include "support/catch.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"
#include "uvspdy/httpstream/url.h"

// In the code of users it is a warning of -Wextra: a member that has no initialiser.
#pragma GCC diagnostic error "-Wmissing-field-initializers"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;

namespace {

template <class... Types>
constexpr bool are_aggregates = (std::is_aggregate_v<Types> && ...);

std::chrono::milliseconds connect_timeout(const RouteOptions& options = {}) {
  return options.connect_timeout;
}

}  // namespace

TEST_CASE("Options: plain aggregates, named where they are used, and default arguments") {
  STATIC_REQUIRE(are_aggregates<RouteOptions, HttpClientOptions, HttpServerOptions, DialerOptions,
                                UpgradeRoundTripperOptions, HttpRequest, HttpResponse, Url, Target,
                                Proxy, Dialed, UpgradeResponse, HttpExchange::Connected>);
  CHECK(connect_timeout() == 30s);
  CHECK(connect_timeout({.connect_timeout = 1s}) == 1s);
  CHECK(HttpClientOptions{.max_body = 5}.route.proxy_timeout == 30s);
  CHECK(HttpClientOptions{.route = {.tls_timeout = 1s}}.max_body == 4 * 1024 * 1024);
  CHECK(HttpServerOptions{.head_timeout = 1s}.max_pending == 1024);
  CHECK_FALSE(HttpServerOptions{.listen = {.backlog = 5}}.log);
  CHECK(DialerOptions{.route = {.response_timeout = 1s}}.method == "POST");
  CHECK(UpgradeRoundTripperOptions{.route = {}}.route.connect_timeout == 30s);
  CHECK(HttpRequest{.method = "GET"}.target.empty());
  CHECK(HttpResponse{.body = "x"}.status == 200);
  CHECK(Url{.host = "x"}.socket_path.empty());
  CHECK(Target{.path = "/"}.query.empty());
  CHECK(Proxy{.host = "x"}.effective_port() == 80);
  CHECK(Dialed{.protocol = "x"}.connection == nullptr);
  CHECK(UpgradeResponse{.response = {}}.transport == nullptr);
  CHECK(HttpExchange::Connected{.already_read = {}}.transport == nullptr);
}
