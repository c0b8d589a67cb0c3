// What a proxy is called, and which one the environment names.

#include "uvspdy/httpstream/proxy.h"

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/mentions.h"
#include "uvspdy/httpstream/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::mentions;

namespace {

using Scheme = Proxy::Scheme;

EnvironmentLookup environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

/// The proxy for a URL, as text; "" for none.
std::string proxy_for(const std::string& url, const EnvironmentLookup& lookup) {
  const auto parsed = parse_url(url);
  REQUIRE_THAT(parsed, IsSuccess());
  const auto proxy = proxy_from_environment(*parsed, lookup);
  REQUIRE_THAT(proxy, IsSuccess());
  return *proxy ? to_string(**proxy) : "";
}

}  // namespace

TEST_CASE("parse_proxy: scheme, user name, password, host and port") {
  struct Row {
    const char* text;
    Scheme scheme;
    const char* host;
    std::uint16_t port;
    const char* username;
    const char* password;
    const char* printed;
  };
  const Row rows[] = {
      {"http://h", Scheme::kHttp, "h", 80, "", "", "http://h:80"},
      {"http://h:3128/", Scheme::kHttp, "h", 3128, "", "", "http://h:3128"},
      {"h:3128", Scheme::kHttp, "h", 3128, "", "", "http://h:3128"},
      {"h", Scheme::kHttp, "h", 80, "", "", "http://h:80"},
      {"HTTPS://h", Scheme::kHttps, "h", 443, "", "", "https://h:443"},
      {"socks5://127.0.0.1", Scheme::kSocks5, "127.0.0.1", 1080, "", "", "socks5://127.0.0.1:1080"},
      {"socks5h://[::1]:9050", Scheme::kSocks5, "::1", 9050, "", "", "socks5://[::1]:9050"},
      {"http://user:p%40ss@h:1", Scheme::kHttp, "h", 1, "user", "p@ss", "http://h:1"},
      {"user:p@h", Scheme::kHttp, "h", 80, "user", "p", "http://h:80"},
      {"http://user@h", Scheme::kHttp, "h", 80, "user", "", "http://h:80"},
      {"http://:p@h", Scheme::kHttp, "h", 80, "", "p", "http://h:80"},
      {"http://u:a:b@h", Scheme::kHttp, "h", 80, "u", "a:b", "http://h:80"},
      {"http://u:a+b@h", Scheme::kHttp, "h", 80, "u", "a+b", "http://h:80"},
      {"http://u:a@b@h", Scheme::kHttp, "h", 80, "u", "a@b", "http://h:80"},
      {"http://pro%20xy:a%3A%25%2F@h", Scheme::kHttp, "h", 80, "pro xy", "a:%/", "http://h:80"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto proxy = parse_proxy(row.text);
    REQUIRE_THAT(proxy, IsSuccess());
    CHECK(proxy->scheme == row.scheme);
    CHECK(proxy->host == row.host);
    CHECK(proxy->port == row.port);
    CHECK(proxy->username == row.username);
    CHECK(proxy->password == row.password);
    CHECK(to_string(*proxy) == row.printed);
  }
}

TEST_CASE("parse_proxy: what cannot be used is refused, and no password repeated") {
  const std::vector<std::string> bad = {
      "",
      "http://",
      "://h",
      "socks4://user:secret@h",
      "ftp://h",
      "http://user:secret@",
      "http://user:secret@h:port",
      "http://user:secret@h:0",
      "http://user:secret@h/path",
      "http://user:secret@h?query",
      "http://user:secret@h#fragment",
      "http://user:secret%@h",
      "http://user:secret%zz@h",
      "http://%4:secret@h",
      "http://user:secret @h",
      "http://user:secret/slash@h",
      "http://user:secret@[h]",
      "user:secret@h:1:2",
      "http://h\r\nInjected: x",
      "http://user:secret%40h:1",  // the @ is encoded, too
      "http://user:secret",
      "user:secret",
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    const auto proxy = parse_proxy(text);
    REQUIRE_FALSE(proxy);
    CHECK(proxy.error().code() == Errc::kBadUrl);
    CHECK(mentions(proxy.error().message(), {"the proxy is not usable"}));
    CHECK(proxy.error().message().find("secret") == std::string::npos);
  }
}

TEST_CASE("proxy_from_environment: which variable counts") {
  const std::string http = "http://example.com";
  const std::string https = "https://example.com";
  CHECK(proxy_for(http, environment({})) == "");
  CHECK(proxy_for(https, environment({})) == "");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", "a:1"}})) == "http://a:1");
  CHECK(proxy_for(http, environment({{"http_proxy", "b:2"}})) == "http://b:2");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", "a:1"}, {"http_proxy", "b:2"}})) ==
        "http://a:1");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", ""}, {"http_proxy", "b:2"}})) == "http://b:2");
  CHECK(proxy_for(http, environment({{"HTTPS_PROXY", "a:1"}})) == "");
  CHECK(proxy_for(https, environment({{"HTTP_PROXY", "a:1"}})) == "");
  CHECK(proxy_for(https, environment({{"HTTPS_PROXY", "socks5://a"}})) == "socks5://a:1080");
  CHECK(proxy_for(https, environment({{"https_proxy", "https://b"}})) == "https://b:443");
  CHECK(proxy_for(https, environment({{"HTTPS_PROXY", "a:1"}, {"REQUEST_METHOD", "GET"}})) ==
        "http://a:1");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", "a:1"}, {"REQUEST_METHOD", ""}})) ==
        "http://a:1");
  CHECK(proxy_for("unix:///x", environment({{"HTTP_PROXY", "a:1"}, {"HTTPS_PROXY", "a:1"}})) == "");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", "a:1"}, {"NO_PROXY", "example.com"}})) == "");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", "a:1"}, {"no_proxy", "example.com"}})) == "");
  CHECK(proxy_for(http, environment({{"HTTP_PROXY", "a:1"},
                                     {"NO_PROXY", "other.com"},
                                     {"no_proxy", "example.com"}})) == "http://a:1");
  // Nobody's business when none is used.
  CHECK(proxy_for("http://localhost", environment({{"HTTP_PROXY", "bad://"}})) == "");
}

