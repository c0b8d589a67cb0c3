#include <string>
#include <vector>

#include "support/catch.h"
#include "support/header_blocks.h"
#include "support/hex.h"
#include "uvspdy/wire/error.h"
#include "uvspdy/wire/header_block.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using namespace std::string_literals;
using test::IsSuccess;
using test::to_hex;

namespace {

std::string formatted(const Headers& headers) {
  const auto block = format_header_block(headers, {});
  REQUIRE_THAT(block, IsSuccess());
  return to_hex(*block);
}

std::string hex(std::string_view text) { return to_hex(test::from_hex(text)); }

void check_refused(const Headers& headers, Errc code, const std::string& text,
                   const Limits& limits = {}) {
  const auto block = format_header_block(headers, limits);
  REQUIRE_FALSE(block);
  INFO(block.error().message());
  CHECK(block.error().code() == code);
  CHECK(block.error().message().find(text) != std::string::npos);
}

Headers numbered(std::size_t count) {
  Headers headers;
  for (std::size_t i = 0; i < count; ++i) headers.add("h" + std::to_string(i), "v");
  return headers;
}

}  // namespace

TEST_CASE("format: no headers are a count of 0") { CHECK(formatted({}) == hex("00000000")); }

TEST_CASE("format: names and values with their lengths, in order") {
  CHECK(formatted({{"b", "1"}, {"abc", ""}, {":path", "/"}}) ==
        hex("00000003"
            "00000001 62 00000001 31"
            "00000003 616263 00000000"
            "00000005 3a70617468 00000001 2f"));
}

TEST_CASE("format: names become lower case") {
  CHECK(formatted({{"StreamType", "Error"}}) ==
        hex("00000001 0000000a 73747265616d74797065 00000005 4572726f72"));
}

TEST_CASE("format: values of one name are joined by NUL where the name stood first") {
  CHECK(formatted({{"a", "1"}, {"b", "x"}, {"A", "22"}, {"a", "3"}}) ==
        hex("00000002"
            "00000001 61 00000006 31 00 3232 00 33"
            "00000001 62 00000001 78"));
}

TEST_CASE("format: a value may hold any byte but NUL") {
  CHECK(formatted({{"a", "\x01\n\xff"}}) == hex("00000001 00000001 61 00000003 010aff"));
  check_refused({{"a", "\0"s}}, Errc::kBadHeaderValue, "'a'");
  check_refused({{"a", "x\0y"s}}, Errc::kBadHeaderValue, "'a'");
  check_refused({{"a", "x\0"s}}, Errc::kBadHeaderValue, "NUL");
}

TEST_CASE("format: an empty value may stand alone but not among several") {
  CHECK(formatted({{"a", ""}}) == hex("00000001 00000001 61 00000000"));
  check_refused({{"a", ""}, {"a", ""}}, Errc::kBadHeaderValue, "'a'");
  check_refused({{"a", ""}, {"b", ""}, {"A", "1"}}, Errc::kBadHeaderValue, "'a'");
  check_refused({{"a", "1"}, {"a", ""}}, Errc::kBadHeaderValue, "empty");
  check_refused({{"a", "1"}, {"a", ""}, {"a", "2"}}, Errc::kBadHeaderValue, "empty");
}

TEST_CASE("format: names that cannot be sent") {
  for (const std::string& name :
       {""s, " "s, "a b"s, "a\t"s, "a\0b"s, "\0"s, "a\n"s, "\x7f"s, "\x1f"s, "caf\xc3\xa9"s}) {
    INFO(to_hex(bytes_of(name)));
    check_refused({{"ok", "1"}, {name, "v"}}, Errc::kBadHeaderName, "header name '");
  }
  check_refused({{"a b", "v"}}, Errc::kBadHeaderName, "'a b'");
}

TEST_CASE("format: an error's text stays short and printable whatever the name is") {
  const auto block = format_header_block({{std::string(5000, 'n') + "\n\x01", "v"}}, {});
  REQUIRE_FALSE(block);
  CHECK(block.error().message().size() < 300);
  const auto other = format_header_block({{"a\n\x01", "v"}}, {});
  REQUIRE_FALSE(other);
  for (const char c : other.error().message()) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE("format: every printable character but capitals is a name") {
  for (char c = '!'; c <= '~'; ++c) {
    const bool capital = c >= 'A' && c <= 'Z';
    const std::string name(1, c);
    CHECK(formatted({{name, ""}}) ==
          hex("00000001 00000001") +
              to_hex(bytes_of(capital ? std::string(1, static_cast<char>(c + 32)) : name)) +
              hex("00000000"));
  }
}

TEST_CASE("format: headers that must not be sent over SPDY") {
  for (const char* const name :
       {"connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "Connection",
        "HOST", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding"}) {
    check_refused({{"ok", "1"}, {name, "v"}}, Errc::kForbiddenHeader, "'" + to_lower(name) + "'");
  }
  // Its like in SPDY, and names that only look alike.
  CHECK_FALSE(formatted({{":host", "h"}, {"hosts", "h"}, {"x-connection", "c"}}).empty());
}

TEST_CASE("format: as many headers as headers_per_block, and no more") {
  Limits limits;
  limits.headers_per_block = 3;
  CHECK_THAT(format_header_block(numbered(3), limits), IsSuccess());
  check_refused(numbered(4), Errc::kTooManyHeaders, "headers_per_block = 3", limits);
  check_refused(numbered(4), Errc::kTooManyHeaders, "4 ", limits);
  CHECK_THAT(format_header_block(numbered(1000), {}), IsSuccess());
  check_refused(numbered(1001), Errc::kTooManyHeaders, "headers_per_block = 1000");
}

TEST_CASE("format: each of several values counts as a header") {
  Limits limits;
  limits.headers_per_block = 3;
  CHECK_THAT(format_header_block({{"a", "1"}, {"a", "2"}, {"b", "3"}}, limits), IsSuccess());
  check_refused({{"a", "1"}, {"a", "2"}, {"b", "3"}, {"A", "4"}}, Errc::kTooManyHeaders,
                "headers_per_block = 3", limits);
}

TEST_CASE("format: each of several values counts with its name") {
  Limits limits;
  limits.inflated_header_block = 33;
  const std::string name(10, 'n');
  CHECK_THAT(format_header_block({{name, "1"}, {name, "2"}, {name, "3"}}, limits), IsSuccess());
  check_refused({{name, "1"}, {name, "2"}, {name, "34"}}, Errc::kHeaderBlockTooLarge,
                "inflated_header_block = 33", limits);
}

TEST_CASE("format: as many bytes as inflated_header_block, and no more") {
  Limits limits;
  limits.inflated_header_block = 100;
  const auto block = format_header_block({{"a", std::string(87, 'v')}}, limits);
  REQUIRE_THAT(block, IsSuccess());
  CHECK(block->size() == 100);
  check_refused({{"a", std::string(88, 'v')}}, Errc::kHeaderBlockTooLarge,
                "inflated_header_block = 100", limits);
  check_refused({{"a", std::string(88, 'v')}}, Errc::kHeaderBlockTooLarge, "101", limits);
}
