#include <string>
#include <vector>

#include "support/catch.h"
#include "support/every_cut.h"
#include "support/header_blocks.h"
#include "support/hex.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/frame_decoder.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;
using test::IsSuccess;
using test::StrictDecoder;

namespace {

constexpr std::string_view kPing = "8003 0006 00 000004 00000001";

using Texts = std::vector<std::string>;

// A PING, a bad frame, a PING: the first is decoded, the second is an error that says each of
// `texts`, the third is not looked at, however the input is cut.
void check_fails(Bytes bad_frame, Errc code, const Texts& texts, const Limits& limits = {}) {
  std::vector<std::uint8_t> input = from_hex(kPing);
  test::append_bytes(bad_frame, input);
  test::append_bytes(from_hex(kPing), input);
  std::string message;
  test::at_every_cut(
      input,
      [&](const StrictDecoder& decoder) {
        REQUIRE(decoder.lines == test::Lines{"PING id=1"});
        REQUIRE(decoder.error);
        INFO(decoder.error.message());
        REQUIRE(decoder.error.code() == code);
        for (const std::string& text : texts) {
          INFO("expected in it: " << text);
          REQUIRE(decoder.error.message().find(text) != std::string::npos);
        }
        REQUIRE(decoder.error.message().find('\n') == std::string::npos);
        if (message.empty()) message = decoder.error.message();
        REQUIRE(decoder.error.message() == message);
      },
      limits);
}

void check_fails(std::string_view hex, Errc code, const Texts& texts, const Limits& limits = {}) {
  check_fails(Bytes(from_hex(hex)), code, texts, limits);
}

void check_decodes(std::string_view hex, const Limits& limits) {
  StrictDecoder decoder(limits);
  decoder.feed(from_hex(hex));
  CHECK_THAT(decoder.error, IsSuccess());
  CHECK(decoder.lines.size() == 1);
}

}  // namespace

TEST_CASE("frame error: a version that is not 3") {
  check_fails("8002 0001 00 00000a 00000001 00000000 0000", Errc::kUnsupportedVersion,
              {"SYN_STREAM", "version 2"});
  check_fails("8004 0006 00 000004 00000001", Errc::kUnsupportedVersion, {"PING", "version 4"});
  check_fails("ffff 0006 00 000004 00000001", Errc::kUnsupportedVersion, {"PING", "version 32767"});
  check_fails("8000 0003 00 000008 00000001 00000005", Errc::kUnsupportedVersion,
              {"RST_STREAM", "version 0"});
}

TEST_CASE("frame error: a length that the frame cannot have") {
  check_fails("8003 0003 00 000007 00000001 000000", Errc::kBadLength,
              {"RST_STREAM", "length 7", "8"});
  check_fails("8003 0003 00 000009 00000001 00000005 00", Errc::kBadLength,
              {"RST_STREAM", "length 9", "8"});
  check_fails("8003 0006 00 000000", Errc::kBadLength, {"PING", "length 0", "4"});
  check_fails("8003 0006 00 000008 00000001 00000001", Errc::kBadLength, {"PING", "length 8", "4"});
  // SPDY/2's GOAWAY.
  check_fails("8003 0007 00 000004 00000001", Errc::kBadLength, {"GOAWAY", "length 4", "8"});
  check_fails("8003 0009 00 00000c 00000001 00000001 00000001", Errc::kBadLength,
              {"WINDOW_UPDATE", "length 12", "8"});
  check_fails("8003 0001 00 000009 00000001 00000000 00", Errc::kBadLength,
              {"SYN_STREAM", "length 9", "10"});
  check_fails("8003 0002 00 000003 000000", Errc::kBadLength, {"SYN_REPLY", "length 3", "4"});
  check_fails("8003 0008 00 000000", Errc::kBadLength, {"HEADERS", "length 0", "4"});
  check_fails("8003 0004 00 000003 000000", Errc::kBadLength, {"SETTINGS", "length 3"});
  check_fails("8003 0004 00 00000b 00000001 00000000 000000", Errc::kBadLength,
              {"SETTINGS", "length 11"});
}

TEST_CASE("frame error: a wrong length is told before the body has come") {
  StrictDecoder decoder;
  decoder.feed(from_hex("8003 0006 00 000005"));
  REQUIRE(decoder.error);
  CHECK(decoder.error.code() == Errc::kBadLength);
}

TEST_CASE("frame error: a SETTINGS whose count is not its length's") {
  check_fails("8003 0004 00 00000c 00000002 00 000004 00000001", Errc::kBadLength,
              {"SETTINGS", "2 entries", "1"});
  check_fails("8003 0004 00 00000c 00000000 00 000004 00000001", Errc::kBadLength,
              {"SETTINGS", "0 entries", "1"});
  check_fails("8003 0004 00 000004 ffffffff", Errc::kBadLength,
              {"SETTINGS", "4294967295 entries", "0"});
  // 2^29 + 1 entries: 8 times that is 8 in 32 bits.
  check_fails("8003 0004 00 00000c 20000001 00 000004 00000001", Errc::kBadLength,
              {"SETTINGS", "536870913 entries", "1"});
}

