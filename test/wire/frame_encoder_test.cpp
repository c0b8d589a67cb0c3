#include "uvspdy/wire/frame_encoder.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "support/hex.h"
#include "support/zlib_stream.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::from_hex;
using test::IsSuccess;
using test::to_hex;

// The bytes on the right hand side are written down from section 2.6 of the specification.

namespace {

// Frames that have no state.
template <class Frame>
std::string encoded(const Frame& frame) {
  std::vector<std::uint8_t> out;
  FrameEncoder::encode(frame, out);
  return to_hex(out);
}

std::string hex(std::string_view text) { return to_hex(from_hex(text)); }

std::string data_head(StreamId id, bool fin, std::size_t length) {
  return to_hex(FrameEncoder::data_head(id, fin, length));
}

// One pair: a: b.
constexpr std::string_view kBlock = "00000001 00000001 61 00000001 62";

// The fixed part of a frame with headers in hex, checked against its head, and what its block
// inflates to in a zlib stream of its own.
struct Split {
  std::string fixed_part;
  std::string block;
};
Split split(Bytes frame, std::size_t fixed_part) {
  REQUIRE(frame.size() > fixed_part);
  const std::size_t length = frame[5] * 65536U + frame[6] * 256U + frame[7];
  CHECK(length == frame.size() - 8);
  test::ZlibInflater inflater(kDictionary);
  return {to_hex(frame.first(fixed_part)), to_hex(inflater.inflate(frame.subspan(fixed_part)))};
}

}  // namespace

TEST_CASE("encoder: DATA head") {
  CHECK(data_head(1, false, 5) == hex("00000001 00 000005"));
  CHECK(data_head(1, true, 0) == hex("00000001 01 000000"));
  CHECK(data_head(0x7fffffff, true, 0xffffff) == hex("7fffffff 01 ffffff"));
  CHECK(data_head(0x01020304, false, 0x0a0b0c) == hex("01020304 00 0a0b0c"));
}

TEST_CASE("encoder: RST_STREAM") {
  CHECK(encoded(RstStreamFrame{1, RstStatus::kCancel}) ==
        hex("8003 0003 00 000008 00000001 00000005"));
  CHECK(encoded(RstStreamFrame{0x7fffffff, RstStatus::kFrameTooLarge}) ==
        hex("8003 0003 00 000008 7fffffff 0000000b"));
}

TEST_CASE("encoder: SETTINGS") {
  CHECK(encoded(SettingsFrame{}) == hex("8003 0004 00 000004 00000000"));
  SettingsFrame frame;
  frame.clear_settings = true;
  frame.entries = {{SettingId::kMaxConcurrentStreams, 1, 100},
                   {SettingId::kInitialWindowSize, 2, 0x80000001},
                   {SettingId{0xabcdef}, 0xff, 0}};
  CHECK(encoded(frame) == hex("8003 0004 01 00001c 00000003"
                              "01 000004 00000064"
                              "02 000007 80000001"
                              "ff abcdef 00000000"));
}

TEST_CASE("encoder: PING") {
  CHECK(encoded(PingFrame{1}) == hex("8003 0006 00 000004 00000001"));
  CHECK(encoded(PingFrame{0xfffffffe}) == hex("8003 0006 00 000004 fffffffe"));
}

TEST_CASE("encoder: GOAWAY") {
  CHECK(encoded(GoAwayFrame{}) == hex("8003 0007 00 000008 00000000 00000000"));
  CHECK(encoded(GoAwayFrame{0x01020304, GoAwayStatus::kProtocolError}) ==
        hex("8003 0007 00 000008 01020304 00000001"));
  CHECK(encoded(GoAwayFrame{5, GoAwayStatus::kInternalError}) ==
        hex("8003 0007 00 000008 00000005 00000002"));
}

TEST_CASE("encoder: WINDOW_UPDATE") {
  CHECK(encoded(WindowUpdateFrame{0, 1}) == hex("8003 0009 00 000008 00000000 00000001"));
  CHECK(encoded(WindowUpdateFrame{0x7fffffff, 0x7fffffff}) ==
        hex("8003 0009 00 000008 7fffffff 7fffffff"));
}

TEST_CASE("encoder: frames are appended behind what is there") {
  std::vector<std::uint8_t> out = {0xaa};
  FrameEncoder::encode(PingFrame{2}, out);
  FrameEncoder encoder;
  const std::size_t before = out.size();
  REQUIRE_THAT(encoder.encode(SynReplyFrame{1, false, {}}, out), IsSuccess());
  CHECK(to_hex(Bytes(out).first(before)) == hex("aa 8003 0006 00 000004 00000002"));
  CHECK(split(Bytes(out).subspan(before), 12).block == "00000000");
}

