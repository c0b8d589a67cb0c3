#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/hex.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/header_compression.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::IsSuccess;

namespace {

constexpr std::size_t kMaxBlock = 256 * 1024;

std::vector<std::uint8_t> random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::vector<std::uint8_t> inflated(HeaderInflater& inflater, Bytes compressed) {
  const Result<Bytes> block = inflater.inflate(compressed);
  REQUIRE_THAT(block, IsSuccess());
  return {block->begin(), block->end()};
}

void check_fails(HeaderInflater& inflater, Bytes compressed, Errc code, const std::string& text) {
  const Result<Bytes> block = inflater.inflate(compressed);
  REQUIRE_FALSE(block);
  INFO(block.error().message());
  CHECK(block.error().code() == code);
  CHECK(block.error().message().find(text) != std::string::npos);
}

const std::vector<std::size_t> kSizes = {1,    2,    3,     7,     100,   1000,  4083,  4086,
                                         4095, 4096, 4097,  8192,  16384, 32767, 32768, 32769,
                                         1,    4091, 65535, 65536, 2,     65536};

}  // namespace

TEST_CASE("inflater: reads what a peer's zlib wrote, at any level and window") {
  for (int level = 0; level <= 9; ++level) {
    for (const int window_bits : {9, 11, 15}) {
      INFO("level " << level << ", window bits " << window_bits);
      test::ZlibDeflater peer(kDictionary, level, window_bits);
      HeaderInflater inflater(kMaxBlock);
      std::uint32_t seed = 0;
      for (const std::size_t size : kSizes) {
        INFO("a block of " << size);
        // In turn: what hardly compresses, and what compresses well.
        std::vector<std::uint8_t> block = random_bytes(size, ++seed);
        if (seed % 2 == 0) {
          for (std::uint8_t& byte : block) byte = byte % 12 == 0 ? 'c' : 't';
        }
        REQUIRE(inflated(inflater, peer.deflate(block)) == block);
      }
    }
  }
}

TEST_CASE("inflater: reads blocks behind a FULL_FLUSH") {
  test::ZlibDeflater peer(kDictionary);
  HeaderInflater inflater(kMaxBlock);
  for (int i = 0; i < 3; ++i) {
    CHECK(inflated(inflater, peer.deflate(bytes_of("accept-encoding"), Z_FULL_FLUSH)) ==
          std::vector<std::uint8_t>(bytes_of("accept-encoding").begin(),
                                    bytes_of("accept-encoding").end()));
  }
}

TEST_CASE("inflater: an empty block is an empty view and changes nothing") {
  test::ZlibDeflater peer(kDictionary);
  HeaderInflater inflater(kMaxBlock);
  CHECK(inflated(inflater, {}).empty());
  CHECK(text_of(inflated(inflater, peer.deflate(bytes_of("one")))) == "one");
  CHECK(inflated(inflater, {}).empty());
  CHECK(text_of(inflated(inflater, peer.deflate(bytes_of("two")))) == "two");
}

TEST_CASE("inflater: a flush with nothing before it is an empty block") {
  test::ZlibDeflater peer(kDictionary);
  HeaderInflater inflater(kMaxBlock);
  CHECK(inflated(inflater, peer.deflate({})).empty());
  CHECK(text_of(inflated(inflater, peer.deflate(bytes_of("one")))) == "one");
}

TEST_CASE("inflater: a block of max_block bytes, and one past it") {
  for (const std::size_t max_block : {std::size_t{1}, std::size_t{4095}, std::size_t{4096},
                                      std::size_t{4097}, std::size_t{65536}}) {
    INFO("max_block " << max_block);
    test::ZlibDeflater peer(kDictionary);
    HeaderInflater inflater(max_block);
    const std::vector<std::uint8_t> fits(max_block, 'f');
    CHECK(inflated(inflater, peer.deflate(fits)) == fits);
    CHECK(inflated(inflater, peer.deflate(fits)) == fits);
    check_fails(inflater, peer.deflate(std::vector<std::uint8_t>(max_block + 1, 'f')),
                Errc::kHeaderBlockTooLarge, std::to_string(max_block));
  }
}

TEST_CASE("inflater: a stream that wants another dictionary") {
  const std::string_view other = "another dictionary than that of SPDY/3";
  test::ZlibDeflater peer(bytes_of(other));
  HeaderInflater inflater(kMaxBlock);
  check_fails(inflater, peer.deflate(bytes_of("block")), Errc::kInflateFailed, "dictionary");
}

TEST_CASE("inflater: the end of the zlib stream is an error") {
  SECTION("in the first block") {
    test::ZlibDeflater peer(kDictionary);
    HeaderInflater inflater(kMaxBlock);
    check_fails(inflater, peer.deflate(bytes_of("block"), Z_FINISH), Errc::kInflateFailed, "end");
  }
  SECTION("in a later block") {
    test::ZlibDeflater peer(kDictionary);
    HeaderInflater inflater(kMaxBlock);
    CHECK(text_of(inflated(inflater, peer.deflate(bytes_of("one")))) == "one");
    check_fails(inflater, peer.deflate(bytes_of("two"), Z_FINISH), Errc::kInflateFailed, "end");
  }
}

TEST_CASE("inflater: bytes that are no zlib stream") {
  // gzip, raw deflate, text, another method than deflate.
  for (const std::string_view hex :
       {"1f8b080000000000", "0300ffff", "68656c6c6f", "79bb e3c6a7c2", "00", "ff"}) {
    INFO(hex);
    HeaderInflater inflater(kMaxBlock);
    std::vector<std::uint8_t> bytes = test::from_hex(hex);
    bytes.resize(std::max<std::size_t>(bytes.size(), 8));
    check_fails(inflater, bytes, Errc::kInflateFailed, "zlib");
  }
}

TEST_CASE("inflater: a broken block behind good ones") {
  test::ZlibDeflater peer(kDictionary);
  HeaderInflater inflater(kMaxBlock);
  CHECK(text_of(inflated(inflater, peer.deflate(bytes_of("one")))) == "one");
  // A stored block whose length is not the complement of its other length.
  check_fails(inflater, test::from_hex("00 0500 0000"), Errc::kInflateFailed, "zlib");
}

TEST_CASE("inflater: goes on where it was after a move") {
  test::ZlibDeflater peer(kDictionary);
  HeaderInflater first(kMaxBlock);
  CHECK(text_of(inflated(first, peer.deflate(bytes_of("one one one")))) == "one one one");
  HeaderInflater second(std::move(first));
  CHECK(text_of(inflated(second, peer.deflate(bytes_of("one one one")))) == "one one one");
}
