#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/hex.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/header_block.h"
#include "uvspdy/wire/header_compression.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;
using test::IsSuccess;
using test::to_hex;

namespace {

constexpr std::size_t kNoLimit = 16 * 1024 * 1024;

std::vector<std::uint8_t> deflated(HeaderDeflater& deflater, Bytes block) {
  std::vector<std::uint8_t> out;
  const Error error = deflater.deflate(block, kNoLimit, out);
  REQUIRE_THAT(error, IsSuccess());
  return out;
}

std::vector<std::uint8_t> inflated(HeaderInflater& inflater, Bytes compressed) {
  const Result<Bytes> block = inflater.inflate(compressed);
  REQUIRE_THAT(block, IsSuccess());
  return {block->begin(), block->end()};
}

// 64 letters by chance: they fit in six bits each.
std::vector<std::uint8_t> random_text(std::size_t size, std::mt19937& random) {
  std::vector<std::uint8_t> text(size);
  for (std::uint8_t& byte : text) byte = static_cast<std::uint8_t>('0' + random() % 64);
  return text;
}

std::vector<std::uint8_t> typical_block() {
  const auto block = format_header_block(
      {{"streamtype", "stdout"}, {"port", "8080"}, {"requestid", "12345"}, {"x-id", "q7Zw_p3"}},
      {});
  REQUIRE_THAT(block, IsSuccess());
  return *block;
}

bool ends_with(Bytes bytes, std::string_view hex) {
  const std::vector<std::uint8_t> end = from_hex(hex);
  return bytes.size() >= end.size() && to_hex(bytes.last(end.size())) == to_hex(end);
}

// Several blocks of one zlib stream, read back by zlib itself and by our own inflater.
void check_settings(const HeaderCompression& settings) {
  INFO("level " << settings.level << ", window bits " << settings.window_bits << ", memory level "
                << settings.memory_level << (settings.stored ? ", stored" : ""));
  HeaderDeflater deflater(settings);
  test::ZlibInflater zlib(kDictionary);
  HeaderInflater inflater(256 * 1024);
  std::mt19937 random(1);
  const std::vector<std::uint8_t> typical = typical_block();
  std::vector<std::size_t> typical_sizes;
  for (const std::vector<std::uint8_t>& block :
       {typical, typical, random_text(1, random), random_text(3000, random),
        std::vector<std::uint8_t>(3000, 'r'), random_text(9000, random), typical}) {
    const std::vector<std::uint8_t> compressed = deflated(deflater, block);
    REQUIRE(ends_with(compressed, "0000ffff"));
    REQUIRE(zlib.inflate(compressed) == block);
    REQUIRE(inflated(inflater, compressed) == block);
    if (block == typical) typical_sizes.push_back(compressed.size());
  }
  REQUIRE(zlib.needed_dictionary() == 0xe3c6a7c2);
  // The second time the block is known, or else stands there in full.
  if (settings.stored) {
    REQUIRE(typical_sizes[1] == typical.size() + 10);
  } else {
    REQUIRE(typical_sizes[1] < typical.size() / 2);
  }
}

const std::vector<HeaderCompression> kSettings = {
    {},
    {.level = 1, .window_bits = 9, .memory_level = 1},
    {.level = 9, .window_bits = 15, .memory_level = 9},
    {.stored = true},
    {.window_bits = 15, .memory_level = 9, .stored = true},
};

}  // namespace

TEST_CASE("compression: every level, window and memory level") {
  for (int level = 1; level <= 9; ++level) {
    for (int window_bits = 9; window_bits <= 15; ++window_bits) {
      for (int memory_level = 1; memory_level <= 9; ++memory_level) {
        check_settings({.level = level, .window_bits = window_bits, .memory_level = memory_level});
      }
    }
  }
}

TEST_CASE("compression: stored, at every window and memory level") {
  for (int window_bits = 9; window_bits <= 15; ++window_bits) {
    for (int memory_level = 1; memory_level <= 9; ++memory_level) {
      check_settings({.window_bits = window_bits, .memory_level = memory_level, .stored = true});
    }
  }
}

