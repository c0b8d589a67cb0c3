#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/hex.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/header_compression.h"
#include "wire/dictionary.h"

// Go's inflater hands out what it has whenever its window of 32,768 bytes, the dictionary's 1,423
// first, is full. Where a block ends just there its SYNC_FLUSH must be in Go's read buffer already,
// or spdystream drops the connection: the last byte is then compressed by itself.

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;
using test::IsSuccess;

namespace {

constexpr std::size_t kNoLimit = 16 * 1024 * 1024;
constexpr std::size_t kWindow = 32768;
constexpr std::size_t kGoBuffer = 4096;
constexpr std::size_t kFirst = kWindow - 1423;

// What one byte and a SYNC_FLUSH take at most: a stored block of one byte, and an empty one.
constexpr std::size_t kLastByteAlone = 11;

std::vector<std::uint8_t> random_text(std::size_t size, std::mt19937& random) {
  std::vector<std::uint8_t> text(size);
  for (std::uint8_t& byte : text) byte = static_cast<std::uint8_t>('0' + random() % 64);
  return text;
}

// Between two markers, compressed. Letters by chance take six bits or, stored, eight.
std::size_t longest_piece(Bytes compressed) {
  const std::vector<std::uint8_t> marker = from_hex("0000ffff");
  std::size_t longest = 0;
  while (!compressed.empty()) {
    const auto found =
        std::search(compressed.begin(), compressed.end(), marker.begin(), marker.end());
    const auto size = static_cast<std::size_t>(found - compressed.begin());
    longest = std::max(longest, size);
    compressed = compressed.subspan(std::min(size + marker.size(), compressed.size()));
  }
  return longest;
}

// One direction of a connection, read by zlib itself and by our own inflater.
class Direction {
 public:
  explicit Direction(const HeaderCompression& settings) : deflater_(settings) {}

  std::vector<std::uint8_t> deflate(Bytes block) {
    std::vector<std::uint8_t> out;
    const Error error = deflater_.deflate(block, kNoLimit, out);
    REQUIRE_THAT(error, IsSuccess());
    return out;
  }

  // Whether the block's last byte stands by itself. Fails unless what comes out is the block.
  bool last_byte_is_alone(Bytes block, Bytes compressed) {
    const Result<Bytes> ours = inflater_.inflate(compressed);
    REQUIRE_THAT(ours, IsSuccess());
    REQUIRE(std::equal(ours->begin(), ours->end(), block.begin(), block.end()));

    const std::vector<std::uint8_t> marker = from_hex("0000ffff");
    const Bytes end = compressed.last(std::min(compressed.size(), kLastByteAlone + marker.size()));
    REQUIRE(end.size() > marker.size());
    REQUIRE(std::equal(marker.begin(), marker.end(), end.last(marker.size()).begin()));
    const auto found = std::search(end.begin(), end.end(), marker.begin(), marker.end());
    const auto behind = static_cast<std::size_t>(end.end() - found) - marker.size();
    const auto first = zlib_.inflate(compressed.first(compressed.size() - behind));
    const auto rest = zlib_.inflate(compressed.last(behind));
    REQUIRE(first.size() + rest.size() == block.size());
    REQUIRE(std::equal(first.begin(), first.end(), block.begin()));
    REQUIRE(std::equal(rest.begin(), rest.end(), block.last(rest.size()).begin()));
    if (behind == 0) return false;
    // A marker with nothing between it and the last would be one too many.
    REQUIRE(rest.size() == 1);
    // Go reads 4,096 bytes at a time, if no piece is longer: the last byte and its marker have to
    // come in one read.
    REQUIRE(longest_piece(compressed) < kGoBuffer + kGoBuffer / 4);
    REQUIRE((compressed.size() - behind) / kGoBuffer == (compressed.size() - 1) / kGoBuffer);
    return true;
  }

  HeaderDeflater& deflater() { return deflater_; }

 private:
  HeaderDeflater deflater_;
  test::ZlibInflater zlib_{kDictionary};
  HeaderInflater inflater_{256 * 1024};
};

std::vector<HeaderCompression> every_setting() {
  std::vector<HeaderCompression> settings;
  for (const int window_bits : {9, 11, 15}) {
    for (const int memory_level : {1, 9}) {
      for (int level = 1; level <= 9; ++level)
        settings.push_back({level, window_bits, memory_level});
      settings.push_back({6, window_bits, memory_level, true});
    }
  }
  return settings;
}

std::string name(const HeaderCompression& settings) {
  return "level " + std::to_string(settings.level) + ", window bits " +
         std::to_string(settings.window_bits) + ", memory level " +
         std::to_string(settings.memory_level) + (settings.stored ? ", stored" : "");
}

}  // namespace

