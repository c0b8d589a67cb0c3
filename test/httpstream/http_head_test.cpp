#include "uvspdy/httpstream/http_head.h"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/mentions.h"
#include "uvspdy/httpstream/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;

namespace {

constexpr std::string_view kGoodHead =
    "POST /exec?command=ls HTTP/1.1\r\nHost: a:1\r\nUpgrade: SPDY/3.1\r\n\r\n";

std::string head_with(const std::string& fields) { return "GET / HTTP/1.1\r\n" + fields + "\r\n"; }

}  // namespace

// ---- collecting

TEST_CASE("HttpHeadCollector: a head cut at every position, with the bytes behind it left over") {
  const std::string behind = "\x80\x03\x00\x01 frames \r\n\r\n behind it";
  const std::string input = std::string(kGoodHead) + behind;
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    CAPTURE(cut);
    HttpHeadCollector collector;
    Bytes first = bytes_of(input).first(cut);
    const Result<bool> begun = collector.take(first);
    REQUIRE_THAT(begun, IsSuccess());
    CHECK(*begun == (cut >= kGoodHead.size()));
    std::string left(text_of(first));
    if (!*begun) {
      CHECK(first.empty());  // all of it was taken
      Bytes second = bytes_of(input).subspan(cut);
      const Result<bool> complete = collector.take(second);
      REQUIRE_THAT(complete, IsSuccess());
      CHECK(*complete);
      left = text_of(second);
    } else {
      left += input.substr(cut);
    }
    CHECK(collector.head() == kGoodHead);
    CHECK(left == behind);
  }
}

TEST_CASE("HttpHeadCollector: a head that comes byte by byte") {
  HttpHeadCollector collector;
  for (std::size_t i = 0; i < kGoodHead.size(); ++i) {
    Bytes byte = bytes_of(kGoodHead).subspan(i, 1);
    const Result<bool> complete = collector.take(byte);
    REQUIRE_THAT(complete, IsSuccess());
    CHECK(*complete == (i + 1 == kGoodHead.size()));
    CHECK(byte.empty());
  }
  CHECK(collector.head() == kGoodHead);
}

TEST_CASE("HttpHeadCollector: 64 KiB are a head, one byte more is too large") {
  const std::string rest = "\r\n\r\n";
  const std::string longest = std::string(kMaxHeadSize - rest.size(), 'a') + rest;
  const std::size_t piece = GENERATE(std::size_t{1000}, std::size_t{65535}, std::size_t{1000000});
  CAPTURE(piece);

  const auto feed = [piece](const std::string& text) {
    HttpHeadCollector collector;
    for (std::size_t i = 0; i < text.size(); i += piece) {
      Bytes input = bytes_of(std::string_view(text).substr(i, piece));
      Result<bool> complete = collector.take(input);
      if (!complete || *complete) return complete;
    }
    return Result<bool>(false);
  };
  const Result<bool> fits = feed(longest);
  REQUIRE_THAT(fits, IsSuccess());
  CHECK(*fits);
  const Result<bool> too_long = feed("a" + longest);
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().code() == Errc::kHeadTooLarge);
  CHECK(too_long.error().message().find(std::to_string(kMaxHeadSize)) != std::string::npos);
  // Without an end it is too large as soon as no end can fit any more.
  const Result<bool> endless = feed(std::string(kMaxHeadSize, 'a'));
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code() == Errc::kHeadTooLarge);
}

TEST_CASE("HttpHeadCollector: a byte that no head has ends it at once, wherever it is cut") {
  struct Row {
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\n", "line 1 of the head ends in LF alone"},
      {"\n", "line 1 of the head ends in LF alone"},
      {"GET / HTTP/1.1\r\nA: b\n", "line 2 of the head ends in LF alone"},
      {"GET / HTTP/1.1\r\nA: b\rc", "line 2 of the head has a CR without an LF"},
      {"GET / HTTP/1.1\r\r", "line 1 of the head has a CR without an LF"},
      {"GET / HTTP/1.1\r\n\r\r", "line 2 of the head has a CR without an LF"},
      {std::string("GET /\0", 6), "line 1 of the head contains a control character"},
      {"\x7f", "line 1 of the head contains a control character"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    for (std::size_t cut = 0; cut < row.text.size(); ++cut) {
      CAPTURE(cut);
      HttpHeadCollector collector;
      Bytes first = bytes_of(row.text).first(cut);
      const Result<bool> begun = collector.take(first);
      REQUIRE_THAT(begun, IsSuccess());
      CHECK_FALSE(*begun);
      Bytes second = bytes_of(row.text).subspan(cut);
      const Result<bool> refused = collector.take(second);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code() == Errc::kBadHead);
      CHECK(test::mentions(refused.error().message(), {row.error}));
    }
  }
  // Behind the head anything may come.
  HttpHeadCollector collector;
  Bytes input = bytes_of(std::string_view("GET / HTTP/1.1\r\n\r\n\n\x01"));
  const Result<bool> complete = collector.take(input);
  REQUIRE_THAT(complete, IsSuccess());
  CHECK(text_of(input) == "\n\x01");
}

