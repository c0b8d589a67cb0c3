// WIRE section 5: the negotiation, as k8s.io/apimachinery/pkg/util/httpstream does it.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;

namespace {

constexpr std::array<std::string_view, 2> kServerProtocols = {"v4.channel.k8s.io",
                                                              "v1.channel.k8s.io"};

HttpRequest with(Headers headers) { return {"POST", "/exec", std::move(headers)}; }

}  // namespace

TEST_CASE("is_upgrade_request, is_spdy_upgrade_request: case-insensitive substrings") {
  struct Row {
    Headers headers;
    bool upgrade;
    bool spdy;
  };
  const std::vector<Row> rows = {
      {{{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}}, true, true},
      {{{"connection", "upgrade"}, {"upgrade", "spdy/3.1"}}, true, true},
      {{{"CONNECTION", "keep-alive, UPGRADE"}, {"UPGRADE", "h2c, SPDY/3.1"}}, true, true},
      {{{"Connection", "keep-alive"}, {"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}},
       true,
       true},
      {{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}, true, false},
      {{{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3"}}, true, false},
      {{{"Connection", "Upgrade"}}, true, false},
      {{{"Upgrade", "SPDY/3.1"}}, false, false},
      {{{"Connection", "close"}, {"Upgrade", "SPDY/3.1"}}, false, false},
      {{}, false, false},
  };
  for (const Row& row : rows) {
    const HttpRequest request = with(row.headers);
    CHECK(is_upgrade_request(request) == row.upgrade);
    CHECK(is_spdy_upgrade_request(request) == row.spdy);
    HttpRequest old = request;
    old.version = HttpVersion::kHttp10;
    CHECK_FALSE(is_upgrade_request(old));
    CHECK_FALSE(is_spdy_upgrade_request(old));
  }
}

TEST_CASE("requested_protocols: a line each, or several in one, in order of preference") {
  struct Row {
    Headers headers;
    std::vector<std::string> protocols;
  };
  const std::vector<Row> rows = {
      {{}, {}},
      {{{"X-Stream-Protocol-Version", ""}}, {}},
      {{{"X-Stream-Protocol-Version", " , ,"}}, {}},
      {{{"X-Stream-Protocol-Version", "a"}}, {"a"}},
      {{{"x-stream-protocol-version", "a"}, {"X-STREAM-PROTOCOL-VERSION", "b"}}, {"a", "b"}},
      {{{"X-Stream-Protocol-Version", "a, b,c ,\td"}, {"X-Stream-Protocol-Version", "e"}},
       {"a", "b", "c", "d", "e"}},
  };
  for (const Row& row : rows) CHECK(requested_protocols(with(row.headers)) == row.protocols);
}

TEST_CASE("handshake: the first of the client's protocols that the server knows wins") {
  struct Row {
    Headers headers;
    const char* chosen;
  };
  const std::vector<Row> rows = {
      {{{"X-Stream-Protocol-Version", "v4.channel.k8s.io"}}, "v4.channel.k8s.io"},
      {{{"X-Stream-Protocol-Version", "v1.channel.k8s.io"},
        {"X-Stream-Protocol-Version", "v4.channel.k8s.io"}},
       "v1.channel.k8s.io"},
      {{{"X-Stream-Protocol-Version", "v5.channel.k8s.io"},
        {"X-Stream-Protocol-Version", "v4.channel.k8s.io, v1.channel.k8s.io"}},
       "v4.channel.k8s.io"},
  };
  for (const Row& row : rows) {
    HttpResponse response;
    const auto chosen = handshake(with(row.headers), response, kServerProtocols);
    REQUIRE_THAT(chosen, IsSuccess());
    CHECK(*chosen == row.chosen);
    CHECK(response.headers.values(kHeaderProtocolVersion) ==
          std::vector<std::string_view>{row.chosen});
    CHECK(response.headers.values(kHeaderAcceptedProtocolVersions).empty());
  }
}

TEST_CASE("handshake: without a header, or without a value in it, 400 and a text") {
  const Headers headers =
      GENERATE(Headers{}, Headers{{"X-Stream-Protocol-Version", ""}},
               Headers{{"X-Stream-Protocol-Version", ", "}}, Headers{{"X-Stream-Protocol", "v4"}});
  HttpResponse response;
  const auto chosen = handshake(with(headers), response, kServerProtocols);
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().code() == Errc::kNoProtocol);
  CHECK(response.status == 400);
  CHECK(response.body.find("X-Stream-Protocol-Version") != std::string::npos);
  CHECK(response.headers.values(kHeaderProtocolVersion).empty());
}

TEST_CASE("handshake: no common protocol: 403, a line for each that is accepted, and a text") {
  // Protocols are compared exactly.
  const std::string offered =
      GENERATE("v5.channel.k8s.io", "V4.channel.k8s.io", "v4.channel.k8s.i", "v4.channel.k8s.ioo");
  HttpResponse response;
  const auto chosen =
      handshake(with({{"X-Stream-Protocol-Version", offered}}), response, kServerProtocols);
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().code() == Errc::kNoCommonProtocol);
  CHECK(response.status == 403);
  CHECK(response.headers.values("X-Accepted-Stream-Protocol-Versions") ==
        std::vector<std::string_view>{"v4.channel.k8s.io", "v1.channel.k8s.io"});
  CHECK(response.headers.values(kHeaderProtocolVersion).empty());
  CHECK(response.body.find(offered) != std::string::npos);
  CHECK(response.body.find("v1.channel.k8s.io") != std::string::npos);
}

TEST_CASE("handshake: a server that takes no protocol refuses every client") {
  HttpResponse response;
  const auto chosen = handshake(with({{"X-Stream-Protocol-Version", "a"}}), response, {});
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().code() == Errc::kNoCommonProtocol);
  CHECK(response.status == 403);
  CHECK(response.headers.values(kHeaderAcceptedProtocolVersions).empty());
}
