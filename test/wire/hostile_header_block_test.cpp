#include <string>
#include <vector>

#include "support/catch.h"
#include "support/header_blocks.h"
#include "support/hex.h"
#include "support/memory_count.h"
#include "support/strict_decoder.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/frame_decoder.h"
#include "uvspdy/wire/header_block.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::header_block;
using test::IsSuccess;
using test::Lines;
using test::StrictDecoder;

// What a peer can do with a header block that costs it next to nothing (CVE-2026-35469 and such).

namespace {

struct Cost {
  bool parsed = false;
  std::error_code code;
  std::size_t peak = 0;
};

Cost cost_of_parsing(Bytes block, const Limits& limits) {
  Cost cost;
  const test::MemoryCount memory;
  {
    const Result<Headers> headers = parse_header_block(block, limits);
    cost.parsed = static_cast<bool>(headers);
    if (!headers) cost.code = headers.error().code();
  }
  cost.peak = memory.peak();
  return cost;
}

// What parsing may take in memory: each byte that the limit allows a few times, and each header
// that the limit allows its place in a list (twice, for a list that grows by doubling).
std::size_t fair_cost(const Limits& limits) {
  return 4 * limits.inflated_header_block +
         3 * limits.headers_per_block * (sizeof(Headers::Field) + 64);
}

}  // namespace

TEST_CASE("hostile block: a count of up to 2^32 - 1 pairs allocates nothing for them") {
  Limits no_limit;
  no_limit.headers_per_block = 0xffffffff;
  for (const std::uint32_t count : {0x80000000U, 0xffffffffU, 0x10000000U, 1000000U}) {
    INFO("count " << count);
    const auto block = header_block(count, {{"a", "b"}});
    const Cost limited = cost_of_parsing(block, {});
    CHECK_FALSE(limited.parsed);
    CHECK(limited.code == Errc::kTooManyHeaders);
    CHECK(limited.peak < 1024);
    // Also where only the bytes that are there are the limit.
    const Cost unlimited = cost_of_parsing(block, no_limit);
    CHECK_FALSE(unlimited.parsed);
    CHECK(unlimited.code == Errc::kMalformedHeaderBlock);
    CHECK(unlimited.peak < 1024);
  }
}

TEST_CASE("hostile block: huge lengths allocate nothing") {
  for (const std::string_view length : {"7fffffff", "80000000", "ffffffff", "00ffffff"}) {
    INFO(length);
    const Cost name =
        cost_of_parsing(test::from_hex("00000001" + std::string(length) + "61000000"), {});
    CHECK_FALSE(name.parsed);
    CHECK(name.code == Errc::kMalformedHeaderBlock);
    CHECK(name.peak < 1024);
    const Cost value =
        cost_of_parsing(test::from_hex("00000001 00000001 61" + std::string(length) + "62"), {});
    CHECK_FALSE(value.parsed);
    CHECK(value.code == Errc::kMalformedHeaderBlock);
    CHECK(value.peak < 1024);
  }
}

TEST_CASE("hostile block: a long name with many values does not multiply") {
  Limits limits;
  limits.inflated_header_block = 64 * 1024;
  std::string values = "v";
  for (int i = 1; i < 512; ++i) values += std::string("\0v", 2);
  const auto block = header_block(1, {{std::string(32 * 1024, 'n'), values}});
  REQUIRE(block.size() < limits.inflated_header_block);
  const Cost cost = cost_of_parsing(block, limits);
  CHECK(cost.peak < fair_cost(limits));
}

TEST_CASE("hostile block: very many values of one name are bounded too") {
  const Limits limits;
  std::string values = "v";
  while (values.size() < limits.inflated_header_block - 64) values += std::string("\0v", 2);
  const auto block = header_block(1, {{"n", values}});
  REQUIRE(block.size() < limits.inflated_header_block);
  const Cost cost = cost_of_parsing(block, limits);
  CHECK(cost.peak < fair_cost(limits));
}