TEST_CASE("proxy_from_environment: what is wrong is told, with the variable's name") {
  const Url url = *parse_url("http://example.com");
  auto proxy = proxy_from_environment(url, environment({{"http_proxy", "ftp://u:secret@h"}}));
  REQUIRE_FALSE(proxy);
  CHECK(proxy.error().code() == Errc::kBadUrl);
  CHECK(mentions(proxy.error().message(), {"http_proxy", "socks5"}));
  CHECK(proxy.error().message().find("secret") == std::string::npos);

  proxy =
      proxy_from_environment(url, environment({{"HTTP_PROXY", "a:1"}, {"REQUEST_METHOD", "GET"}}));
  REQUIRE_FALSE(proxy);
  CHECK(mentions(proxy.error().message(), {"HTTP_PROXY", "REQUEST_METHOD"}));
}

TEST_CASE("proxy_from_environment: the process's own environment, when no other is given") {
  const char* const name = "HTTPS_PROXY";
  const char* const before = std::getenv(name);
  const std::string saved = before == nullptr ? "" : before;
  setenv(name, "http://from-the-process:1", 1);
  const auto proxy = proxy_from_environment(*parse_url("https://203.0.113.77"));
  before == nullptr ? unsetenv(name) : setenv(name, saved.c_str(), 1);
  REQUIRE_THAT(proxy, IsSuccess());
  if (std::getenv("NO_PROXY") == nullptr && std::getenv("no_proxy") == nullptr) {
    REQUIRE(*proxy);
    CHECK((*proxy)->host == "from-the-process");
  }
}