// With stored blocks and zlib's header written down from RFC 1950 and 1951, a frame with headers is
// known to the last byte: FDICT is set and names the dictionary; an uncompressed block of 14 bytes;
// the empty block of a SYNC_FLUSH.
TEST_CASE("encoder: frames with headers, stored: every byte") {
  FrameEncoder encoder(HeaderCompression{.stored = true});
  std::vector<std::uint8_t> out;

  SynStreamFrame syn_stream;
  syn_stream.stream_id = 5;
  syn_stream.associated_to = 3;
  syn_stream.priority = 3;
  syn_stream.slot = 7;
  syn_stream.fin = true;
  syn_stream.unidirectional = true;
  syn_stream.headers = {{"a", "b"}};
  REQUIRE_THAT(encoder.encode(syn_stream, out), IsSuccess());
  CHECK(to_hex(out) == hex("8003 0001 03 000028 00000005 00000003 60 07"
                           "3830 e3c6a7c2"
                           "00 0e00 f1ff 00000001 00000001 61 00000001 62"
                           "00 0000 ffff"));

  // The stream of blocks goes on: no zlib header any more.
  out.clear();
  REQUIRE_THAT(encoder.encode(SynReplyFrame{5, true, {{"a", "b"}}}, out), IsSuccess());
  CHECK(to_hex(out) == hex("8003 0002 01 00001c 00000005"
                           "00 0e00 f1ff 00000001 00000001 61 00000001 62"
                           "00 0000 ffff"));

  out.clear();
  REQUIRE_THAT(encoder.encode(HeadersFrame{5, false, {}}, out), IsSuccess());
  CHECK(to_hex(out) == hex("8003 0008 00 000012 00000005"
                           "00 0400 fbff 00000000"
                           "00 0000 ffff"));
}

TEST_CASE("encoder: SYN_STREAM, compressed") {
  SynStreamFrame frame;
  frame.stream_id = 0x7fffffff;
  frame.priority = 7;
  frame.headers = {{"A", "b"}};
  FrameEncoder encoder;
  std::vector<std::uint8_t> out;
  REQUIRE_THAT(encoder.encode(frame, out), IsSuccess());
  const Split parts = split(out, 18);
  CHECK(parts.fixed_part.substr(0, 10) == hex("8003 0001 00"));
  CHECK(parts.fixed_part.substr(16) == hex("7fffffff 00000000 e0 00"));
  CHECK(parts.block == hex(kBlock));
}

TEST_CASE("encoder: each priority is in the top three bits") {
  FrameEncoder encoder;
  for (std::uint8_t priority = 0; priority <= kLowestPriority; ++priority) {
    SynStreamFrame frame;
    frame.stream_id = 1;
    frame.priority = priority;
    std::vector<std::uint8_t> out;
    REQUIRE_THAT(encoder.encode(frame, out), IsSuccess());
    CHECK(out[16] == priority * 32);
  }
}

TEST_CASE("encoder: each flag by itself") {
  FrameEncoder encoder;
  const auto flags = [&encoder](const auto& frame) {
    std::vector<std::uint8_t> out;
    REQUIRE_THAT(encoder.encode(frame, out), IsSuccess());
    return int{out[4]};
  };
  SynStreamFrame frame;
  frame.stream_id = 1;
  CHECK(flags(frame) == 0);
  frame.fin = true;
  CHECK(flags(frame) == 1);
  frame.fin = false;
  frame.unidirectional = true;
  CHECK(flags(frame) == 2);
  CHECK(flags(SynReplyFrame{1, false, {}}) == 0);
  CHECK(flags(SynReplyFrame{1, true, {}}) == 1);
  CHECK(flags(HeadersFrame{1, false, {}}) == 0);
  CHECK(flags(HeadersFrame{1, true, {}}) == 1);
}

TEST_CASE("encoder: the bit above a stream id is never set") {
  CHECK(data_head(0x80000001, false, 0) == hex("00000001 00 000000"));
  CHECK(encoded(RstStreamFrame{0x80000001, RstStatus::kCancel}) ==
        hex("8003 0003 00 000008 00000001 00000005"));
  CHECK(encoded(GoAwayFrame{0x80000001, GoAwayStatus::kOk}) ==
        hex("8003 0007 00 000008 00000001 00000000"));
  CHECK(encoded(WindowUpdateFrame{0x80000001, 1}) == hex("8003 0009 00 000008 00000001 00000001"));
  FrameEncoder encoder;
  SynStreamFrame frame;
  frame.stream_id = 0x80000001;
  frame.associated_to = 0x80000003;
  std::vector<std::uint8_t> out;
  REQUIRE_THAT(encoder.encode(frame, out), IsSuccess());
  CHECK(to_hex(Bytes(out).subspan(8, 8)) == hex("00000001 00000003"));
}