TEST_CASE("compression: stored blocks do not depend on the level") {
  for (const int level : {-5, 0, 1, 9, 100}) {
    check_settings({.level = level, .stored = true});
  }
}

TEST_CASE("compression: the zlib header names the window") {
  for (int window_bits = 9; window_bits <= 15; ++window_bits) {
    HeaderDeflater deflater(HeaderCompression{.window_bits = window_bits});
    const std::vector<std::uint8_t> out = deflated(deflater, bytes_of("x"));
    CHECK(out[0] == (window_bits - 8) * 16 + 8);
    CHECK((out[1] & 0x20) != 0);  // FDICT
    CHECK((out[0] * 256 + out[1]) % 31 == 0);
    CHECK(to_hex(Bytes(out).subspan(2, 4)) == "e3c6a7c2");
  }
}

TEST_CASE("compression: a stored block shows its content") {
  HeaderDeflater deflater(HeaderCompression{.stored = true});
  const std::string_view secret = "authorization: Bearer abcdefabcdefabcdef";
  for (int i = 0; i < 3; ++i) {
    const std::vector<std::uint8_t> out = deflated(deflater, bytes_of(secret));
    CHECK(text_of(out).find(secret) != std::string_view::npos);
  }
}

TEST_CASE("compression: the length of a stored block tells nothing of its content") {
  HeaderDeflater deflater(HeaderCompression{.stored = true});
  deflated(deflater, bytes_of("first"));
  const std::size_t same = deflated(deflater, bytes_of("secret=aaaa&guess=aaaa")).size();
  const std::size_t other = deflated(deflater, bytes_of("secret=aaaa&guess=bcde")).size();
  CHECK(same == other);
}

TEST_CASE("compression: blocks of 1 byte to 64 KiB") {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 1; size <= 64; ++size) sizes.push_back(size);
  for (std::size_t power = 128; power <= 65536; power *= 2) {
    for (const std::size_t size : {power - 1, power, power + 1}) sizes.push_back(size);
  }
  for (const HeaderCompression& settings : kSettings) {
    HeaderDeflater deflater(settings);
    test::ZlibInflater zlib(kDictionary);
    HeaderInflater inflater(256 * 1024);
    std::mt19937 random(2);
    for (const std::size_t size : sizes) {
      INFO("level " << settings.level << (settings.stored ? " stored" : "") << ", block of "
                    << size);
      const std::vector<std::uint8_t> block = random_text(size, random);
      const std::vector<std::uint8_t> compressed = deflated(deflater, block);
      REQUIRE(ends_with(compressed, "0000ffff"));
      REQUIRE(zlib.inflate(compressed) == block);
      REQUIRE(inflated(inflater, compressed) == block);
    }
  }
}

// Go's spdystream reads a block through a buffer of 4,096 bytes and drops the connection when
// compressed bytes are left behind the last value: a second SYNC_FLUSH is one too many.
TEST_CASE("compression: one SYNC_FLUSH after each block, wherever its end comes to lie") {
  for (const HeaderCompression& settings : kSettings) {
    HeaderDeflater deflater(settings);
    std::mt19937 random(3);
    deflated(deflater, bytes_of("first"));
    std::vector<std::size_t> doubled;
    for (std::size_t size = 4060; size <= 4500; ++size) {
      const auto compressed = deflated(deflater, random_text(size, random));
      if (ends_with(compressed, "0000ffff 000000ffff")) doubled.push_back(size);
    }
    INFO("level " << settings.level << (settings.stored ? " stored" : ""));
    CHECK(doubled == std::vector<std::size_t>{});
  }
}

