// Answers to a request, cut anywhere.

#include "httpstream/response_reader.h"

#include <optional>
#include <string>

#include "support/catch.h"
#include "support/mentions.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using Switch = ResponseReader::Switch;

namespace {

struct Read {
  bool complete = false;
  bool switched = false;
  HttpResponse response;
  std::string left;
  Error error;
};

Read read(const std::string& text, std::size_t cut, Switch kind = Switch::k101) {
  ResponseReader reader(kind);
  Read read;
  for (Bytes rest = bytes_of(text); !rest.empty() && !read.complete;) {
    Bytes piece = rest.first(std::min(cut, rest.size()));
    rest = rest.subspan(piece.size());
    const Result<bool> complete = reader.take(piece);
    if (!complete) {
      read.error = complete.error();
      return read;
    }
    read.complete = *complete;
    if (reader.switched()) read.left = std::string(text_of(piece)) + std::string(text_of(rest));
  }
  read.switched = reader.switched();
  read.response = reader.response();
  return read;
}

const std::string kChunkedHead = "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("ResponseReader: a body's ways to end, however it is cut") {
  struct Row {
    std::string text;
    bool complete;
    std::string body;
  };
  const Row rows[] = {
      {"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nabc", true, "abc"},
      {"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nab", false, "ab"},
      {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", true, ""},
      {"HTTP/1.1 403 No\r\n\r\nabc", false, "abc"},
      {"HTTP/1.1 204 None\r\n\r\n", true, ""},
      {"HTTP/1.1 304 None\r\nContent-Length: 3\r\n\r\n", true, ""},
      {kChunkedHead + "3\r\nabc\r\n0\r\n\r\n", true, "abc"},
      {kChunkedHead + "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n", true,
       "abc0123456789"},
      {kChunkedHead + "1 \r\na\r\n1\t;b\r\nb\r\n0\r\n", true, "ab"},
      {kChunkedHead + "3\r\nab", false, "ab"},
      {kChunkedHead + "3\r\nabc\r\n", false, "abc"},
      // Malformed: what came before is the body.
      {kChunkedHead + "3\r\nabcd\r\n", true, "abc"},
      {kChunkedHead + "x\r\nabc\r\n", true, ""},
      {kChunkedHead + "3x\r\nabc\r\n", true, ""},
      {kChunkedHead + "-3\r\nabc\r\n", true, ""},
      {kChunkedHead + "\r\nabc\r\n", true, ""},
      {kChunkedHead + "fffffffffffffffff\r\nabc\r\n", true, ""},
      {kChunkedHead + "3;" + std::string(300, 'x') + "\r\nabc\r\n", true, ""},
      // A length beside the chunks says nothing.
      {"HTTP/1.1 403 No\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n"
       "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n",
       true, "abc"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    for (std::size_t cut = 1; cut <= row.text.size(); ++cut) {
      CAPTURE(cut);
      const Read answer = read(row.text, cut);
      REQUIRE_THAT(answer.error, IsSuccess());
      CHECK(answer.complete == row.complete);
      CHECK_FALSE(answer.switched);
      CHECK(answer.response.body == row.body);
    }
  }
}

TEST_CASE("ResponseReader: of chunks no more than kMaxErrorBody is kept") {
  std::string text = kChunkedHead;
  SECTION("one huge chunk") { text += "ffffffffffffffff\r\n" + std::string(100000, 'x'); }
  SECTION("many") {
    for (int i = 0; i < 100000; ++i) text += "1\r\nx\r\n";
  }
  const Read answer = read(text, 1000);
  CHECK(answer.complete);
  CHECK(answer.response.body == std::string(kMaxErrorBody, 'x'));
}

TEST_CASE("ResponseReader: interim answers are skipped, and bounded") {
  const std::string interim =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const std::string text = interim + "HTTP/1.1 101 Yes\r\nUpgrade: x\r\n\r\nbehind";
  for (std::size_t cut = 1; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    const Read answer = read(text, cut);
    REQUIRE_THAT(answer.error, IsSuccess());
    CHECK(answer.switched);
    CHECK(answer.response.status == 101);
    CHECK(answer.response.headers == Headers{{"Upgrade", "x"}});
    CHECK(answer.left == "behind");
  }
  std::string many;
  for (int i = 0; i < 17; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  const Error too_many = read(many, 7).error;
  CHECK(too_many.code() == Errc::kHeadTooLarge);
  CHECK(test::mentions(too_many.message(), {"more than 16 interim"}));
}

TEST_CASE("ResponseReader: the heads of interim answers together are bounded") {
  const std::string half =
      "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(kMaxHeadSize / 2, 'x') + "\r\n\r\n";
  const std::string end = "HTTP/1.1 101 Yes\r\n\r\n";
  CHECK(read(half + end, 1000).switched);
  const Error error = read(half + half + end, 1000).error;
  CHECK(error.code() == Errc::kHeadTooLarge);
  CHECK(test::mentions(error.message(), {"interim", std::to_string(kMaxHeadSize)}));
}

TEST_CASE("ResponseReader: the extensions of chunks together are bounded") {
  ResponseReader reader(Switch::kNever, 1000 * 1000);
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1000; ++i) text += "1;" + std::string(200, 'e') + "\r\nx\r\n";
  Bytes input = bytes_of(text);
  const Result<bool> complete = reader.take(input);
  REQUIRE_THAT(complete, IsSuccess());
  CHECK(*complete);
  CHECK(reader.incomplete().code() == Errc::kBadBody);
  CHECK(reader.response().body.size() < 100);
}

TEST_CASE("ResponseReader: what ends HTTP on a connection") {
  CHECK(read("HTTP/1.1 101 Yes\r\n\r\n", 100).switched);
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 100).switched);
  // To CONNECT, with its length and codings ignored (RFC 9110, section 9.3.6).
  for (const char* head : {"HTTP/1.0 200 Connection established\r\n\r\n", "HTTP/1.1 204 X\r\n\r\n",
                           "HTTP/1.1 299\r\nContent-Length: 5\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    CAPTURE(head);
    const Read answer = read(std::string(head) + "behind", 1000, Switch::k2xx);
    CHECK(answer.switched);
    CHECK(answer.left == "behind");
  }
  const Read answer = read("HTTP/1.1 101 Yes\r\n\r\n", 100, Switch::k2xx);
  CHECK(answer.complete);
  CHECK_FALSE(answer.switched);
}

TEST_CASE("ResponseReader: what is no answer is found out by its first bytes") {
  CHECK(read("S", 1).error.code() == Errc::kBadHead);
  CHECK(read("HTTX", 1).error.code() == Errc::kBadHead);
  CHECK(read("HTTP/1.1 200 OK\r\nbroken\r\n\r\n", 1).error.code() == Errc::kBadHead);
  const Error tls = read("\x15\x03\x01", 1).error;
  CHECK(tls.code() == Errc::kBadHead);
  CHECK(test::mentions(tls.message(), {"TLS", "https"}));
}