// ---- requests

TEST_CASE("parse_request_head: method, target and fields as they were sent") {
  const auto request = parse_request_head(
      "POST /exec?command=a%20b&x=+ HTTP/1.1\r\n"
      "Host:example.com:80\r\n"
      "X-Empty:\r\n"
      "X-Space: \t  padded \t \r\n"
      "X-Twice: 1\r\n"
      "x-twice: 2\r\n"
      "X-Tab: a\tb\r\n"
      "X-Bytes: \xc3\xa4\r\n"
      "!#$%&'*+-.^_`|~09azAZ: token\r\n"
      "\r\n");
  REQUIRE_THAT(request, IsSuccess());
  CHECK(request->method == "POST");
  CHECK(request->target == "/exec?command=a%20b&x=+");
  CHECK(request->headers.get("host") == "example.com:80");
  CHECK(request->headers.get("X-Empty") == "");
  CHECK(request->headers.get("X-Space") == "padded");
  CHECK(request->headers.values("X-Twice") == std::vector<std::string_view>{"1", "2"});
  CHECK(request->headers.get("X-Tab") == "a\tb");
  CHECK(request->headers.get("X-Bytes") == "\xc3\xa4");
  CHECK(request->headers.get("!#$%&'*+-.^_`|~09azAZ") == "token");
  CHECK(request->headers.size() == 8);
}

TEST_CASE("parse_request_head: a head without any field is one") {
  const auto request = parse_request_head("GET / HTTP/1.1\r\n\r\n");
  REQUIRE_THAT(request, IsSuccess());
  CHECK(request->headers.empty());
}

TEST_CASE("parse_request_head: what is not HTTP/1.1 to the letter is refused") {
  const std::string nul(1, '\0');
  const std::vector<std::string> bad = {
      // The request line.
      "",
      "\r\n\r\n",
      "GET / HTTP/1.1",
      "GET / HTTP/1.1\n\n",
      "GET /\r\n\r\n",
      "GET\r\n\r\n",
      " / HTTP/1.1\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n",
      "GET  / HTTP/1.1\r\n\r\n",
      "GET /  HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1 \r\n\r\n",
      " GET / HTTP/1.1\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\n\r\n",
      "GET / a HTTP/1.1\r\n\r\n",
      "GET /\t HTTP/1.1\r\n\r\n",
      "GET /a" + nul + "b HTTP/1.1\r\n\r\n",
      "GET /a\x7f HTTP/1.1\r\n\r\n",
      "G(T / HTTP/1.1\r\n\r\n",
      "G\xc3\xa4T / HTTP/1.1\r\n\r\n",
      "GET / HTTP/2\r\n\r\n",
      "GET / HTTP/2.0\r\n\r\n",
      "GET / HTTP/1.11\r\n\r\n",
      "GET / http/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\n",
      // The fields.
      head_with("no colon\r\n"),
      head_with(": no name\r\n"),
      head_with("Host : space before the colon\r\n"),
      head_with("Host\t: tab before the colon\r\n"),
      head_with(" Host: a space first\r\n"),
      head_with("A: folded\r\n line\r\n"),
      head_with("A: folded\r\n\tline: with a colon\r\n"),
      head_with("A: bare\rcarriage return\r\n"),
      head_with("A: bare\nB: line feed\r\n"),
      head_with("A: b\r\r\n"),
      head_with("A: nul " + nul + "\r\n"),
      head_with("A: escape \x1b[0m\r\n"),
      head_with("A: delete \x7f\r\n"),
      head_with("N\xc3\xa4me: not ASCII\r\n"),
      head_with("Na/me: no token\r\n"),
      head_with("\"Name\": no token\r\n"),
      // The end.
      "GET / HTTP/1.1\r\nA: b",
      "GET / HTTP/1.1\r\nA: b\r\n",
      "GET / HTTP/1.1\r\nA: b\n\r\n",
      std::string(kGoodHead) + "more",
  };
  for (const std::string& head : bad) {
    CAPTURE(head);
    const auto request = parse_request_head(head);
    REQUIRE_FALSE(request);
    CHECK(request.error().code() == Errc::kBadHead);
    CHECK_FALSE(request.error().message().empty());
  }
}

