// What is said to a proxy, byte for byte; its answers cut anywhere.

#include "httpstream/proxy_handshake.h"

#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/mentions.h"
#include "uvspdy/httpstream/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::string_literals;
using test::IsSuccess;
using test::mentions;

namespace {

struct Outcome {
  std::string sent;
  bool done = false;
  Error error;
};

std::unique_ptr<ProxyHandshake> handshake_of(const std::string& proxy, const std::string& url) {
  const Proxy parsed = *parse_proxy(proxy);
  auto made = parsed.scheme == Proxy::Scheme::kSocks5 ? socks5_connect(parsed, *parse_url(url))
                                                      : http_connect(parsed, *parse_url(url));
  REQUIRE_THAT(made, IsSuccess());
  return std::move(*made);
}

/// Gives the proxy's replies, each in pieces of `cut` bytes, whatever has been sent.
Outcome converse(const std::string& proxy, const std::string& url,
                 const std::vector<std::string>& replies, std::size_t cut) {
  const auto handshake = handshake_of(proxy, url);
  Outcome outcome{handshake->start(), false, {}};
  for (const std::string& reply : replies) {
    for (Bytes rest = bytes_of(reply); !rest.empty();) {
      const Bytes piece = rest.first(std::min(cut, rest.size()));
      rest = rest.subspan(piece.size());
      auto step = handshake->take(piece);
      if (!step) {
        outcome.error = step.error();
        return outcome;
      }
      outcome.sent += step->send;
      outcome.done = step->done;
      if (outcome.done) {
        CHECK(rest.empty());
        return outcome;
      }
    }
  }
  return outcome;
}

/// The same at every cut.
void check_tunnel(const std::string& proxy, const std::string& url,
                  const std::vector<std::string>& replies, const std::string& sent) {
  for (std::size_t cut = 1; cut <= 64; ++cut) {
    CAPTURE(proxy, url, cut);
    const Outcome outcome = converse(proxy, url, replies, cut);
    CHECK_THAT(outcome.error, IsSuccess());
    CHECK(outcome.done);
    CHECK(outcome.sent == sent);
  }
}

void check_refusal(const std::string& proxy, const std::vector<std::string>& replies,
                   std::initializer_list<std::string_view> words, Errc code = Errc::kProxy) {
  for (const std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
    CAPTURE(cut);
    const Outcome outcome = converse(proxy, "https://h", replies, cut);
    CHECK_FALSE(outcome.done);
    CHECK(outcome.error.code() == code);
    CHECK(mentions(outcome.error.message(), words));
    CHECK(outcome.error.message().find("secret") == std::string::npos);
  }
}

const std::string kOk = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
const std::string kBound = "\5\0\0\1\1\2\3\4\5\6"s;

}  // namespace

TEST_CASE("CONNECT: the request, and answers that open the tunnel") {
  check_tunnel("p:1", "https://h/path?query", {kOk},
               "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
  check_tunnel("p:1", "http://[fe80::1%25eth0]", {"HTTP/1.0 200\r\n\r\n"},
               "CONNECT [fe80::1]:80 HTTP/1.1\r\nHost: [fe80::1]:80\r\n\r\n");
  check_tunnel("p:1", "http://h:8080", {"HTTP/1.1 100 Wait\r\n\r\n" + kOk},
               "CONNECT h:8080 HTTP/1.1\r\nHost: h:8080\r\n\r\n");
  check_tunnel("p:1", "http://h", {"HTTP/1.1 299 Odd\r\nContent-Length: 5\r\n\r\n"},
               "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n");
}

TEST_CASE("CONNECT: Basic authentication") {
  // RFC 7617's own examples, the second in UTF-8.
  check_tunnel("https://Aladdin:open%20sesame@p", "https://h", {kOk},
               "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n"
               "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  check_tunnel("test:123%C2%A3@p", "https://h", {kOk},
               "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n"
               "Proxy-Authorization: Basic dGVzdDoxMjPCow==\r\n\r\n");
  // As apimachinery's tests: characters that URLs escape.
  check_tunnel("proxy%20user:proxypasswd%25@p", "https://h", {kOk},
               "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n"
               "Proxy-Authorization: Basic cHJveHkgdXNlcjpwcm94eXBhc3N3ZCU=\r\n\r\n");
  const std::string bad = GENERATE("a%3Ab:secret@p", "a:secret%0D%0A@p", "a%00:secret@p");
  const auto made = http_connect(*parse_proxy(bad), *parse_url("https://h"));
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == Errc::kBadUrl);
  CHECK(made.error().message().find("secret") == std::string::npos);
}

