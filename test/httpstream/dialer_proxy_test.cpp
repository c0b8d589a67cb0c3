// Dialing with TLS and through proxies: each row of the table of apimachinery's round-tripper
// tests, and what can go wrong at each step of the way.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "httpstream/dial_attempt.h"
#include "httpstream/proxy_and_server.h"
#include "support/mentions.h"
#include "support/temporary_folder.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;
using namespace std::string_literals;
using test::client_context;
using test::client_options;
using test::DialAttempt;
using test::IsSuccess;
using test::mentions;
using test::ProxyAndServer;
using test::server_context;
using test::TestLoop;
using Script = ProxyAndServer::Script;
using Turn = ProxyAndServer::Turn;

namespace {

const std::error_code kCancelled(UV_ECANCELED, net::uv_category());
const std::vector<Turn> kConnect = {{0, "HTTP/1.1 200 OK\r\n\r\n"}};

enum class Trust { kNone, kCa, kNoVerify };

std::shared_ptr<net::TlsClientContext> context(Trust trust) {
  if (trust == Trust::kCa) return client_context();
  return client_context({.verify = trust != Trust::kNoVerify});
}

// A server certificate for another host.
std::shared_ptr<net::TlsServerContext> invalid_hostname() {
  static const test::Certificate other({.common_name = "x", .names = {"DNS:other.example"}},
                                       test::test_ca().ca);
  return server_context({.key_pair = test::key_pair_of(other)});
}

Url url_of(const std::string& scheme, std::uint16_t port) {
  return {.scheme = scheme, .host = "127.0.0.1", .port = port, .target = "/exec"};
}

Proxy proxy_of(const std::string& text, std::uint16_t port, Trust trust = Trust::kCa) {
  Proxy proxy = *parse_proxy(text);
  proxy.port = port;
  if (proxy.scheme == Proxy::Scheme::kHttps) proxy.tls = context(trust);
  return proxy;
}

/// The attempt has ended well, and talks to the server; then all is closed.
void check_dialed(TestLoop& loop, DialAttempt& attempt, ProxyAndServer& far) {
  const auto connection = attempt.connection();
  CHECK((*attempt.result()).protocol == "v4");
  connection->close();
  REQUIRE(loop.run_until([&] { return far.ended; }));
  far.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

void check_failed(TestLoop& loop, DialAttempt& attempt, ProxyAndServer& far, std::error_code code,
                  std::initializer_list<std::string_view> words) {
  CHECK(attempt.error().code() == code);
  CHECK(mentions(attempt.error().message(), words));
  CHECK(attempt.error().message().find("secret") == std::string::npos);
  // Nothing is left open on this side.
  REQUIRE(loop.run_until([&] { return far.ended || !far.accepted; }));
  far.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

}  // namespace

TEST_CASE("Dialer: TLS to the server, and whom it trusts") {
  TestLoop loop;
  struct Row {
    bool invalid_hostname;
    Trust trust;
    bool works;
  };
  const Row row = GENERATE(Row{true, Trust::kNoVerify, true}, Row{true, Trust::kCa, false},
                           Row{true, Trust::kNone, false}, Row{false, Trust::kCa, true},
                           Row{false, Trust::kNone, false});
  CAPTURE(row.invalid_hostname, row.trust);
  ProxyAndServer far(loop,
                     {.server_tls = row.invalid_hostname ? invalid_hostname() : server_context()});
  DialerOptions options;
  options.route.tls = context(row.trust);
  DialAttempt attempt(loop, url_of("https", far.port()), {"v4"}, options);
  if (!row.works) {
    return check_failed(loop, attempt, far, net::Errc::kCertificate, {"127.0.0.1"});
  }
  const std::string host = "127.0.0.1:" + std::to_string(far.port());
  check_dialed(loop, attempt, far);
  CHECK(parse_request_head(far.request)->headers.get("Host").value_or("") == host);
}

TEST_CASE("Dialer: https without a context of one's own trusts the system's CAs, so not ours") {
  TestLoop loop;
  ProxyAndServer far(loop, {.server_tls = server_context()});
  DialAttempt attempt(loop, url_of("https", far.port()), {"v4"});
  check_failed(loop, attempt, far, net::Errc::kCertificate, {"127.0.0.1"});
}

TEST_CASE("Dialer: through HTTP proxies, plain and by TLS, to http and https") {
  TestLoop loop;
  struct Row {
    const char* proxy;
    bool invalid_proxy;  // its certificate is for another host
    Trust proxy_trust;
    bool https;
    bool invalid_server;
    Trust server_trust;
    const char* authorization;
    const char* fails;  // what the error names
  };
  const auto row =
      GENERATE(Row{"http://h", false, Trust::kCa, false, false, Trust::kCa, "", ""},
               Row{"https://h", true, Trust::kNoVerify, false, false, Trust::kCa, "", ""},
               Row{"https://proxyuser:proxypasswd@h", true, Trust::kNoVerify, false, false,
                   Trust::kCa, "Basic cHJveHl1c2VyOnByb3h5cGFzc3dk", ""},
               Row{"https://h", true, Trust::kCa, false, false, Trust::kCa, "", "proxy"},
               Row{"https://h", false, Trust::kCa, false, false, Trust::kCa, "", ""},
               Row{"https://proxyuser:proxypasswd@h", false, Trust::kCa, false, false, Trust::kCa,
                   "Basic cHJveHl1c2VyOnByb3h5cGFzc3dk", ""},
               Row{"https://h", true, Trust::kNoVerify, true, true, Trust::kNoVerify, "", ""},
               Row{"https://proxyuser:proxypasswd@h", true, Trust::kNoVerify, true, true,
                   Trust::kNoVerify, "Basic cHJveHl1c2VyOnByb3h5cGFzc3dk", ""},
               Row{"https://h", true, Trust::kCa, true, true, Trust::kCa, "", "proxy"},
               Row{"https://h", false, Trust::kCa, true, false, Trust::kCa, "", ""},
               Row{"https://proxyuser:proxypasswd@h", false, Trust::kCa, true, false, Trust::kCa,
                   "Basic cHJveHl1c2VyOnByb3h5cGFzc3dk", ""},
               Row{"https://proxy%20user:proxypasswd%25@h", false, Trust::kCa, true, false,
                   Trust::kCa, "Basic cHJveHkgdXNlcjpwcm94eXBhc3N3ZCU=", ""},
               Row{"http://h", false, Trust::kCa, true, false, Trust::kCa, "", ""},
               Row{"http://h", false, Trust::kCa, true, true, Trust::kCa, "", "127.0.0.1"});
  CAPTURE(row.proxy, row.invalid_proxy, row.proxy_trust, row.https, row.server_trust);
  const bool proxy_tls = std::string_view(row.proxy).starts_with("https");
  Script script{.proxy = kConnect};
  if (proxy_tls) script.proxy_tls = row.invalid_proxy ? invalid_hostname() : server_context();
  if (row.https) script.server_tls = row.invalid_server ? invalid_hostname() : server_context();
  ProxyAndServer far(loop, script);
  DialerOptions options;
  options.headers = {{"Authorization", "Bearer token"}};
  options.route.proxy = proxy_of(row.proxy, far.port(), row.proxy_trust);
  options.route.proxy->host = "127.0.0.1";
  if (row.https) options.route.tls = context(row.server_trust);
  DialAttempt attempt(loop, url_of(row.https ? "https" : "http", 12345), {"v4"}, options);
  if (*row.fails != '\0') {
    return check_failed(loop, attempt, far, net::Errc::kCertificate, {row.fails});
  }
  check_dialed(loop, attempt, far);
  REQUIRE(far.asked.size() == 1);
  const auto connect = parse_request_head(far.asked[0]);
  REQUIRE_THAT(connect, IsSuccess());
  CHECK(connect->method == "CONNECT");
  CHECK(connect->target == "127.0.0.1:12345");
  CHECK(connect->headers.get("Host").value_or("") == "127.0.0.1:12345");
  CHECK(connect->headers.get("Proxy-Authorization").value_or("") == row.authorization);
  // What is for the server is not for the proxy, and the reverse.
  CHECK_FALSE(connect->headers.get("Authorization"));
  const auto request = parse_request_head(far.request);
  REQUIRE_THAT(request, IsSuccess());
  CHECK(request->target == "/exec");
  CHECK(request->headers.get("Authorization").value_or("") == "Bearer token");
  CHECK_FALSE(request->headers.get("Proxy-Authorization"));
}

TEST_CASE("Dialer: through SOCKS5 proxies, with and without authentication, to http and https") {
  TestLoop loop;
  const std::string bound = "\5\0\0\1\0\0\0\0\0\0"s;
  const std::vector<Turn> open = {{3, "\5\0"s}, {10, bound}};
  const std::vector<Turn> password = {{4, "\5\2"s}, {23, "\1\0"s}, {10, bound}};
  const std::vector<Turn> refused = {{4, "\5\2"s}, {20, "\1\1"s}};
  struct Row {
    const char* proxy;
    std::vector<Turn> turns;
    bool https;
    bool invalid_server;
    Trust trust;
    std::error_code fails;
  };
  const Row rows[] = {
      {"socks5://h", open, false, false, Trust::kCa, {}},
      {"socks5://invalid:secret-auth@h", refused, false, false, Trust::kCa, Errc::kProxy},
      {"socks5://proxyuser:proxypasswd@h", password, false, false, Trust::kCa, {}},
      {"socks5://proxyuser:proxypasswd@h", password, true, true, Trust::kNoVerify, {}},
      {"socks5://proxyuser:proxypasswd@h", password, true, true, Trust::kCa,
       net::Errc::kCertificate},
      {"socks5://proxyuser:proxypasswd@h", password, true, false, Trust::kCa, {}},
  };
  const Row& row = rows[GENERATE(range(0, 6))];
  CAPTURE(row.proxy, row.https, row.trust);
  Script script{.proxy = row.turns};
  if (row.https) script.server_tls = row.invalid_server ? invalid_hostname() : server_context();
  ProxyAndServer far(loop, script);
  DialerOptions options;
  options.route.proxy = proxy_of(row.proxy, far.port());
  options.route.proxy->host = "127.0.0.1";
  options.route.tls = context(row.trust);
  DialAttempt attempt(loop, url_of(row.https ? "https" : "http", 258), {"v4"}, options);
  if (row.fails) return check_failed(loop, attempt, far, row.fails, {"127.0.0.1"});
  check_dialed(loop, attempt, far);
  CHECK(far.asked.back() == "\5\1\0\1\x7f\0\0\1\1\2"s);
  if (far.asked.size() == 3) CHECK(far.asked[1] == "\1\11proxyuser\13proxypasswd"s);
}

TEST_CASE("Dialer: each silent step ends at its own timeout, with step, peer and time") {
  TestLoop loop;
  Script script;
  std::string scheme = "http";
  std::string proxy;
  std::error_code code = Errc::kTimeout;
  DialerOptions options;
  auto& limits = options.route;
  limits.tls = client_context();
  SECTION("the server's answer") {
    script.answer = "";
    limits.response_timeout = 41ms;
  }
  SECTION("the server's answer after 100") {
    script.answer = "HTTP/1.1 100 Continue\r\n\r\n";
    limits.response_timeout = 41ms;
  }
  SECTION("the server's TLS") {
    scheme = "https";
    script.silent_tls = true;
    limits.tls_timeout = 41ms;
    code = net::Errc::kTlsTimeout;
  }
  SECTION("the proxy's answer to CONNECT") {
    script.proxy = {{0, ""}};
    proxy = "http://127.0.0.1";
    limits.proxy_timeout = 41ms;
    code = Errc::kProxyTimeout;
  }
  SECTION("the proxy's TLS") {
    script.proxy = {{1, ""}};
    proxy = "https://127.0.0.1";
    limits.tls_timeout = 41ms;
    code = net::Errc::kTlsTimeout;
  }
  SECTION("SOCKS5's greeting") {
    script.proxy = {{3, ""}};
    proxy = "socks5://127.0.0.1";
    limits.proxy_timeout = 41ms;
    code = Errc::kProxyTimeout;
  }
  SECTION("SOCKS5's reply, half of it") {
    script.proxy = {{3, "\5\0"s}, {10, "\5\0\0"s}, {1, ""}};
    proxy = "socks5://127.0.0.1";
    limits.proxy_timeout = 41ms;
    code = Errc::kProxyTimeout;
  }
  SECTION("TLS behind the proxy") {
    scheme = "https";
    script.proxy = kConnect;
    script.silent_tls = true;
    proxy = "http://127.0.0.1";
    limits.tls_timeout = 41ms;
    code = net::Errc::kTlsTimeout;
  }
  ProxyAndServer far(loop, script);
  if (!proxy.empty()) limits.proxy = proxy_of(proxy, far.port());
  DialAttempt attempt(loop, url_of(scheme, proxy.empty() ? far.port() : 1), {"v4"}, options);
  check_failed(loop, attempt, far, code, {"127.0.0.1", "41 ms"});
}

TEST_CASE("Dialer: a refusal of the proxy that never ends is told when its time is up") {
  TestLoop loop;
  ProxyAndServer far(loop, {.proxy = {{0, "HTTP/1.1 503 Busy\r\n\r\ncome la"}, {1, ""}}});
  DialerOptions options;
  options.route.proxy = proxy_of("http://u:secret@127.0.0.1", far.port());
  options.route.proxy_timeout = 41ms;
  DialAttempt attempt(loop, url_of("http", 1), {"v4"}, options);
  check_failed(loop, attempt, far, Errc::kProxy, {"503 Busy: come la", "127.0.0.1:1"});
}

TEST_CASE("Dialer: nobody listens where the proxy should be") {
  TestLoop loop;
  std::uint16_t port = 0;
  {
    ProxyAndServer far(loop, {});
    port = far.port();
  }
  DialerOptions options;
  options.route.proxy = proxy_of("http://u:secret@127.0.0.1", port);
  DialAttempt attempt(loop, url_of("http", 1), {"v4"}, options);
  CHECK(attempt.error().code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));
  CHECK(mentions(attempt.error().message(), {"cannot reach the proxy http://127.0.0.1:"}));
  CHECK(attempt.error().message().find("secret") == std::string::npos);
  REQUIRE(loop.run_out());
}

TEST_CASE("Dialer: what cannot be routed fails without connecting") {
  const bool cancelled = GENERATE(false, true);
  TestLoop loop;
  ProxyAndServer far(loop, {});
  DialerOptions options;
  Url url = url_of("http", far.port());
  SECTION("an unknown scheme") { url.scheme = "ftp"; }
  SECTION("a user name that Basic authentication cannot carry") {
    options.route.proxy = proxy_of("http://a%3Ab:secret@127.0.0.1", far.port());
  }
  SECTION("a user name alone for SOCKS5") {
    options.route.proxy = proxy_of("socks5://secret@127.0.0.1", far.port());
  }
  SECTION("a host that SOCKS5 cannot ask for") {
    url.host = std::string(256, 'h');
    options.route.proxy = proxy_of("socks5://127.0.0.1", far.port());
  }
  DialAttempt attempt(loop, url, {"v4"}, options);
  if (cancelled) {
    attempt.cancel();
    CHECK(attempt.error().code() == kCancelled);
  } else {
    CHECK(attempt.error().code() == Errc::kBadUrl);
  }
  loop.run_turns(10);
  CHECK_FALSE(far.accepted);
  far.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

TEST_CASE("Dialer: given up at each step, told once, nothing left") {
  TestLoop loop;
  Script script;
  std::string scheme = "http";
  std::string proxy;
  DialerOptions options;
  options.route.tls = client_context();
  std::function<bool(const ProxyAndServer&)> ready = [](const auto& far) { return far.accepted; };
  SECTION("at once") {
    ready = [](const auto&) { return true; };
  }
  SECTION("in TLS with the server") {
    scheme = "https";
    script.silent_tls = true;
    ready = [](const auto& far) { return !far.request.empty(); };
  }
  SECTION("in TLS with the proxy") {
    proxy = "https://127.0.0.1";
    script.proxy = {{1, ""}};
    ready = [](const auto& far) { return !far.asked.empty(); };
  }
  SECTION("in CONNECT") {
    proxy = "http://127.0.0.1";
    script.proxy = {{0, ""}};
    ready = [](const auto& far) { return !far.asked.empty(); };
  }
  SECTION("in SOCKS5") {
    proxy = "socks5://127.0.0.1";
    script.proxy = {{3, "\5\0"s}, {10, ""}};
    ready = [](const auto& far) { return far.asked.size() == 2; };
  }
  SECTION("in TLS behind the proxy") {
    scheme = "https";
    proxy = "http://127.0.0.1";
    script.proxy = kConnect;
    script.silent_tls = true;
    ready = [](const auto& far) { return !far.request.empty(); };
  }
  SECTION("waiting for the answer") {
    script.answer = "";
    ready = [](const auto& far) { return !far.request.empty(); };
  }
  SECTION("in the middle of the answer") {
    script.answer = "HTTP/1.1 403 Forb";
    ready = [](const auto& far) { return !far.request.empty(); };
  }
  ProxyAndServer far(loop, script);
  if (!proxy.empty()) options.route.proxy = proxy_of(proxy, far.port());
  DialAttempt attempt(loop, url_of(scheme, proxy.empty() ? far.port() : 1), {"v4"}, options);
  REQUIRE(loop.run_until([&] { return ready(far); }));
  attempt.on_result = [&] { attempt.cancel(); };  // too late, and harmless
  attempt.cancel();
  attempt.cancel();
  CHECK(attempt.calls() == 0);
  CHECK(attempt.error().code() == kCancelled);
  attempt.cancel();
  if (far.accepted) REQUIRE(loop.run_until([&] { return far.ended; }));
  far.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

TEST_CASE("Dialer: everything may be dropped inside the handler") {
  TestLoop loop;
  Script script{.proxy = kConnect};
  SECTION("of a success") {}
  SECTION("of a refusal") { script.answer = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"; }
  SECTION("of the proxy's refusal") { script.proxy = {{0, "HTTP/1.1 403 No\r\n\r\n"}, {1, ""}}; }
  auto far = std::make_unique<ProxyAndServer>(loop, script);
  UpgradeRoundTripperOptions options;
  options.route.proxy = proxy_of("http://127.0.0.1", far->port());
  options.route.proxy_timeout = 41ms;
  auto tripper = std::make_unique<UpgradeRoundTripper>(loop.get(), options);
  int calls = 0;
  auto attempt = std::make_unique<net::Attempt>();
  *attempt = tripper->round_trip(url_of("http", 1), {"POST", "", {}}, [&](auto) {
    ++calls;
    attempt->cancel();
    attempt.reset();
    tripper.reset();
    far.reset();
  });
  REQUIRE(loop.run_until([&] { return calls > 0; }));
  REQUIRE(loop.run_out());
  CHECK(calls == 1);
}

TEST_CASE("Dialer: a local socket, its Host header, and no proxy") {
  TestLoop loop;
  test::TemporaryFolder folder;
  const std::string path = folder.path() + "/a:b.sock";
  std::unique_ptr<net::Transport> peer;
  std::string request;
  auto listener =
      net::Listener::listen_pipe(loop.get(), path, [&](std::unique_ptr<net::Transport> transport) {
        peer = std::move(transport);
        peer->set_read_handlers([&](Bytes bytes) { request += text_of(bytes); },
                                [](const Error&) {});
        peer->start_reading();
      });
  REQUIRE_THAT(listener, IsSuccess());
  const auto url = parse_url("unix://" + folder.path() + "/a%3Ab.sock:/exec?x=y");
  REQUIRE_THAT(url, IsSuccess());
  DialerOptions options;
  options.route.proxy = *parse_proxy("http://127.0.0.1:1");
  DialAttempt attempt(loop, *url, {"v4"}, options);
  REQUIRE(loop.run_until([&] { return request.ends_with("\r\n\r\n"); }));
  const auto head = parse_request_head(request);
  REQUIRE_THAT(head, IsSuccess());
  CHECK(head->target == "/exec?x=y");
  CHECK(head->headers.get("Host").value_or("") == "localhost");
  peer.reset();
  CHECK(attempt.error().code() == Errc::kConnectionLost);
  CHECK(mentions(attempt.error().message(), {"a%3Ab.sock"}));
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Dialer: a proxy that is cut off anywhere in its answer") {
  TestLoop loop;
  const bool socks = GENERATE(false, true);
  const std::string whole =
      socks ? "\5\0\0\1\0\0\0\0\0\0"s : "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    Script script{.proxy = {{0, whole.substr(0, cut)}, {1, ""}}};
    if (socks) script.proxy = {{3, "\5\0"s}, {10, whole.substr(0, cut)}, {1, ""}};
    ProxyAndServer far(loop, script);
    DialerOptions options;
    options.route.proxy = proxy_of(socks ? "socks5://127.0.0.1" : "http://127.0.0.1", far.port());
    DialAttempt attempt(loop, url_of("http", 1), {"v4"}, options);
    REQUIRE(loop.run_until([&] { return far.asked.size() == (socks ? 2U : 1U); }));
    loop.run_turns(2);
    far.close();
    CHECK(attempt.error().code() == Errc::kConnectionLost);
    CHECK(mentions(attempt.error().message(), {"the proxy closed the connection"}));
    REQUIRE(loop.run_out());
    CHECK(attempt.calls() == 1);
  }
}
