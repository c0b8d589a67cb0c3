#include <algorithm>
#include <variant>
#include <vector>

#include "support/catch.h"
#include "support/hex.h"
#include "support/memory_count.h"
#include "uvspdy/wire/frame_decoder.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;
using test::IsSuccess;

namespace {

DataChunk next_chunk(FrameDecoder& decoder, Bytes& input) {
  const Result<Decoded> decoded = decoder.next(input);
  REQUIRE_THAT(decoded, IsSuccess());
  REQUIRE(std::holds_alternative<DataChunk>(*decoded));
  return std::get<DataChunk>(*decoded);
}

bool needs_more(FrameDecoder& decoder, Bytes& input) {
  const Result<Decoded> decoded = decoder.next(input);
  REQUIRE_THAT(decoded, IsSuccess());
  return std::holds_alternative<NeedMoreInput>(*decoded);
}

}  // namespace

TEST_CASE("DATA: the payload is a view into the input") {
  const std::vector<std::uint8_t> bytes = from_hex("00000003 01 000004 0a0b0c0d");
  Bytes input = bytes;
  FrameDecoder decoder;
  const DataChunk chunk = next_chunk(decoder, input);
  CHECK(chunk.payload.data() == bytes.data() + 8);
  CHECK(chunk.payload.size() == 4);
  CHECK(chunk.stream_id == 3);
  CHECK(chunk.frame_length == 4);
  CHECK(chunk.frame_begin);
  CHECK(chunk.frame_end);
  CHECK(chunk.fin);
  CHECK(input.empty());
}

TEST_CASE("DATA: pieces are handed on before the frame's end") {
  FrameDecoder decoder;
  const std::vector<std::uint8_t> first = from_hex("00000001 01 000006 0102");
  Bytes input = first;
  DataChunk chunk = next_chunk(decoder, input);
  CHECK(chunk.payload.data() == first.data() + 8);
  CHECK(chunk.payload.size() == 2);
  CHECK(chunk.frame_length == 6);
  CHECK(chunk.frame_begin);
  CHECK_FALSE(chunk.frame_end);
  CHECK(chunk.fin);
  CHECK(needs_more(decoder, input));

  const std::vector<std::uint8_t> second = from_hex("03");
  input = second;
  chunk = next_chunk(decoder, input);
  CHECK(chunk.payload.data() == second.data());
  CHECK(chunk.payload.size() == 1);
  CHECK_FALSE(chunk.frame_begin);
  CHECK_FALSE(chunk.frame_end);

  // The rest, with the next frame behind it.
  const std::vector<std::uint8_t> third = from_hex("040506 8003 0006 00 000004 00000001");
  input = third;
  chunk = next_chunk(decoder, input);
  CHECK(chunk.payload.data() == third.data());
  CHECK(chunk.payload.size() == 3);
  CHECK_FALSE(chunk.frame_begin);
  CHECK(chunk.frame_end);
  CHECK(chunk.frame_length == 6);
  CHECK(input.size() == 12);
  const Result<Decoded> ping = decoder.next(input);
  REQUIRE_THAT(ping, IsSuccess());
  CHECK(std::holds_alternative<PingFrame>(*ping));
}

TEST_CASE("DATA: a head at the end of the input makes no piece yet") {
  FrameDecoder decoder;
  const std::vector<std::uint8_t> head = from_hex("00000001 00 000001");
  Bytes input = head;
  CHECK(needs_more(decoder, input));
  CHECK(needs_more(decoder, input));
  const std::vector<std::uint8_t> payload = from_hex("ff");
  input = payload;
  const DataChunk chunk = next_chunk(decoder, input);
  CHECK(chunk.frame_begin);
  CHECK(chunk.frame_end);
  CHECK(chunk.payload.size() == 1);
}

TEST_CASE("DATA: an empty frame is one empty piece") {
  FrameDecoder decoder;
  const std::vector<std::uint8_t> frames = from_hex("00000001 00 000000 00000001 01 000000");
  Bytes input = frames;
  DataChunk chunk = next_chunk(decoder, input);
  CHECK(chunk.frame_begin);
  CHECK(chunk.frame_end);
  CHECK_FALSE(chunk.fin);
  CHECK(chunk.payload.empty());
  chunk = next_chunk(decoder, input);
  CHECK(chunk.frame_begin);
  CHECK(chunk.frame_end);
  CHECK(chunk.fin);
  CHECK(input.empty());
}

TEST_CASE("DATA: the largest frame passes through in pieces, and nothing is allocated") {
  FrameDecoder decoder;
  std::vector<std::uint8_t> piece(65536);
  const std::vector<std::uint8_t> head = from_hex("00000001 01 ffffff");
  std::copy(head.begin(), head.end(), piece.begin());

  bool views = true;
  std::size_t begins = 0;
  std::size_t ends = 0;
  std::size_t payload = 0;
  const test::MemoryCount memory;
  for (std::size_t sent = 0; sent < 8 + kMaxFrameLength;) {
    const std::size_t size = std::min(piece.size(), 8 + kMaxFrameLength - sent);
    Bytes input = Bytes(piece).first(size);
    sent += size;
    while (!input.empty()) {
      const Result<Decoded> decoded = decoder.next(input);
      const auto* const chunk = decoded ? std::get_if<DataChunk>(&*decoded) : nullptr;
      if (chunk == nullptr) break;
      views = views && chunk->payload.data() == piece.data() + (chunk->frame_begin ? 8 : 0);
      begins += chunk->frame_begin ? 1 : 0;
      ends += chunk->frame_end ? 1 : 0;
      payload += chunk->payload.size();
    }
  }
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 0);
  CHECK(views);
  CHECK(begins == 1);
  CHECK(ends == 1);
  CHECK(payload == kMaxFrameLength);
  CHECK_FALSE(decoder.inside_frame());
}
