#include "uvspdy/wire/frame_decoder.h"

#include <string>
#include <variant>
#include <vector>

#include "support/catch.h"
#include "support/every_cut.h"
#include "support/hex.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;
using test::IsSuccess;
using test::Lines;
using test::StrictDecoder;

namespace {

void check_decodes(std::string_view hex, const Lines& expected) {
  const std::vector<std::uint8_t> input = from_hex(hex);
  test::at_every_cut(input, [&expected](const StrictDecoder& decoder) {
    REQUIRE_THAT(decoder.error, IsSuccess());
    REQUIRE(decoder.lines == expected);
    REQUIRE_FALSE(decoder.inside_frame());
  });
}

// The first frame of `hex`, and the decoder as it is then.
Decoded first_frame(FrameDecoder& decoder, std::string_view hex) {
  const std::vector<std::uint8_t> bytes = from_hex(hex);
  Bytes input = bytes;
  Result<Decoded> decoded = decoder.next(input);
  REQUIRE_THAT(decoded, IsSuccess());
  CHECK(input.empty());
  return *decoded;
}

}  // namespace

TEST_CASE("decoder: DATA") {
  check_decodes("00000001 00 000005 68656c6c6f", {"DATA stream=1 68656c6c6f"});
  check_decodes("7fffffff 01 000001 00", {"DATA stream=2147483647 fin 00"});
  check_decodes("00000001 00 000000", {"DATA stream=1 "});
  check_decodes("00000001 01 000000", {"DATA stream=1 fin "});
}

TEST_CASE("decoder: RST_STREAM") {
  check_decodes("8003 0003 00 000008 00000001 00000005", {"RST_STREAM stream=1 status=5"});
  // A status that nobody has defined is still a reset.
  check_decodes("8003 0003 00 000008 7fffffff ffffffff",
                {"RST_STREAM stream=2147483647 status=4294967295"});
}

TEST_CASE("decoder: SETTINGS") {
  check_decodes("8003 0004 00 000004 00000000", {"SETTINGS"});
  check_decodes("8003 0004 01 000014 00000002 01 000004 00000064 02 000007 80000001",
                {"SETTINGS clear [flags=1 id=4 value=100] [flags=2 id=7 value=2147483649]"});
  // Unknown ids and repeated ones are the session's business.
  check_decodes("8003 0004 00 000014 00000002 ff ffffff ffffffff ff ffffff 00000000",
                {"SETTINGS [flags=255 id=16777215 value=4294967295]"
                 " [flags=255 id=16777215 value=0]"});
}

TEST_CASE("decoder: PING") {
  check_decodes("8003 0006 00 000004 00000001", {"PING id=1"});
  check_decodes("8003 0006 00 000004 fffffffe", {"PING id=4294967294"});
}

TEST_CASE("decoder: GOAWAY") {
  check_decodes("8003 0007 00 000008 00000000 00000000", {"GOAWAY last=0 status=0"});
  check_decodes("8003 0007 00 000008 0000000b 00000002", {"GOAWAY last=11 status=2"});
}

TEST_CASE("decoder: WINDOW_UPDATE") {
  check_decodes("8003 0009 00 000008 00000000 00000001", {"WINDOW_UPDATE stream=0 delta=1"});
  check_decodes("8003 0009 00 000008 7fffffff 7fffffff",
                {"WINDOW_UPDATE stream=2147483647 delta=2147483647"});
}

TEST_CASE("decoder: SYN_STREAM, SYN_REPLY and HEADERS share one zlib stream") {
  check_decodes(
      // Largest window, stored block, SYNC_FLUSH.
      "8003 0001 03 000028 00000005 00000003 60 07"
      "7820 e3c6a7c2 00 0e00 f1ff 00000001 00000001 61 00000001 62 00 0000 ffff"
      "8003 0002 01 00001c 00000005"
      "00 0e00 f1ff 00000001 00000001 61 00000001 63 00 0000 ffff"
      "8003 0008 00 000012 00000005"
      "00 0400 fbff 00000000 00 0000 ffff",
      {"SYN_STREAM stream=5 associated=3 priority=3 slot=7 fin unidirectional {a: b}",
       "SYN_REPLY stream=5 fin {a: c}", "HEADERS stream=5 {}"});
}

TEST_CASE("decoder: a frame with headers and no block has no headers") {
  check_decodes("8003 0001 00 00000a 00000001 00000000 00 00",
                {"SYN_STREAM stream=1 associated=0 priority=0 slot=0 {}"});
  check_decodes("8003 0002 00 000004 00000001", {"SYN_REPLY stream=1 {}"});
  check_decodes("8003 0008 01 000004 00000001", {"HEADERS stream=1 fin {}"});
}