TEST_CASE("compression: never more than max_size, and a refusal leaves no trace") {
  for (const HeaderCompression& settings : kSettings) {
    HeaderDeflater deflater(settings);
    test::ZlibInflater zlib(kDictionary);
    std::mt19937 random(4);
    int refused = 0;
    int taken = 0;
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{4086},
                                   std::size_t{4284}, std::size_t{20000}}) {
      const std::vector<std::uint8_t> block = random_text(size, random);
      // From what is surely too small to what is surely enough.
      for (std::size_t max_size = size / 2; max_size < 2 * size + 200; max_size += 1 + size / 50) {
        std::vector<std::uint8_t> out = {7};
        const Error error = deflater.deflate(block, max_size, out);
        INFO("block of " << size << ", max_size " << max_size);
        if (error) {
          ++refused;
          REQUIRE(error.code() == Errc::kFrameTooLarge);
          REQUIRE(error.message().find(std::to_string(max_size)) != std::string::npos);
          REQUIRE(out == std::vector<std::uint8_t>{7});
        } else {
          ++taken;
          REQUIRE(out.size() <= max_size + 1);
          REQUIRE(zlib.inflate(Bytes(out).subspan(1)) == block);
        }
      }
    }
    CHECK(refused > 5);
    CHECK(taken > 5);
  }
}

TEST_CASE("compression: an empty block leaves the stream in order") {
  for (const HeaderCompression& settings : kSettings) {
    HeaderDeflater deflater(settings);
    test::ZlibInflater zlib(kDictionary);
    HeaderInflater inflater(1024);
    for (const std::string_view text : {"", "one", "", "", "two"}) {
      const std::vector<std::uint8_t> compressed = deflated(deflater, bytes_of(text));
      CHECK(text_of(zlib.inflate(compressed)) == text);
      CHECK(text_of(inflated(inflater, compressed)) == text);
    }
  }
}

TEST_CASE("compression: blocks are appended behind what is there") {
  HeaderDeflater deflater;
  std::vector<std::uint8_t> out = {1, 2, 3};
  REQUIRE_THAT(deflater.deflate(bytes_of("block"), kNoLimit, out), IsSuccess());
  CHECK(to_hex(Bytes(out).first(3)) == "010203");
  test::ZlibInflater zlib(kDictionary);
  CHECK(text_of(zlib.inflate(Bytes(out).subspan(3))) == "block");
}

TEST_CASE("compression: goes on where it was after a move") {
  HeaderDeflater first;
  test::ZlibInflater zlib(kDictionary);
  CHECK(text_of(zlib.inflate(deflated(first, bytes_of("block")))) == "block");
  HeaderDeflater second(std::move(first));
  CHECK(text_of(zlib.inflate(deflated(second, bytes_of("block")))) == "block");
}

TEST_CASE("compression: settings outside zlib's ranges") {
  const auto check_refused = [](const HeaderCompression& settings, const std::string& text) {
    HeaderDeflater deflater(settings);
    std::vector<std::uint8_t> out = {7};
    const Error error = deflater.deflate(bytes_of("block"), kNoLimit, out);
    INFO(text);
    CHECK(error.code() == Errc::kBadCompression);
    CHECK(error.message().find(text) != std::string::npos);
    CHECK(out == std::vector<std::uint8_t>{7});
  };
  for (const int level : {-1, 0, 10, 100}) {
    check_refused({.level = level}, "level " + std::to_string(level));
  }
  // From 24 on zlib would write gzip; below 0, no header at all.
  for (const int window_bits : {-15, -9, 0, 8, 16, 24, 25, 27, 31, 32, 47}) {
    check_refused({.window_bits = window_bits}, "window bits " + std::to_string(window_bits));
    check_refused({.window_bits = window_bits, .stored = true},
                  "window bits " + std::to_string(window_bits));
  }
  for (const int memory_level : {-1, 0, 10}) {
    check_refused({.memory_level = memory_level}, "memory level " + std::to_string(memory_level));
    check_refused({.memory_level = memory_level, .stored = true},
                  "memory level " + std::to_string(memory_level));
  }
}
