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
using test::from_hex;
using test::header_block;
using test::IsSuccess;
using test::to_hex;

namespace {

Headers parsed(Bytes block, const Limits& limits = {}) {
  Result<Headers> headers = parse_header_block(block, limits);
  REQUIRE_THAT(headers, IsSuccess());
  return *headers;
}

void check_refused(Bytes block, Errc code, const std::string& text, const Limits& limits = {}) {
  const Result<Headers> headers = parse_header_block(block, limits);
  REQUIRE_FALSE(headers);
  INFO(headers.error().message());
  CHECK(headers.error().code() == code);
  CHECK(headers.error().message().find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("parse: no headers") {
  CHECK(parsed({}).empty());
  CHECK(parsed(from_hex("00000000")).empty());
}

TEST_CASE("parse: pairs, in order") {
  CHECK(parsed(from_hex("00000003"
                        "00000001 62 00000001 31"
                        "00000003 616263 00000000"
                        "00000005 3a70617468 00000001 2f")) ==
        Headers{{"b", "1"}, {"abc", ""}, {":path", "/"}});
}

TEST_CASE("parse: NUL separates values") {
  CHECK(parsed(from_hex("00000001 00000001 61 00000006 31 00 3232 00 33")) ==
        Headers{{"a", "1"}, {"a", "22"}, {"a", "3"}});
}

TEST_CASE("parse: no empty value in a list, none at its ends") {
  for (const std::string& value :
       {"\0"s, "\0\0"s, "\0x"s, "x\0"s, "x\0\0y"s, "x\0y\0"s, "\0x\0y"s}) {
    INFO(to_hex(bytes_of(value)));
    check_refused(header_block(1, {{"a", value}}), Errc::kBadHeaderValue, "'a'");
  }
}

TEST_CASE("parse: a value may hold any byte but NUL") {
  const std::string value = "\x01\r\n\x7f\x80\xff";
  CHECK(parsed(header_block(1, {{"a", value}})) == Headers{{"a", value}});
}

TEST_CASE("parse: names are lower case, printable ASCII and not empty") {
  for (const std::string& name : {""s, "A"s, "aB"s, "Z-"s, " "s, "a b"s, "a\0"s, "\0"s, "a\n"s,
                                  "\x7f"s, "\x80"s, "\xff"s, "caf\xc3\xa9"s}) {
    INFO(to_hex(bytes_of(name)));
    check_refused(header_block(1, {{name, "v"}}), Errc::kBadHeaderName, "header name '");
  }
  CHECK(parsed(header_block(1, {{":a-_.~!09", "v"}})) == Headers{{":a-_.~!09", "v"}});
}

TEST_CASE("parse: a name stands once") {
  check_refused(header_block(3, {{"a", "1"}, {"b", "2"}, {"a", "1"}}), Errc::kDuplicateHeader,
                "'a'");
}

TEST_CASE("parse: a count that is not that of the pairs") {
  check_refused(header_block(2, {{"a", "1"}}), Errc::kMalformedHeaderBlock, "2");
  check_refused(header_block(2, {{"a", "12345678"}}), Errc::kMalformedHeaderBlock, "pair 2 of 2");
  check_refused(header_block(1, {{"a", "1"}, {"b", "2"}}), Errc::kMalformedHeaderBlock, "10 bytes");
  check_refused(header_block(0, {{"a", "1"}}), Errc::kMalformedHeaderBlock, "10 bytes");
}

TEST_CASE("parse: a block that is cut anywhere is malformed") {
  const std::vector<std::uint8_t> block = header_block(2, {{"ab", "cd"}, {"ef", "gh"}});
  for (std::size_t size = 1; size < block.size(); ++size) {
    INFO("the first " << size << " bytes");
    // Memory of the very size, so that a sanitizer sees any read past the end.
    const std::vector<std::uint8_t> cut(block.begin(),
                                        block.begin() + static_cast<std::ptrdiff_t>(size));
    const Result<Headers> headers = parse_header_block(cut, {});
    REQUIRE_FALSE(headers);
    REQUIRE(headers.error().code() == Errc::kMalformedHeaderBlock);
  }
}

TEST_CASE("parse: lengths that reach past the block") {
  for (const std::string_view length : {"00000002", "7fffffff", "80000000", "ffffffff"}) {
    INFO(length);
    check_refused(from_hex("00000001" + std::string(length) + "61 00000000"),
                  Errc::kMalformedHeaderBlock, "pair 1 of 1");
    check_refused(from_hex("00000001 00000001 61" + std::string(length) + "62"),
                  Errc::kMalformedHeaderBlock, "pair 1 of 1");
  }
}

TEST_CASE("parse: as many pairs as headers_per_block, and no more") {
  Limits limits;
  limits.headers_per_block = 2;
  CHECK(parsed(header_block(2, {{"a", "1"}, {"b", "2"}}), limits).size() == 2);
  check_refused(header_block(3, {{"a", "1"}, {"b", "2"}, {"c", "3"}}), Errc::kTooManyHeaders,
                "headers_per_block = 2", limits);
  check_refused(header_block(3, {}), Errc::kTooManyHeaders, "3 ", limits);
}

TEST_CASE("parse: each of several values counts as a header") {
  Limits limits;
  limits.headers_per_block = 3;
  CHECK(parsed(header_block(2, {{"a", "1\0002"s}, {"b", "3"}}), limits).size() == 3);
  check_refused(header_block(2, {{"a", "1\0002"s}, {"b", "3\0004"s}}), Errc::kTooManyHeaders,
                "headers_per_block = 3", limits);
  check_refused(header_block(1, {{"a", "1\0002\0003\0004"s}}), Errc::kTooManyHeaders,
                "headers_per_block = 3", limits);
}

TEST_CASE("parse: each of several values counts with its name") {
  Limits limits;
  limits.inflated_header_block = 33;
  const std::string name(10, 'n');
  // Three times ten and one.
  CHECK(parsed(header_block(1, {{name, "1\0002\0003"s}}), limits).size() == 3);
  check_refused(header_block(1, {{name, "1\0002\00034"s}}), Errc::kHeaderBlockTooLarge,
                "inflated_header_block = 33", limits);
  check_refused(header_block(2, {{name, "1\0002\0003"s}, {"a", ""}}), Errc::kHeaderBlockTooLarge,
                "inflated_header_block = 33", limits);
}