TEST_CASE("CONNECT: refusals, with the proxy's status and words") {
  check_refusal("p:1", {"HTTP/1.1 403 Filtered\r\nContent-Length: 9\r\n\r\nforbidden"},
                {"http://p:1", "h:443", "403 Filtered: forbidden"});
  check_refusal("p:1", {"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n"},
                {"wants a user name and password", "407 Auth"});
  check_refusal("u:secret@p:1", {"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n"},
                {"does not accept the user name and password", "407"});
  check_refusal("p:1", {"HTTP/1.1 302 Over there\r\nContent-Length: 0\r\n\r\n"}, {"302"});
  check_refusal("p:1", {"HTTP/1.1 101 Switching\r\n\r\n"}, {"101"});
  check_refusal("p:1", {"SSH-2.0-x\r\n"}, {"http://p:1", "HTTP/"}, Errc::kBadHead);
  check_refusal("p:1", {"HTTP/1.1 200 " + std::string(70000, 'x')}, {"http://p:1"},
                Errc::kHeadTooLarge);
  // A body that never ends, half of it told when the time is up.
  const auto handshake = handshake_of("p:1", "https://h");
  CHECK_THAT(handshake->refusal_so_far(), IsSuccess());
  CHECK_THAT(handshake->take(bytes_of("HTTP/1.1 503 Busy\r\n")), IsSuccess());
  CHECK_THAT(handshake->refusal_so_far(), IsSuccess());
  CHECK_THAT(handshake->take(bytes_of("\r\ncome la")), IsSuccess());
  CHECK(mentions(handshake->refusal_so_far().message(), {"503 Busy: come la"}));
}

TEST_CASE("CONNECT: bytes behind the answer are nobody's") {
  const auto handshake = handshake_of("p:1", "https://h");
  const auto step = handshake->take(bytes_of(kOk + "x"));
  REQUIRE_FALSE(step);
  CHECK(step.error().code() == Errc::kProxy);
}

TEST_CASE("SOCKS5: without authentication; names go to the proxy, addresses as addresses") {
  const std::string greeting = "\5\1\0"s;
  check_tunnel("socks5://p", "https://example.com", {"\5\0"s, kBound},
               greeting + "\5\1\0\3\13example.com\1\xbb"s);
  check_tunnel("socks5h://p", "http://1.2.3.4:258", {"\5\0"s, kBound},
               greeting + "\5\1\0\1\1\2\3\4\1\2"s);
  check_tunnel("socks5://p", "http://[102:304::f]", {"\5\0"s, kBound},
               greeting + "\5\1\0\4\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\17\0\120"s);
  check_tunnel("socks5://p", "http://[fe80::1%25eth0]", {"\5\0"s, kBound},
               greeting + "\5\1\0\4\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\120"s);
  const std::string longest(255, 'n');
  check_tunnel("socks5://p", "http://" + longest, {"\5\0"s, kBound},
               greeting + "\5\1\0\3\xff"s + longest + "\0\120"s);
}