TEST_CASE("frame error: longer than control_frame_length") {
  Limits limits;
  limits.control_frame_length = 20;
  check_decodes("8003 0004 00 000014 00000002 00 000004 00000001 00 000007 00000001", limits);
  check_fails(
      "8003 0004 00 00001c 00000003 00 000004 00000001 00 000007 00000001 00 000001 00000001",
      Errc::kFrameTooLarge, {"SETTINGS", "length 28", "control_frame_length = 20"}, limits);
  check_fails("8003 0001 00 000015 00000001", Errc::kFrameTooLarge,
              {"SYN_STREAM", "length 21", "control_frame_length = 20"}, limits);
}

TEST_CASE("frame error: the default control_frame_length") {
  check_fails("8003 0001 00 028001", Errc::kFrameTooLarge,
              {"SYN_STREAM", "length 163841", "control_frame_length = 163840"});
  check_fails("8003 0002 00 ffffff", Errc::kFrameTooLarge, {"SYN_REPLY", "length 16777215"});
  check_fails("8003 0008 00 ffffff", Errc::kFrameTooLarge, {"HEADERS", "length 16777215"});
  check_fails("8003 0004 00 fffffc", Errc::kFrameTooLarge, {"SETTINGS", "length 16777212"});
}

TEST_CASE("frame error: stream id 0") {
  check_fails("00000000 00 000001 ff", Errc::kZeroStreamId, {"DATA", "stream 0"});
  check_fails("00000000 00 000000", Errc::kZeroStreamId, {"DATA", "stream 0"});
  check_fails("8003 0001 00 00000a 00000000 00000000 0000", Errc::kZeroStreamId,
              {"SYN_STREAM", "stream id 0"});
  // The reserved bit does not make it a stream.
  check_fails("8003 0001 00 00000a 80000000 00000000 0000", Errc::kZeroStreamId,
              {"SYN_STREAM", "stream id 0"});
  check_fails("8003 0002 00 000004 00000000", Errc::kZeroStreamId, {"SYN_REPLY", "stream id 0"});
  check_fails("8003 0003 00 000008 00000000 00000005", Errc::kZeroStreamId,
              {"RST_STREAM", "stream id 0"});
  check_fails("8003 0008 00 000004 00000000", Errc::kZeroStreamId, {"HEADERS", "stream id 0"});
}

TEST_CASE("frame error: RST_STREAM with status 0") {
  check_fails("8003 0003 00 000008 00000001 00000000", Errc::kBadStatus,
              {"RST_STREAM", "status 0"});
}

TEST_CASE("frame error: more entries than settings_entries") {
  const auto settings = [](std::uint32_t count) {
    std::vector<std::uint8_t> body;
    test::append_number(count, 4, body);
    for (std::uint32_t i = 1; i <= count; ++i) {
      test::append_number(i, 4, body);
      test::append_number(0, 4, body);
    }
    return test::control_frame(4, 0, body);
  };
  StrictDecoder decoder;
  decoder.feed(settings(64));
  CHECK_THAT(decoder.error, IsSuccess());
  check_fails(settings(65), Errc::kTooManySettings, {"SETTINGS", "65", "settings_entries = 64"});
  Limits limits;
  limits.settings_entries = 0;
  check_fails(settings(1), Errc::kTooManySettings, {"SETTINGS", "1", "settings_entries = 0"},
              limits);
}

TEST_CASE("frame error: a header block that zlib refuses") {
  // No zlib header, whatever follows.
  check_fails("8003 0008 00 000008 00000005 ffffffff", Errc::kInflateFailed,
              {"HEADERS", "stream 5"});
  // A block of the reserved type 3 behind zlib's header.
  check_fails("8003 0001 00 000011 00000007 00000000 0000 7820 e3c6a7c2 06", Errc::kInflateFailed,
              {"SYN_STREAM", "stream 7"});
}

TEST_CASE("frame error: a header block that inflates past inflated_header_block") {
  test::ZlibDeflater deflater(kDictionary);
  const auto block = test::header_block(1, {{"a", std::string(87, 'v')}});
  REQUIRE(block.size() == 100);
  const auto frame = test::headers_frame(9, deflater.deflate(block));
  Limits limits;
  limits.inflated_header_block = 100;
  StrictDecoder decoder(limits);
  decoder.feed(frame);
  CHECK_THAT(decoder.error, IsSuccess());
  limits.inflated_header_block = 99;
  check_fails(frame, Errc::kHeaderBlockTooLarge,
              {"HEADERS", "stream 9", "inflated_header_block = 99"}, limits);
}

TEST_CASE("frame error: it stays, and no more input is taken") {
  FrameDecoder decoder;
  const std::vector<std::uint8_t> bad = from_hex("8003 0003 00 000008 00000001 00000000");
  Bytes input = bad;
  const Result<Decoded> first = decoder.next(input);
  REQUIRE_FALSE(first);
  for (const std::string_view later : {kPing, std::string_view("00000001 00 000001 ff")}) {
    const std::vector<std::uint8_t> frame = from_hex(later);
    input = frame;
    const Result<Decoded> again = decoder.next(input);
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == first.error().code());
    CHECK(again.error().message() == first.error().message());
    CHECK(input.size() == frame.size());
  }
  input = {};
  CHECK_FALSE(decoder.next(input));
}
