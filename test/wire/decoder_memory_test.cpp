#include <string>
#include <variant>
#include <vector>

#include "support/catch.h"
#include "support/header_blocks.h"
#include "support/hex.h"
#include "support/memory_count.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/frame_decoder.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;

// Memory stays below the two limits (zlib's own comes from elsewhere and is not counted here), and
// grows only as bytes really arrive.

namespace {

// Feeds input and throws away what comes out; false when it is an error.
bool feed(FrameDecoder& decoder, Bytes input) {
  while (!input.empty()) {
    if (!decoder.next(input)) return false;
  }
  return true;
}

std::size_t bound(const Limits& limits) {
  return limits.control_frame_length + limits.inflated_header_block;
}

}  // namespace

TEST_CASE("decoder memory: a frame that is announced takes none") {
  FrameDecoder decoder;
  const auto announced = from_hex("8003 0001 00 020000 00000001 00000000");
  const test::MemoryCount memory;
  const bool decoded = feed(decoder, announced);
  const std::size_t peak = memory.peak();
  CHECK(decoded);
  CHECK(peak < 256);
}

TEST_CASE("decoder memory: frames without headers that come whole are not copied") {
  FrameDecoder decoder;
  const auto frames = from_hex(
      "8003 0003 00 000008 00000001 00000005"
      "8003 0006 00 000004 00000001"
      "8003 0007 00 000008 00000000 00000000"
      "8003 0009 00 000008 00000000 00000001"
      "8003 0005 00 000003 abcdef"
      "00000001 00 000003 010203");
  const test::MemoryCount memory;
  const bool decoded = feed(decoder, frames);
  const std::size_t allocations = memory.allocations();
  CHECK(decoded);
  CHECK(allocations == 0);
}

TEST_CASE("decoder memory: of a frame that comes in pieces no more than its limit") {
  Limits limits;
  limits.control_frame_length = 100000;
  FrameDecoder decoder(limits);
  std::vector<std::uint8_t> body;
  test::append_number(1, 4, body);
  body.resize(limits.control_frame_length);
  const auto frame = test::control_frame(8, 0, body);
  const test::MemoryCount memory;
  bool decoded = true;
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
    decoded = decoded && feed(decoder, Bytes(frame).subspan(i, 1));
  }
  const std::size_t held = memory.held();
  CHECK(decoded);
  CHECK(held >= body.size() - 1);
  CHECK(held <= bound(limits));
}

TEST_CASE("decoder memory: the largest block leaves no more behind than the limits allow") {
  const Limits limits;
  test::ZlibDeflater peer(kDictionary);
  const auto block =
      test::header_block(1, {{"a", std::string(limits.inflated_header_block - 13, 'v')}});
  REQUIRE(block.size() == limits.inflated_header_block);
  const auto frame = test::headers_frame(1, peer.deflate(block));
  FrameDecoder decoder(limits);
  const test::MemoryCount memory;
  const bool decoded = feed(decoder, frame);
  const std::size_t held = memory.held();
  CHECK(decoded);
  CHECK(held <= bound(limits));
}

TEST_CASE("decoder memory: a large block in pieces leaves no more behind either") {
  const Limits limits;
  test::ZlibDeflater peer(kDictionary, 0);
  const auto block = test::header_block(1, {{"a", std::string(100000, 'v')}});
  const auto frame = test::headers_frame(1, peer.deflate(block));
  FrameDecoder decoder(limits);
  const test::MemoryCount memory;
  bool decoded = true;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    decoded = decoded && feed(decoder, Bytes(frame).subspan(i, 1));
  }
  const std::size_t held = memory.held();
  CHECK(decoded);
  CHECK(held <= bound(limits));
}

TEST_CASE("decoder memory: a small block gives back what a large one took") {
  test::ZlibDeflater peer(kDictionary);
  FrameDecoder decoder;
  const auto large = test::headers_frame(
      1, peer.deflate(test::header_block(1, {{"a", std::string(100000, 'v')}})));
  const auto small = test::headers_frame(1, peer.deflate(test::header_block(1, {{"a", "b"}})));
  const test::MemoryCount memory;
  const bool decoded = feed(decoder, large) && feed(decoder, small);
  const std::size_t held = memory.held();
  CHECK(decoded);
  CHECK(held <= 32 * 1024);
}

TEST_CASE("decoder memory: does not grow with the number of blocks") {
  test::ZlibDeflater peer(kDictionary);
  std::vector<std::vector<std::uint8_t>> frames;
  for (int i = 0; i < 1000; ++i) {
    frames.push_back(test::headers_frame(1, peer.deflate(test::header_block(1, {{"a", "b"}}))));
  }
  FrameDecoder decoder;
  bool decoded = feed(decoder, frames[0]);
  const test::MemoryCount memory;
  for (std::size_t i = 1; i < frames.size(); ++i) decoded = decoded && feed(decoder, frames[i]);
  const std::size_t held = memory.held();
  CHECK(decoded);
  CHECK(held == 0);
}