TEST_CASE("hostile block: one that inflates a thousandfold stops at the limit") {
  const Limits limits;
  const std::vector<std::uint8_t> zeros(16 * 1024 * 1024);
  test::ZlibDeflater peer(kDictionary);
  const auto compressed = peer.deflate(zeros);
  REQUIRE(compressed.size() * 900 < zeros.size());
  const auto frame = test::headers_frame(1, compressed);

  FrameDecoder decoder(limits);
  Bytes input = frame;
  const test::MemoryCount memory;
  std::error_code code;
  {
    const Result<Decoded> decoded = decoder.next(input);
    if (!decoded) code = decoded.error().code();
  }
  const std::size_t peak = memory.peak();
  CHECK(code == Errc::kHeaderBlockTooLarge);
  // The limit itself, and as much again while a vector grows.
  CHECK(peak < 4 * limits.inflated_header_block);
}

// A block that is cut leaves zlib in the middle of it, and whatever comes next is read wrongly:
// that is a session error, not one of the stream. Harmless is only a cut that takes nothing away.
TEST_CASE("hostile block: one that is cut short is a session error") {
  for (const int level : {0, 1, 9}) {
    for (const bool first_block : {true, false}) {
      std::vector<std::size_t> unnoticed;
      for (std::size_t size = 1;; ++size) {
        test::ZlibDeflater peer(kDictionary, level);
        StrictDecoder decoder;
        if (!first_block) {
          decoder.feed(test::headers_frame(1, peer.deflate(header_block(1, {{"before", "it"}}))));
          decoder.lines.clear();
        }
        const auto whole = peer.deflate(header_block(2, {{"name", "value"}, {"x", "12345678"}}));
        if (size == whole.size()) break;
        decoder.feed(test::headers_frame(3, Bytes(whole).first(size)));
        const bool noticed = decoder.error.code() == Errc::kInflateFailed;
        decoder.feed(test::headers_frame(
            5, peer.deflate(header_block(2, {{"name", "value"}, {"x", "12345678"}}))));
        const bool harmless =
            !decoder.error && decoder.lines == Lines{"HEADERS stream=3 {name: value, x: 12345678}",
                                                     "HEADERS stream=5 {name: value, x: 12345678}"};
        if (!noticed && !harmless) unnoticed.push_back(size);
      }
      INFO("level " << level << (first_block ? ", the first block" : ", a later block")
                    << ": cuts that went unnoticed");
      CHECK(unnoticed == std::vector<std::size_t>{});
    }
  }
}

TEST_CASE("hostile block: a wrong dictionary is a session error") {
  test::ZlibDeflater peer(bytes_of("no dictionary of SPDY/3's"));
  StrictDecoder decoder;
  decoder.feed(test::headers_frame(1, peer.deflate(header_block(0, {}))));
  CHECK(decoder.error.code() == Errc::kInflateFailed);
  CHECK(decoder.error.message().find("HEADERS") != std::string::npos);
  CHECK(decoder.error.message().find("stream 1") != std::string::npos);
  CHECK(decoder.error.message().find("dictionary") != std::string::npos);
}

TEST_CASE("hostile block: the end of the zlib stream is a session error") {
  test::ZlibDeflater peer(kDictionary);
  StrictDecoder decoder;
  decoder.feed(test::headers_frame(1, peer.deflate(header_block(0, {}), Z_FINISH)));
  CHECK(decoder.error.code() == Errc::kInflateFailed);
  CHECK(decoder.lines.empty());
}

TEST_CASE("hostile block: a bad pair in a sound block is an error of the stream alone") {
  test::ZlibDeflater peer(kDictionary);
  StrictDecoder decoder;
  decoder.feed(test::headers_frame(1, peer.deflate(header_block(0x80000000, {{"a", "b"}}))));
  decoder.feed(test::headers_frame(3, peer.deflate(header_block(1, {{"a", "b"}}))));
  CHECK_THAT(decoder.error, IsSuccess());
  REQUIRE(decoder.lines.size() == 2);
  CHECK(decoder.lines[0].find("INVALID HEADERS stream=1") == 0);
  CHECK(decoder.lines[0].find("2147483648") != std::string::npos);
  CHECK(decoder.lines[0].find("headers_per_block = 1000") != std::string::npos);
  CHECK(decoder.lines[1] == "HEADERS stream=3 {a: b}");
}