TEST_CASE("proxy_from_environment: NO_PROXY, as Go reads it") {
  struct Row {
    const char* no_proxy;
    const char* url;
    bool proxied;
  };
  const Row rows[] = {
      // Never by a proxy.
      {"", "http://localhost", false},
      {"", "http://LocalHost:8080", false},
      {"", "http://127.0.0.1", false},
      {"", "http://127.9.9.9:1", false},
      {"", "http://[::1]", false},
      {"", "http://[::ffff:127.0.0.1]", false},
      {"", "http://localhost.example.com", true},
      {"", "http://128.0.0.1", true},
      {"", "http://[::2]", true},
      {"", "http://example.com", true},
      // Everything.
      {"*", "http://example.com", false},
      {"*", "http://10.0.0.1", false},
      {"foo.com, *", "http://example.com", false},
      // Names: they and all below them.
      {"example.com", "http://example.com", false},
      {"example.com", "http://a.example.com", false},
      {"example.com", "http://a.b.example.com", false},
      {"example.com", "http://notexample.com", true},
      {"example.com", "http://example.com.org", true},
      {"example.com", "http://com", true},
      {"Example.COM", "http://eXample.com", false},
      {"com", "http://example.com", false},
      // Those below alone.
      {".example.com", "http://a.example.com", false},
      {".example.com", "http://example.com", true},
      {"*.example.com", "http://a.example.com", false},
      {"*.example.com", "http://example.com", true},
      {"a*.example.com", "http://ab.example.com", true},
      // Ports.
      {"example.com:80", "http://example.com", false},
      {"example.com:80", "http://a.example.com:80", false},
      {"example.com:80", "http://example.com:81", true},
      {"example.com:443", "https://example.com", false},
      {"example.com:443", "http://example.com", true},
      {".example.com:81", "http://a.example.com:81", false},
      {"example.com:", "http://example.com:81", false},
      {":80", "http://example.com", true},
      // Addresses.
      {"192.0.2.1", "http://192.0.2.1", false},
      {"192.0.2.1", "http://192.0.2.2", true},
      {"192.0.2.1", "http://[::ffff:192.0.2.1]", false},
      {"192.0.2.1:80", "http://192.0.2.1", false},
      {"192.0.2.1:80", "http://192.0.2.1:81", true},
      {"2001:db8::1", "http://[2001:db8::1]", false},
      {"2001:db8:0::1", "http://[2001:db8::1]:81", false},
      {"[2001:db8::1]:81", "http://[2001:db8::1]:81", false},
      {"[2001:db8::1]:81", "http://[2001:db8::1]", true},
      {"[2001:db8::1]", "http://[2001:db8::1]", false},  // Go does not know this form
      {"2001:db8::1", "http://[2001:db8::2]", true},
      {"0.2.1", "http://192.0.2.1", true},
      {"2.1", "http://192.0.2.1", true},
      {"fe80::1", "http://[fe80::1%25eth0]", false},
      // Ranges.
      {"192.0.2.0/24", "http://192.0.2.255", false},
      {"192.0.2.77/24", "http://192.0.2.255", false},
      {"192.0.2.0/24", "http://192.0.3.0", true},
      {"192.0.2.0/25", "http://192.0.2.127", false},
      {"192.0.2.0/25", "http://192.0.2.128", true},
      {"192.0.2.1/32", "http://192.0.2.1", false},
      {"192.0.2.1/32", "http://192.0.2.0", true},
      {"0.0.0.0/0", "http://192.0.2.1", false},
      {"0.0.0.0/0", "http://[2001:db8::1]", true},
      {"::/0", "http://[2001:db8::1]", false},
      {"::/0", "http://192.0.2.1", true},
      {"2001:db8::/32", "http://[2001:db8:ffff::1]", false},
      {"2001:db8::/32", "http://[2001:db9::1]", true},
      {"2001:db8::/33", "http://[2001:db8:8000::1]", true},
      {"::ffff:192.0.2.0/120", "http://192.0.2.9", false},
      {"::ffff:192.0.2.0/120", "http://192.0.3.9", true},
      {"192.0.2.0/24", "http://example.com", true},
      {"192.0.2.0/33", "http://192.0.2.0", true},
      {"2001:db8::/129", "http://[2001:db8::]", true},
      {"192.0.2.0/", "http://192.0.2.0", true},
      {"192.0.2.0/-1", "http://192.0.2.0", true},
      {"192.0.2.0/2 4", "http://192.0.2.0", true},
      // Lists.
      {"a.com, b.com ,\tc.com", "http://b.com", false},
      {"a.com, b.com ,\tc.com", "http://x.c.com", false},
      {",,a.com,,", "http://a.com", false},
      {",,a.com,,", "http://b.com", true},
      {"a.com b.com", "http://b.com", true},
      {"[", "http://example.com", true},
      {"[]", "http://example.com", true},
      {"[]:80", "http://example.com", true},
      {"/", "http://example.com", true},
      {"*.", "http://example.com", true},
      {".", "http://example.com", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.no_proxy, row.url);
    const auto lookup =
        environment({{"HTTP_PROXY", "p:1"}, {"HTTPS_PROXY", "p:1"}, {"NO_PROXY", row.no_proxy}});
    CHECK((proxy_for(row.url, lookup) == "http://p:1") == row.proxied);
  }
}
