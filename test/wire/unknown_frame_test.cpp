#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "support/catch.h"
#include "support/every_cut.h"
#include "support/header_blocks.h"
#include "support/hex.h"
#include "support/memory_count.h"
#include "uvspdy/wire/frame_decoder.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::IsSuccess;
using test::Lines;
using test::StrictDecoder;

// Section 2.2.1: a control frame of a type that is not known is skipped by its length.

namespace {

std::vector<std::uint8_t> with_ping_behind(std::vector<std::uint8_t> frame) {
  test::append_bytes(test::from_hex("8003 0006 00 000004 00000001"), frame);
  return frame;
}

}  // namespace

TEST_CASE("unknown frame: is skipped, however the input is cut") {
  for (const std::uint16_t type : std::vector<std::uint16_t>{0, 5, 10, 11, 0x0101, 0xffff}) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{40}}) {
      INFO("type " << type << ", length " << length);
      // 0x80 looks like the beginning of a control frame.
      const auto input = with_ping_behind(
          test::control_frame(type, 0xff, std::vector<std::uint8_t>(length, 0x80)));
      const Lines expected = {
          "UNKNOWN type=" + std::to_string(type) + " length=" + std::to_string(length),
          "PING id=1"};
      test::at_every_cut(input, [&expected](const StrictDecoder& decoder) {
        REQUIRE_THAT(decoder.error, IsSuccess());
        REQUIRE(decoder.lines == expected);
      });
    }
  }
}

TEST_CASE("unknown frame: may be longer than any frame that is understood, and costs nothing") {
  FrameDecoder decoder;
  std::vector<std::uint8_t> piece(65536, 0x80);
  const std::vector<std::uint8_t> head = test::from_hex("8003 00ff 00 ffffff");
  const test::MemoryCount memory;
  Bytes input = head;
  bool all_skipped = static_cast<bool>(decoder.next(input));
  std::size_t left = kMaxFrameLength;
  std::uint32_t length = 0;
  while (left > 0 && all_skipped) {
    input = Bytes(piece).first(std::min(piece.size(), left));
    left -= input.size();
    const Result<Decoded> decoded = decoder.next(input);
    all_skipped = static_cast<bool>(decoded) && input.empty();
    if (!decoded) break;
    if (const auto* const unknown = std::get_if<UnknownFrame>(&*decoded)) length = unknown->length;
  }
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 0);
  CHECK(all_skipped);
  CHECK(length == kMaxFrameLength);
  CHECK_FALSE(decoder.inside_frame());
}

TEST_CASE("unknown frame: of another version is not skipped but refused") {
  StrictDecoder decoder;
  decoder.feed(test::from_hex("8002 0005 00 000001 00"));
  REQUIRE(decoder.error);
  CHECK(decoder.error.code() == Errc::kUnsupportedVersion);
}