TEST_CASE("parse_request_head: an error names the line of the field") {
  const auto request = parse_request_head(head_with("A: 1\r\nB: 2\r\nno colon\r\n"));
  REQUIRE_FALSE(request);
  CHECK(request.error().message().find("line 3") != std::string::npos);
}

TEST_CASE("parse_request_head: 128 fields fit, 129 are too many") {
  std::string fields;
  for (std::size_t i = 0; i < kMaxHeadFields; ++i) fields += "A: b\r\n";
  const auto fits = parse_request_head(head_with(fields));
  REQUIRE_THAT(fits, IsSuccess());
  CHECK(fits->headers.size() == kMaxHeadFields);
  const auto too_many = parse_request_head(head_with(fields + "A: b\r\n"));
  REQUIRE_FALSE(too_many);
  CHECK(too_many.error().code() == Errc::kHeadTooLarge);
  CHECK(too_many.error().message().find("128") != std::string::npos);
}

TEST_CASE("parse_request_head: a head cut short anywhere is refused, not read past") {
  const std::string head(kGoodHead);
  for (std::size_t size = 0; size < head.size(); ++size) {
    CAPTURE(size);
    // Memory of just that size: the sanitizer sees a read past it.
    const std::vector<char> cut(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(size));
    const auto request = parse_request_head({cut.data(), cut.size()});
    REQUIRE_FALSE(request);
    CHECK(request.error().code() == Errc::kBadHead);
  }
}

// ---- responses

