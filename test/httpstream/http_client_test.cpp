// GETs: what is sent, every way in which an answer and its body may end, TLS and proxies.

#include "uvspdy/httpstream/http_client.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "httpstream/proxy_and_server.h"
#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;
using test::IsSuccess;
using test::mentions;
using test::RawPeer;
using test::RawServer;
using test::TestLoop;

namespace {

/// One GET, and what came of it.
class Get {
 public:
  net::Attempt attempt;

  Get(TestLoop& loop, std::uint16_t port, HttpClientOptions options = {},
      const std::string& scheme = "http", Headers headers = {})
      : loop_(loop) {
    const HttpClient client(loop.get(), std::move(options));
    const Url url{.scheme = scheme, .host = "127.0.0.1", .port = port, .target = "/api/v1?x=y"};
    attempt = client.get(url, std::move(headers), [this](Result<HttpResponse> response) {
      CHECK_FALSE(result_);
      result_ = std::move(response);
    });
    CHECK_FALSE(result_);
  }

  const HttpResponse& response() {
    wait();
    REQUIRE_THAT(*result_, IsSuccess());
    return **result_;
  }

  const Error& error() {
    wait();
    REQUIRE_FALSE(*result_);
    return result_->error();
  }

  bool over() const { return result_.has_value(); }

 private:
  void wait() {
    REQUIRE(loop_.run_until([this] { return result_.has_value(); }));
  }