TEST_CASE("Go's window: a block that fills it to the end has its last byte alone") {
  struct Case {
    std::size_t size;
    bool alone;
  };
  for (const HeaderCompression& settings : every_setting()) {
    INFO(name(settings));
    Direction direction(settings);
    std::mt19937 random(1);
    // Each "true" is where the sum of the sizes, and the dictionary, is a multiple of the window.
    for (const auto& [size, alone] : {Case{kFirst, true},
                                      {kWindow, true},
                                      {2 * kWindow, true},
                                      {kWindow - 1, false},
                                      {2, false},
                                      {kWindow - 1, true},
                                      {100, false},
                                      {kWindow - 100, true},
                                      {kWindow - 2, false},
                                      {2, true},
                                      {kWindow + 1, false},
                                      {kWindow - 2, false},
                                      {1, false},
                                      {1000, false}}) {
      INFO("block of " << size);
      const std::vector<std::uint8_t> block = random_text(size, random);
      REQUIRE(direction.last_byte_is_alone(block, direction.deflate(block)) == alone);
    }
  }
}

TEST_CASE("Go's window: text that compresses well fills it likewise") {
  for (const HeaderCompression& settings : every_setting()) {
    INFO(name(settings));
    Direction direction(settings);
    for (const std::size_t size : {kFirst, kWindow, 2 * kWindow}) {
      const std::vector<std::uint8_t> block(size, 'r');
      REQUIRE(direction.last_byte_is_alone(block, direction.deflate(block)));
    }
  }
}

TEST_CASE("Go's window: an empty block where it is full adds nothing") {
  for (const HeaderCompression& settings : every_setting()) {
    INFO(name(settings));
    Direction direction(settings);
    std::mt19937 random(2);
    const std::vector<std::uint8_t> block = random_text(kFirst, random);
    REQUIRE(direction.last_byte_is_alone(block, direction.deflate(block)));
    REQUIRE(direction.deflate({}).empty());
    const std::vector<std::uint8_t> next = random_text(100, random);
    REQUIRE_FALSE(direction.last_byte_is_alone(next, direction.deflate(next)));
  }
}

TEST_CASE("Go's window: both pieces together keep to max_size, and a refusal leaves no trace") {
  for (const HeaderCompression& settings : every_setting()) {
    INFO(name(settings));
    Direction direction(settings);
    std::mt19937 random(3);
    const std::vector<std::uint8_t> before = random_text(kFirst - 30, random);
    REQUIRE_FALSE(direction.last_byte_is_alone(before, direction.deflate(before)));
    const std::vector<std::uint8_t> block = random_text(30, random);
    std::size_t max_size = 1;
    std::vector<std::uint8_t> out = {7};
    while (const Error error = direction.deflater().deflate(block, max_size, out)) {
      REQUIRE(error.code() == Errc::kFrameTooLarge);
      REQUIRE(out == std::vector<std::uint8_t>{7});
      REQUIRE(max_size < 200);
      ++max_size;
    }
    REQUIRE(out.size() - 1 <= max_size);
    // Had a refusal moved the state, or its count, this would fail.
    REQUIRE(direction.last_byte_is_alone(block, Bytes(out).subspan(1)));
  }
}

TEST_CASE("Go's window: the last byte and its marker are in one of Go's reads") {
  std::size_t padded = 0;
  for (const HeaderCompression& settings :
       {HeaderCompression{.stored = true}, HeaderCompression{},
        HeaderCompression{.level = 9, .window_bits = 15, .memory_level = 9}}) {
    INFO(name(settings));
    // Stored as they are, and of six bits each: their ends pass 4,096 and 8,192 compressed bytes.
    for (const std::size_t first : {std::size_t{4060}, std::size_t{5320}, std::size_t{8140}}) {
      for (std::size_t size = first; size < first + 120; ++size) {
        INFO("block of " << size);
        Direction direction(settings);
        std::mt19937 random(4);
        const std::vector<std::uint8_t> before(kFirst - size, 'r');
        REQUIRE_FALSE(direction.last_byte_is_alone(before, direction.deflate(before)));
        const std::vector<std::uint8_t> block = random_text(size, random);
        const std::vector<std::uint8_t> compressed = direction.deflate(block);
        REQUIRE(direction.last_byte_is_alone(block, compressed));
        const auto empty = from_hex("0000ffff 000000ffff");
        if (std::search(compressed.begin(), compressed.end(), empty.begin(), empty.end()) !=
            compressed.end()) {
          ++padded;
        }
      }
    }
  }
  CHECK(padded > 30);  // else no end came near a read's
}