TEST_CASE("parse_response_head: status, reason and fields") {
  struct Row {
    const char* line;
    int status;
    const char* reason;
  };
  const Row rows[] = {
      {"HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols"},
      {"HTTP/1.1 200 OK", 200, "OK"},
      {"HTTP/1.0 404 Not Found", 404, "Not Found"},
      {"HTTP/1.1 101 ", 101, ""},
      {"HTTP/1.1 101", 101, ""},
      {"HTTP/1.1 599 any\ttext \xc3\xa4", 599, "any\ttext \xc3\xa4"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const auto response = parse_response_head(std::string(row.line) + "\r\nA: b\r\n\r\n");
    REQUIRE_THAT(response, IsSuccess());
    CHECK(response->status == row.status);
    CHECK(response->reason == row.reason);
    CHECK(response->headers == Headers{{"A", "b"}});
  }
}

TEST_CASE("parse_response_head: what is not HTTP/1.1 to the letter is refused") {
  const std::vector<std::string> bad = {
      "",
      "HTTP/1.1 200 OK",
      "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1\r\n\r\n",
      "HTTP/1.1 \r\n\r\n",
      "HTTP/1.1 20\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/1.1 -10 OK\r\n\r\n",
      "HTTP/1.1 +10 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 000 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 200OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1\t200 OK\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "http/1.1 200 OK\r\n\r\n",
      " HTTP/1.1 200 OK\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      "HTTP/1.1 200 O\rK\r\n\r\n",
      "HTTP/1.1 200 O\x1bK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n",
      "HTTP/1.1 200 OK\r\n\r\nbody",
  };
  for (const std::string& head : bad) {
    CAPTURE(head);
    const auto response = parse_response_head(head);
    REQUIRE_FALSE(response);
    CHECK(response.error().code() == Errc::kBadHead);
  }
}

// ---- writing

TEST_CASE("format_request_head: what comes out reads back the same") {
  const HttpRequest request{
      "POST", "/exec?command=ls", {{"Host", "a:1"}, {"X-Twice", "1"}, {"X-Twice", "2"}, {"E", ""}}};
  const auto text = format_request_head(request);
  REQUIRE_THAT(text, IsSuccess());
  CHECK(*text ==
        "POST /exec?command=ls HTTP/1.1\r\nHost: a:1\r\nX-Twice: 1\r\nX-Twice: 2\r\nE: \r\n\r\n");
  const auto back = parse_request_head(*text);
  REQUIRE_THAT(back, IsSuccess());
  CHECK(back->version == HttpVersion::kHttp11);
  CHECK(back->method == request.method);
  CHECK(back->target == request.target);
  CHECK(back->headers == request.headers);
}

TEST_CASE("format_request_head: HTTP/1.0 stays HTTP/1.0") {
  const std::string head = "GET / HTTP/1.0\r\n\r\n";
  const auto request = parse_request_head(head);
  REQUIRE_THAT(request, IsSuccess());
  CHECK(request->version == HttpVersion::kHttp10);
  const auto text = format_request_head(*request);
  REQUIRE_THAT(text, IsSuccess());
  CHECK(*text == head);
}

TEST_CASE("format_request_head: nothing gets out that would not read back the same") {
  const std::vector<HttpRequest> bad = {
      {"", "/", {}},
      {"G T", "/", {}},
      {"GET\r\n", "/", {}},
      {"GET", "", {}},
      {"GET", "/a b", {}},
      {"GET", "/ HTTP/1.1\r\nX: y\r\n\r\n", {}},
      {"GET", "/", {{"", "x"}}},
      {"GET", "/", {{"A B", "x"}}},
      {"GET", "/", {{"A:", "x"}}},
      {"GET", "/", {{"A", "x\r\nInjected: y"}}},
      {"GET", "/", {{"A", "x\ny"}}},
      {"GET", "/", {{"A", std::string_view("x\0y", 3)}}},
  };
  for (const HttpRequest& request : bad) {
    CAPTURE(request.method, request.target);
    const auto text = format_request_head(request);
    REQUIRE_FALSE(text);
    CHECK(text.error().code() == Errc::kBadHead);
  }
}

TEST_CASE("format_response: the length is set, the reason is the usual one, 101 has no length") {
  const auto refusal = format_response({404, {}, {{"A", "b"}, {"content-length", "7"}}, "gone\n"});
  REQUIRE_THAT(refusal, IsSuccess());
  CHECK(*refusal == "HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 5\r\n\r\ngone\n");
  const auto empty = format_response({200, "Fine", {}, {}});
  REQUIRE_THAT(empty, IsSuccess());
  CHECK(*empty == "HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n");
  const auto switching = format_response({101, {}, {{"Upgrade", "SPDY/3.1"}}, {}});
  REQUIRE_THAT(switching, IsSuccess());
  CHECK(*switching == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\n\r\n");
}

TEST_CASE("format_response: statuses without a body have no length, whatever the response has") {
  const int status = GENERATE(100, 103, 204, 304);
  const auto text = format_response({status, "X", {{"Content-Length", "3"}, {"A", "b"}}, "abc"});
  REQUIRE_THAT(text, IsSuccess());
  CHECK(*text == "HTTP/1.1 " + std::to_string(status) + " X\r\nA: b\r\n\r\n");
}

TEST_CASE("format_response: the body is sent as it is, without a coding") {
  const auto text = format_response({200, {}, {{"transfer-encoding", "chunked"}}, "abc"});
  REQUIRE_THAT(text, IsSuccess());
  CHECK(*text == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
}

TEST_CASE("format_response: nothing gets out that would not read back the same") {
  const std::vector<HttpResponse> bad = {
      {200, "O\r\nK", {}, {}},
      {200, {}, {{"A\r\nB", "x"}}, {}},
      {200, {}, {{"A", "x\r\nB: y"}}, {}},
  };
  for (const HttpResponse& response : bad) {
    const auto text = format_response(response);
    REQUIRE_FALSE(text);
    CHECK(text.error().code() == Errc::kBadHead);
  }
}

TEST_CASE("reason_of: the usual texts, and Unknown") {
  CHECK(reason_of(101) == "Switching Protocols");
  CHECK(reason_of(404) == "Not Found");
  CHECK(reason_of(431) == "Request Header Fields Too Large");
  CHECK(reason_of(299) == "Unknown");
  CHECK(reason_of(0) == "Unknown");
}

TEST_CASE("httpstream errors have a category and texts of their own") {
  const std::error_code code = Errc::kUpgradeFailed;
  CHECK(std::string(code.category().name()) == "uvspdy.httpstream");
  for (int value = 1; value <= static_cast<int>(Errc::kConnectionLost); ++value) {
    CHECK(category().message(value) != category().message(0));
  }
}

TEST_CASE("summary: one line for people, of bounded length") {
  CHECK(summary({403, "Forbidden", {}, "no way\r\nsecond line"}) == "403 Forbidden: no way");
  CHECK(summary({403, "", {}, ""}) == "403");
  CHECK(summary({403, "No", {}, "a\tb\x7f\xc2\x9b"}) == "403 No: a b??");
  CHECK(summary({403, "No", {}, "<html>\n"}) == "403 No");
  CHECK(summary({403, "No", {}, std::string(1000, 'x')}).size() < 600);
  CHECK(summary({403, std::string(60000, 'x'), {}, ""}).size() < 600);
  const Headers elsewhere{{"Location", "http://b/\x1b"}};
  CHECK(summary({302, "Found", elsewhere, "body"}) ==
        "302 Found (redirects are not followed; it names 'http://b/?'): body");
  CHECK(summary({304, "", elsewhere, ""}) == "304");
  CHECK(summary({201, "", elsewhere, ""}) == "201");
  CHECK(summary({302, "", {{"Location", std::string(60000, 'x')}}, ""}).size() < 400);
}