  TestLoop& loop_;
  std::optional<Result<HttpResponse>> result_;
};

RawPeer& request_of(TestLoop& loop, RawServer& server) {
  RawPeer& peer = server.accept();
  REQUIRE(loop.run_until([&] { return peer.received().ends_with("\r\n\r\n"); }));
  return peer;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("HttpClient: the request that it sends, and the connection ends behind the answer") {
  TestLoop loop;
  RawServer server(loop);
  Get get(loop, server.port(), {}, "http", {{"Accept", "application/json"}});
  RawPeer& peer = request_of(loop, server);
  const auto request = parse_request_head(peer.received());
  REQUIRE_THAT(request, IsSuccess());
  CHECK(request->method == "GET");
  CHECK(request->target == "/api/v1?x=y");
  CHECK(request->headers.get("Host").value_or("") == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(request->headers.get("Connection").value_or("") == "close");
  CHECK(request->headers.get("Accept").value_or("") == "application/json");
  CHECK_FALSE(request->headers.get("Upgrade"));
  peer.send(kOk + "Content-Length: 4\r\n\r\nbodymore");
  CHECK(get.response().status == 200);
  CHECK(get.response().body == "body");
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: answers of any status, however their bodies end") {
  TestLoop loop;
  struct Row {
    std::string answer;
    int status;
    std::string body;
    bool by_end = false;  // of the connection
  };
  const std::string long_body(100 * 1024, 'b');
  const Row row = GENERATE_COPY(
      Row{kOk + "Content-Length: 0\r\n\r\n", 200, ""}, Row{kOk + "\r\nall", 200, "all", true},
      Row{kOk + "\r\n", 200, "", true},
      Row{kOk + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, "abcde"},
      Row{"HTTP/1.1 103 Early\r\n\r\n" + kOk + "Content-Length: 1\r\n\r\nx", 200, "x"},
      Row{"HTTP/1.1 204 None\r\n\r\n", 204, ""},
      Row{"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, ""},
      Row{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, "no"},
      Row{kOk + "Content-Length: 102400\r\n\r\n" + long_body, 200, long_body});
  CAPTURE(row.answer.substr(0, 100));
  const bool in_pieces = GENERATE(false, true);
  // Too many pieces; and an end would come before the last of them.
  if (in_pieces && (row.answer.size() > 1000 || row.by_end)) return;
  RawServer server(loop);
  Get get(loop, server.port());
  RawPeer& peer = request_of(loop, server);
  if (in_pieces) {
    for (const char byte : row.answer) peer.send(std::string(1, byte));
  } else {
    peer.send(row.answer);
  }
  if (row.by_end) peer.shut_down();
  CHECK(get.response().status == row.status);
  CHECK(get.response().body == row.body);
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: half of a body is never taken for all of it") {
  TestLoop loop;
  const std::string head =
      GENERATE(kOk + "Content-Length: 5\r\n\r\n", kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\n");
  RawServer server(loop);
  HttpClientOptions options;
  options.route.response_timeout = 300ms;
  Get get(loop, server.port(), options);
  RawPeer& peer = request_of(loop, server);
  peer.send(head + "half");
  SECTION("the connection ends") {
    peer.shut_down();
    CHECK(get.error().code() == Errc::kConnectionLost);
    CHECK(mentions(get.error().message(), {"in the middle of its answer", "127.0.0.1"}));
  }
  SECTION("nothing more comes") {
    CHECK(get.error().code() == Errc::kTimeout);
    CHECK(mentions(get.error().message(), {"not all of the answer", "300 ms"}));
  }
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: a connection that breaks is no end of a body") {
  TestLoop loop;
  RawServer server(loop);
  Get get(loop, server.port());
  RawPeer& peer = request_of(loop, server);
  peer.send(kOk + "\r\nhalf");
  loop.run_turns(5);
  peer.vanish();
  CHECK(get.error().code() == Errc::kConnectionLost);
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: a body of exactly max_body bytes is whole") {
  TestLoop loop;
  const std::string body(100, 'x');
  const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string answer = GENERATE_COPY(
      kOk + "Content-Length: 100\r\n\r\n" + body, chunked + "64\r\n" + body + "\r\n0\r\n\r\n",
      chunked + "63\r\n" + body.substr(1) + "\r\n1\r\nx\r\n0\r\n\r\n", kOk + "\r\n" + body);
  CAPTURE(answer.substr(0, 60));
  RawServer server(loop);
  HttpClientOptions options;
  options.max_body = body.size();
  Get get(loop, server.port(), options);
  RawPeer& peer = request_of(loop, server);
  peer.send(answer);
  peer.shut_down();
  CHECK(get.response().body == body);
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: bodies that cannot be used") {
  TestLoop loop;
  struct Row {
    std::string answer;
    std::string why;
  };
  const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  const Row row = GENERATE_COPY(
      Row{kOk + "Content-Length: 101\r\n\r\n" + std::string(101, 'x'), "longer than 100 bytes"},
      Row{kOk + "Content-Length: 99999999999999999999\r\n\r\n" + std::string(101, 'x'),
          "makes no sense"},
      Row{kOk + "Content-Length: 18446744073709551615\r\n\r\n" + std::string(101, 'x'),
          "longer than 100 bytes"},
      Row{kOk + "\r\n" + std::string(101, 'x'), "longer than 100 bytes"},
      Row{chunked + "65\r\n" + std::string(101, 'x'), "longer than 100 bytes"},
      Row{chunked + "64\r\n" + std::string(100, 'x') + "\r\n1\r\nx", "longer than 100 bytes"},
      Row{chunked + "64\r\n" + std::string(100, 'x') + "no\r\n", "malformed chunk"},
      Row{chunked + "-1\r\n", "malformed chunk"}, Row{chunked + "1\r\nab\r\n", "malformed chunk"},
      Row{chunked + std::string(300, '1'), "malformed chunk"},
      Row{kOk + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "makes no sense"},
      Row{kOk + "Content-Length: 2x\r\n\r\nxx", "makes no sense"},
      Row{kOk + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "makes no sense"});
  CAPTURE(row.answer.substr(0, 120));
  RawServer server(loop);
  HttpClientOptions options;
  options.max_body = 100;
  Get get(loop, server.port(), options);
  RawPeer& peer = request_of(loop, server);
  peer.send(row.answer);
  CHECK(get.error().code() == Errc::kBadBody);
  CHECK(mentions(get.error().message(), {row.why}));
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: what is no answer, no server, or no URL") {
  TestLoop loop;
  RawServer server(loop);
  SECTION("no HTTP") {
    Get get(loop, server.port());
    RawPeer& peer = request_of(loop, server);
    peer.send("SSH-2.0-x\r\n");
    CHECK(get.error().code() == Errc::kBadHead);
    peer.close();
  }
  SECTION("nothing") {
    HttpClientOptions options;
    options.route.response_timeout = 30ms;
    Get get(loop, server.port(), options);
    RawPeer& peer = request_of(loop, server);
    CHECK(get.error().code() == Errc::kTimeout);
    CHECK(mentions(get.error().message(), {"no answer", "30 ms"}));
    peer.close();
  }
  SECTION("an end") {
    Get get(loop, server.port());
    request_of(loop, server).close();
    CHECK(get.error().code() == Errc::kConnectionLost);
  }
  SECTION("nobody listens") {
    server.close();
    REQUIRE(loop.run_out());
    Get get(loop, server.port());
    CHECK(get.error().code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));
  }
  SECTION("a header that cannot be sent") {
    Get get(loop, server.port(), {}, "http", {{"X", "a\r\nb"}});
    CHECK(get.error().code() == Errc::kBadHead);
  }
  SECTION("another scheme") {
    Get get(loop, server.port(), {}, "ftp");
    CHECK(get.error().code() == Errc::kBadUrl);
  }
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: given up at each step") {
  TestLoop loop;
  RawServer server(loop);
  Get get(loop, server.port());
  const int step = GENERATE(0, 1, 2);
  RawPeer* peer = nullptr;
  if (step > 0) peer = &request_of(loop, server);
  if (step > 1) {
    peer->send(kOk + "Content-Length: 5\r\n\r\nhalf");
    loop.run_turns(5);
  }
  get.attempt.cancel();
  get.attempt.cancel();
  CHECK_FALSE(get.over());
  CHECK(get.error().code() == std::error_code(UV_ECANCELED, net::uv_category()));
  if (peer != nullptr) {
    REQUIRE(loop.run_until([&] { return peer->ended(); }));
    peer->close();
  }
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: by TLS, through a proxy") {
  TestLoop loop;
  test::ProxyAndServer::Script script;
  script.proxy = {{0, "HTTP/1.1 200 OK\r\n\r\n"}};
  script.server_tls = test::server_context();
  script.answer = kOk + "Content-Length: 4\r\n\r\nbody";
  test::ProxyAndServer far(loop, script);
  HttpClientOptions options;
  options.route.tls = test::client_context();
  options.route.proxy = *parse_proxy("http://127.0.0.1:" + std::to_string(far.port()));
  Get get(loop, 6443, options, "https");
  CHECK(get.response().body == "body");
  CHECK(far.asked.at(0).starts_with("CONNECT 127.0.0.1:6443 HTTP/1.1\r\n"));
  CHECK(far.request.starts_with("GET /api/v1?x=y HTTP/1.1\r\n"));
  far.close();
  REQUIRE(loop.run_out());
}
