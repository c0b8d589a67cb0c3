#include "net/first_bytes.h"

#include <string_view>

#include "support/catch.h"

using namespace uvspdy;
using namespace std::string_view_literals;

TEST_CASE("first bytes: TLS, a request and an answer of HTTP are told apart from the first on") {
  struct Row {
    std::string_view begins;
    bool tls;
    bool request;
    bool answer;
  };
  const Row rows[] = {
      {"\x16\x03\x01\x02\x00\x01"sv, true, false, false},  // a handshake
      {"\x16"sv, true, false, false},
      {"\x15\x03\x03\x00\x02"sv, true, false, false},  // an alert
      {"\x15"sv, true, false, false},
      {"\x16\x02"sv, false, false, false},
      {"\x18\x03\x03"sv, false, false, false},
      {"\x13\x03\x03"sv, false, false, false},
      {"GET /"sv, false, true, false},
      {"PO"sv, false, true, false},
      {"HEAD / HTTP/1.1"sv, false, true, false},
      {"HTTP/1.1 200 OK"sv, false, true, true},  // three letters say no more
      {"HTTP"sv, false, true, true},
      {"H"sv, false, true, true},
      {"HTTPS"sv, false, true, false},
      {"get /"sv, false, false, false},
      {"\x80\x03\x00\x01"sv, false, false, false},  // SPDY
      {"SSH-2.0"sv, false, true, false},
      {""sv, false, false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.begins);
    const Bytes first = bytes_of(row.begins);
    CHECK(net::begins_tls(first) == row.tls);
    CHECK(net::begins_http_request(first) == row.request);
    CHECK(net::begins_http_answer(first) == row.answer);
  }
}