TEST_CASE("decoder: all kinds of frames in one stream of bytes") {
  check_decodes(
      "8003 0004 00 00000c 00000001 00 000007 00010000"
      "8003 0001 00 000028 00000001 00000000 e0 00"
      "7820 e3c6a7c2 00 0e00 f1ff 00000001 00000001 61 00000001 62 00 0000 ffff"
      "00000001 00 000003 010203"
      "8003 0006 00 000004 00000002"
      "8003 0005 00 000003 abcdef"
      "00000001 01 000002 0405"
      "8003 0009 00 000008 00000000 00000005"
      "8003 0003 00 000008 00000001 00000008"
      "8003 0007 00 000008 00000001 00000000",
      {"SETTINGS [flags=0 id=7 value=65536]",
       "SYN_STREAM stream=1 associated=0 priority=7 slot=0 {a: b}", "DATA stream=1 010203",
       "PING id=2", "UNKNOWN type=5 length=3", "DATA stream=1 fin 0405",
       "WINDOW_UPDATE stream=0 delta=5", "RST_STREAM stream=1 status=8", "GOAWAY last=1 status=0"});
}

TEST_CASE("decoder: bits that are reserved are ignored") {
  check_decodes("8003 0003 00 000008 80000001 00000005", {"RST_STREAM stream=1 status=5"});
  check_decodes("8003 0007 00 000008 80000001 00000000", {"GOAWAY last=1 status=0"});
  check_decodes("8003 0009 00 000008 80000001 80000005", {"WINDOW_UPDATE stream=1 delta=5"});
  check_decodes("8003 0001 00 00000a 80000001 80000003 3f ff",
                {"SYN_STREAM stream=1 associated=3 priority=1 slot=255 {}"});
}

TEST_CASE("decoder: flags that a frame does not have change nothing") {
  check_decodes("00000001 fe 000001 aa", {"DATA stream=1 aa"});
  check_decodes("8003 0002 fe 000004 00000001", {"SYN_REPLY stream=1 {}"});
  check_decodes("8003 0001 fc 00000a 00000001 00000000 00 00",
                {"SYN_STREAM stream=1 associated=0 priority=0 slot=0 {}"});
  check_decodes("8003 0004 fe 000004 00000000", {"SETTINGS"});
  check_decodes("8003 0006 ff 000004 00000001", {"PING id=1"});
}

TEST_CASE("decoder: length and flags of the frame that came last") {
  FrameDecoder decoder;
  first_frame(decoder, "8003 0006 ff 000004 00000001");
  CHECK(decoder.frame_length() == 4);
  CHECK(decoder.frame_flags() == 0xff);
  first_frame(decoder, "8003 0002 01 000004 00000001");
  CHECK(decoder.frame_length() == 4);
  CHECK(decoder.frame_flags() == 1);
  // A piece of a frame names the whole frame.
  first_frame(decoder, "00000001 81 000064 aabb");
  CHECK(decoder.frame_length() == 100);
  CHECK(decoder.frame_flags() == 0x81);
}

TEST_CASE("decoder: no input gives no frame") {
  FrameDecoder decoder;
  Bytes input;
  const Result<Decoded> decoded = decoder.next(input);
  REQUIRE_THAT(decoded, IsSuccess());
  CHECK(std::holds_alternative<NeedMoreInput>(*decoded));
  CHECK_FALSE(decoder.inside_frame());
}

TEST_CASE("decoder: inside_frame tells a cut from an end") {
  const std::vector<std::uint8_t> frames =
      from_hex("8003 0006 00 000004 00000001 00000001 00 000002 aabb 8003 0005 00 000002 ccdd");
  FrameDecoder decoder;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Bytes input = Bytes(frames).subspan(i, 1);
    while (!input.empty()) REQUIRE_THAT(decoder.next(input), IsSuccess());
    const bool at_an_end = i + 1 == 12 || i + 1 == 22 || i + 1 == 32;
    INFO("after " << i + 1 << " bytes");
    CHECK(decoder.inside_frame() == !at_an_end);
  }
}

TEST_CASE("decoder: a control frame of 8,192 bytes is taken with default limits") {
  std::vector<std::uint8_t> input = from_hex("8003 0008 00 002000 00000001 7820 e3c6a7c2");
  // One stored block of 8,192 - 4 - 6 - 5 - 5 bytes, which holds one pair.
  const std::vector<std::uint8_t> block = from_hex("00 ec1f 13e0 00000001 00000001 61 00001fdf");
  input.insert(input.end(), block.begin(), block.end());
  input.insert(input.end(), 0x1fdf, 'v');
  const std::vector<std::uint8_t> flush = from_hex("00 0000 ffff");
  input.insert(input.end(), flush.begin(), flush.end());
  REQUIRE(input.size() == 8 + 8192);
  StrictDecoder decoder;
  decoder.feed(input);
  REQUIRE_THAT(decoder.error, IsSuccess());
  CHECK(decoder.lines == Lines{"HEADERS stream=1 {a: " + std::string(0x1fdf, 'v') + "}"});
}