TEST_CASE("SOCKS5: bound addresses of each kind are read and dropped") {
  const std::string sent = "\5\1\0\5\1\0\3\1h\0\120"s;
  check_tunnel("socks5://p", "http://h", {"\5\0"s, "\5\0\0\4"s + std::string(18, 'x')}, sent);
  check_tunnel("socks5://p", "http://h", {"\5\0"s, "\5\0\0\3\0xx"s}, sent);
  check_tunnel("socks5://p", "http://h", {"\5\0"s, "\5\0\0\3\5abcdexx"s}, sent);
  check_tunnel("socks5://p", "http://h", {"\5\0"s, "\5\0\0\3\xff"s + std::string(257, 'x')}, sent);
  check_tunnel("socks5://p", "http://h", {"\5\0"s, "\5\0\x7f\1aaaaxx"s}, sent);
}

TEST_CASE("SOCKS5: user name and password, when the proxy wants them") {
  const std::string greeting = "\5\2\0\2"s;
  const std::string request = "\5\1\0\3\1h\1\xbb"s;
  check_tunnel("socks5://user:p%40ss@p", "https://h", {"\5\2"s, "\1\0"s, kBound},
               greeting + "\1\4user\4p@ss"s + request);
  check_tunnel("socks5://user:p%40ss@p", "https://h", {"\5\0"s, kBound}, greeting + request);
  const std::string longest(255, 'x');
  check_tunnel("socks5://" + longest + ":" + longest + "@p", "https://h",
               {"\5\2"s, "\1\0"s, kBound},
               greeting + "\1\xff"s + longest + "\xff"s + longest + request);
  for (const std::string& user : {longest + "x:a"s, "a:"s + longest + "x", "a"s, ":a"s}) {
    CAPTURE(user);
    const auto made =
        socks5_connect(*parse_proxy("socks5://" + user + "@p"), *parse_url("http://h"));
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == Errc::kBadUrl);
    CHECK(mentions(made.error().message(), {"1 to 255 bytes"}));
  }
  const auto made =
      socks5_connect(*parse_proxy("socks5://p"), Url{.host = longest + "x", .port = 80});
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == Errc::kBadUrl);
}

TEST_CASE("SOCKS5: every reply code has its words") {
  const char* words[] = {"general",          "not allowed", "network unreachable",
                         "host unreachable", "refused",     "TTL",
                         "command",          "address type"};
  for (int code = 1; code < 256; ++code) {
    const std::string reply = {'\5', static_cast<char>(code)};
    check_refusal("socks5://p", {"\5\0"s, reply},
                  {"socks5://p:1080", "h:443", code <= 8 ? words[code - 1] : "unknown reply code",
                   "(" + std::to_string(code) + ")"});
  }
}

TEST_CASE("SOCKS5: what the proxy does not take, and what is no SOCKS5") {
  check_refusal("socks5://p", {"\5\xff"s}, {"give a user name and password"});
  check_refusal("socks5://u:secret@p", {"\5\xff"s}, {"another authentication"});
  check_refusal("socks5://p", {"\5\2"s}, {"2", "not offered"});
  check_refusal("socks5://u:secret@p", {"\5\1"s}, {"1", "not offered"});
  check_refusal("socks5://u:secret@p", {"\5\2"s, "\1\1"s}, {"does not accept"});
  check_refusal("socks5://u:secret@p", {"\5\2"s, "\5\0"s}, {"does not speak SOCKS5"});
  check_refusal("socks5://p", {"\4\132"s}, {"does not speak SOCKS5", "4"});
  check_refusal("socks5://p", {"HTTP/1.1 400 Bad Request\r\n\r\n"}, {"does not speak SOCKS5"});
  check_refusal("socks5://p", {"\5\0"s, "\4"s}, {"does not speak SOCKS5"});
  check_refusal("socks5://p", {"\5\0"s, "\5\0\0\2"s}, {"unknown address type 2"});
  const auto early = handshake_of("socks5://p", "https://h");
  CHECK_FALSE(early->take(bytes_of("\5\0\5"s)));
  const auto late = handshake_of("socks5://p", "https://h");
  CHECK_THAT(late->take(bytes_of("\5\0"s)), IsSuccess());
  CHECK_FALSE(late->take(bytes_of(kBound + "x")));
}
