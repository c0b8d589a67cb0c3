#include "uvspdy/httpstream/url.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "uvspdy/httpstream/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;

TEST_CASE("parse_url: scheme, host, port and target") {
  struct Row {
    const char* text;
    const char* scheme;
    const char* host;
    std::uint16_t port;
    const char* target;
    const char* authority;
    const char* host_header;
  };
  const Row rows[] = {
      {"http://example.com", "http", "example.com", 80, "/", "example.com:80", "example.com"},
      {"http://example.com/", "http", "example.com", 80, "/", "example.com:80", "example.com"},
      {"http://example.com:8080/a/b?c=d&e=%20", "http", "example.com", 8080, "/a/b?c=d&e=%20",
       "example.com:8080", "example.com:8080"},
      {"HTTP://127.0.0.1:1", "http", "127.0.0.1", 1, "/", "127.0.0.1:1", "127.0.0.1:1"},
      {"http://127.0.0.1:65535?x=y", "http", "127.0.0.1", 65535, "/?x=y", "127.0.0.1:65535",
       "127.0.0.1:65535"},
      {"http://[::1]", "http", "::1", 80, "/", "[::1]:80", "[::1]"},
      {"http://[fe80::1]:8001/exec", "http", "fe80::1", 8001, "/exec", "[fe80::1]:8001",
       "[fe80::1]:8001"},
      {"http://[fe80::1%25eth0]:80", "http", "fe80::1%eth0", 80, "/", "[fe80::1]:80", "[fe80::1]"},
      {"http://h/a:b@c", "http", "h", 80, "/a:b@c", "h:80", "h"},
      {"http://h?a=http://x", "http", "h", 80, "/?a=http://x", "h:80", "h"},
      {"https://h", "https", "h", 443, "/", "h:443", "h"},
      {"https://h:443/x", "https", "h", 443, "/x", "h:443", "h"},
      {"HttpS://[::1]:6443", "https", "::1", 6443, "/", "[::1]:6443", "[::1]:6443"},
      {"https://h:80", "https", "h", 80, "/", "h:80", "h:80"},
      {"http://h:443", "http", "h", 443, "/", "h:443", "h:443"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto url = parse_url(row.text);
    REQUIRE_THAT(url, IsSuccess());
    CHECK(url->scheme == row.scheme);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
    CHECK(url->authority() == row.authority);
    CHECK(url->host_header() == row.host_header);
    CHECK(url->origin() == url->scheme + "://" + row.authority);
    CHECK(url->socket_path.empty());
    const auto back = parse_url(to_string(*url));
    REQUIRE_THAT(back, IsSuccess());
    CHECK(*back == *url);
  }
}

TEST_CASE("Url: without a port it means the scheme's own") {
  CHECK(Url{.host = "h"}.effective_port() == 80);
  CHECK(Url{.scheme = "https", .host = "h"}.effective_port() == 443);
  CHECK(Url{.scheme = "https", .host = "h"}.authority() == "h:443");
  CHECK(Url{.scheme = "https", .host = "h"}.host_header() == "h");
  CHECK(Url{.scheme = "https", .host = "h", .port = 80}.host_header() == "h:80");
}

TEST_CASE("parse_url: local sockets, in nginx's form") {
  struct Row {
    const char* text;
    const char* socket_path;
    const char* target;
    const char* origin;
  };
  const Row rows[] = {
      {"unix:///run/x.sock", "/run/x.sock", "/", "unix:///run/x.sock"},
      {"UNIX:///x", "/x", "/", "unix:///x"},
      {"unix:///run/x.sock:/", "/run/x.sock", "/", "unix:///run/x.sock"},
      {"unix:///run/x.sock:/exec/a?command=b:c", "/run/x.sock", "/exec/a?command=b:c",
       "unix:///run/x.sock"},
      {"unix:///a%3Ab%20c%25", "/a:b c%", "/", "unix:///a%3Ab%20c%25"},
      {"unix:///@abc+d", "/@abc+d", "/", "unix:///%40abc%2Bd"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto url = parse_url(row.text);
    REQUIRE_THAT(url, IsSuccess());
    CHECK(url->scheme == "unix");
    CHECK(url->socket_path == row.socket_path);
    CHECK(url->target == row.target);
    CHECK(url->origin() == row.origin);
    CHECK(url->authority() == "localhost");
    CHECK(url->host_header() == "localhost");
    const auto back = parse_url(to_string(*url));
    REQUIRE_THAT(back, IsSuccess());
    CHECK(*back == *url);
  }
  CHECK_THAT(parse_url("unix:///" + std::string(106, 'x')), IsSuccess());
}

TEST_CASE("parse_url: what cannot be used is refused, with the URL in the text") {
  const std::vector<std::string> bad = {
      "",
      "example.com",
      "example.com:80",
      "//example.com",
      "http:/example.com",
      "://example.com",
      "ftp://example.com",
      "http://",
      "http:///path",
      "http://?query",
      "http://:80",
      "http://h:",
      "http://h:0",
      "http://h:65536",
      "http://h:-1",
      "http://h:+1",
      "http://h:8o",
      "http://h:80:81",
      "http://h: 80",
      "http://::1",
      "http://[::1",
      "http://[]",
      "http://[::1]80",
      "http://[::1]:x",
      "http://[h]",
      "http://[127.0.0.1]",
      "http://[fe80::1%eth0]",
      "http://[fe80::1%25]",
      "http://[fe80::1%25a%20b]",
      "http://[::1]]",
      "http://h%41",
      "http://h\\x",
      "http://h/#fragment",
      "http://h/a b",
      "http://h/a\r\nInjected: x",
      "http://h\t/",
      "http://h/\x7f",
      std::string("http://h/\0", 10),
      "https://",
      "unix://",
      "unix:/run/x.sock",
      "unix://run/x.sock",
      "unix://:/path",
      "unix:///run/x.sock?query",
      "unix:///run/x.sock:",
      "unix:///run/x.sock:path",
      "unix:///run/x.sock:?query",
      "unix:///run/x.sock#fragment",
      "unix:///run/%00",
      "unix:///" + std::string(107, 'x'),
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code() == Errc::kBadUrl);
    const std::string shown = Error(Errc::kBadUrl, text).message();  // printable
    CHECK(url.error().message().find(shown) != std::string::npos);
  }
  CHECK(parse_url("unix:///a%2").error().code() == Errc::kBadUrl);
}

TEST_CASE("to_string: a zone of what is no IPv6 address is not in the text") {
  CHECK(to_string(Url{.host = "name%zone", .port = 81}) == "http://name:81/");
  CHECK(to_string(Url{.host = "127.0.0.1%1"}) == "http://127.0.0.1/");
}

TEST_CASE("parse_url: user names are refused, and passwords not repeated") {
  const std::string text = GENERATE("http://user:secret@h", "https://user:secret@h:1/x",
                                    "http://user:secret/with/slashes@h", "http://secret@h",
                                    "ftp://user:secret@h", "http://a@secret@h", "secret@h");
  CAPTURE(text);
  const auto url = parse_url(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().code() == Errc::kBadUrl);
  CHECK(url.error().message().find("secret") == std::string::npos);
  CHECK(url.error().message().find("***@h") != std::string::npos);
}

TEST_CASE("parse_target: the path as it is, the query decoded, in order") {
  struct Row {
    const char* text;
    const char* path;
    Query query;
  };
  const std::vector<Row> rows = {
      {"/", "/", {}},
      {"/a%20b", "/a%20b", {}},
      {"/a?", "/a", {}},
      {"/a?&&", "/a", {}},
      {"/a?x", "/a", {{"x", ""}}},
      {"/a?x=", "/a", {{"x", ""}}},
      {"/a?=y", "/a", {{"", "y"}}},
      {"/a?x=1&y=2&x=3", "/a", {{"x", "1"}, {"y", "2"}, {"x", "3"}}},
      {"/a?x=1=2", "/a", {{"x", "1=2"}}},
      {"/a?x=1?2", "/a", {{"x", "1?2"}}},
      {"/a?x=a+b%20c", "/a", {{"x", "a b c"}}},
      {"/a?x=%2B%2b%26%3D%25", "/a", {{"x", "++&=%"}}},
      {"/a?%78=%41", "/a", {{"x", "A"}}},
      {"/a?x=%c3%a4", "/a", {{"x", "\xc3\xa4"}}},
      {"/a?x=%00y", "/a", {{"x", std::string("\0y", 2)}}},
      {"", "", {}},
      {"?x=y", "", {{"x", "y"}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto target = parse_target(row.text);
    REQUIRE_THAT(target, IsSuccess());
    CHECK(target->path == row.path);
    CHECK(target->query == row.query);
  }
}

TEST_CASE("parse_target: a broken percent-encoding is refused") {
  const std::string text = GENERATE("/?x=%", "/?x=%4", "/?x=%4&y=1", "/?x=%g0", "/?x=%0g", "/?%=1",
                                    "/?x=%%41", "/?x=% 1", "/?x=%+1", "/?x=%-1");
  CAPTURE(text);
  const auto target = parse_target(text);
  REQUIRE_FALSE(target);
  CHECK(target.error().code() == Errc::kBadUrl);
}

TEST_CASE("format_query: everything but unreserved characters is encoded, and reads back") {
  CHECK(format_query({}) == "");
  CHECK(*percent_decode("a+b%20%2b") == "a+b +");
  CHECK(percent_decode("%4").error().code() == Errc::kBadUrl);
  CHECK(format_query({{"command", "ls"}, {"command", "-l /"}, {"tty", ""}}) ==
        "command=ls&command=-l%20%2F&tty=");
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode("%+&=/?#:@\n\xff") == "%25%2B%26%3D%2F%3F%23%3A%40%0A%FF");

  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const Query query = {{all, "1"}, {"2", all}, {"", ""}};
  const auto back = parse_target("/p?" + format_query(query));
  REQUIRE_THAT(back, IsSuccess());
  CHECK(back->path == "/p");
  CHECK(back->query == query);
}
