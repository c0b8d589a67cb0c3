// The tables of heads in test/httpstream/heads: requests with HttpServer, answers with
// ResponseReader.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "httpstream/head_table.h"
#include "httpstream/response_reader.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/upgrade.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::HeadCase;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;

namespace {

void answer(const std::shared_ptr<HttpExchange>& exchange) {
  const HttpRequest& request = exchange->request();
  const bool is_1_1 = request.version == HttpVersion::kHttp11;
  const std::string host(request.headers.get("Host").value_or(""));
  exchange->respond({.body = request.method + " " + request.target +
                             (is_1_1 ? " HTTP/1.1 " : " HTTP/1.0 ") + host +
                             (is_spdy_upgrade_request(request) ? " upgrade" : " no-upgrade")});
}

// The first word, and what follows the space behind it.
std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }
std::string rest_of(std::string_view text) {
  return test::unescaped(text.substr(std::min(first_word(text).size() + 1, text.size())));
}

std::string name_of(const std::error_code& code) {
  if (code == Errc::kBadHead) return "kBadHead";
  if (code == Errc::kHeadTooLarge) return "kHeadTooLarge";
  if (code == Errc::kBadBody) return "kBadBody";
  return code.message();
}

// What ResponseReader makes of an answer that comes in pieces: in the words of the table.
std::string read_in_pieces(const std::string& text, std::size_t piece_size) {
  ResponseReader reader(ResponseReader::Switch::kNever, 32);
  const auto error_text = [](const Error& error) {
    return name_of(error.code()) + " " + error.message();
  };
  for (std::size_t at = 0; at < text.size(); at += piece_size) {
    Bytes piece = bytes_of(std::string_view(text).substr(at, piece_size));
    const Result<bool> complete = reader.take(piece);
    if (!complete) return error_text(complete.error());
    if (!*complete) continue;
    if (const Error error = reader.incomplete()) return error_text(error);
    const std::string& body = reader.response().body;
    return std::to_string(reader.response().status) + (body.empty() ? "" : " " + body);
  }
  return "open";
}

}  // namespace

TEST_CASE("HttpServer: each head of the table has its answer, at once, and then the end") {
  TestLoop loop;
  auto server = HttpServer::listen(loop.get(), "127.0.0.1", 0, answer,
                                   {.head_timeout = std::chrono::milliseconds::max()});
  REQUIRE_THAT(server, IsSuccess());
  const auto table = test::read_head_table("requests.txt");
  CHECK(table.size() > 100);
  const bool in_pieces = GENERATE(false, true);
  for (const HeadCase& row : table) {
    CAPTURE(row.name, row.send, row.ours, in_pieces);
    const auto client = RawPeer::connect(loop, (*server)->port());
    if (in_pieces) {
      for (const char byte : row.send) client->send(std::string(1, byte));
    } else {
      client->send(row.send);
    }
    REQUIRE(loop.run_until([&] { return client->ended(); }));
    CAPTURE(client->received());
    const std::size_t end = client->received().find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    const auto response = parse_response_head(client->received().substr(0, end + 4));
    REQUIRE_THAT(response, IsSuccess());
    const std::string body = client->received().substr(end + 4);
    CHECK(std::to_string(response->status) == first_word(row.ours));
    CHECK(body.find(rest_of(row.ours)) != std::string::npos);
    CHECK(response->headers.get("Connection") == "close");
    CHECK(body.empty() == row.send.starts_with("HEAD "));
    client->close();
  }
  (*server)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("the table of heads has a reason for each difference from Go, and for nothing else") {
  for (const HeadCase& row : test::read_head_table("requests.txt")) {
    CAPTURE(row.name, row.ours, row.go);
    CHECK_FALSE(row.go.empty());
    CHECK((first_word(row.ours) != row.go) != row.because.empty());
  }
}

TEST_CASE("ResponseReader: each answer of the table is taken or refused, however it is cut") {
  const auto table = test::read_head_table("answers.txt");
  CHECK(table.size() > 40);
  for (const HeadCase& row : table) {
    for (const std::size_t piece_size : {std::size_t{1}, std::size_t{7}, row.send.size()}) {
      CAPTURE(row.name, row.send, piece_size);
      const std::string result = read_in_pieces(row.send, piece_size);
      CAPTURE(result);
      CHECK(first_word(result) == first_word(row.ours));
      if (row.ours.starts_with("k")) {
        CHECK(result.find(rest_of(row.ours)) != std::string::npos);
      } else {
        CHECK(result == row.ours);
      }
    }
  }
}
