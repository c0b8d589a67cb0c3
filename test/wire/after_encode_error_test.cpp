#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/header_blocks.h"
#include "support/hex.h"
#include "support/strict_decoder.h"
#include "support/zlib_stream.h"
#include "uvspdy/wire/frame_encoder.h"
#include "wire/dictionary.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using namespace std::string_literals;
using test::IsSuccess;
using test::Lines;

namespace {

constexpr std::size_t kReplyFixedPart = 12;  // head and stream id

SynStreamFrame syn_stream(StreamId id, Headers headers) {
  SynStreamFrame frame;
  frame.stream_id = id;
  frame.headers = std::move(headers);
  return frame;
}

// An encoder that fails in the middle of a conversation must not have moved.
template <class Frame>
void check_fails_without_a_trace(const Frame& bad_frame, Errc code, const Limits& limits = {},
                                 const std::string& text = {}) {
  FrameEncoder encoder({}, limits);
  std::vector<std::uint8_t> first;
  REQUIRE_THAT(encoder.encode(SynReplyFrame{1, false, {{"name", "value"}}}, first), IsSuccess());

  std::vector<std::uint8_t> out = {1, 2, 3};
  const Error error = encoder.encode(bad_frame, out);
  INFO(error.message());
  CHECK(error.code() == code);
  CHECK(error.message().find(text) != std::string::npos);
  CHECK(out == std::vector<std::uint8_t>{1, 2, 3});

  std::vector<std::uint8_t> next;
  REQUIRE_THAT(encoder.encode(SynReplyFrame{3, false, {{"name", "value"}}}, next), IsSuccess());
  test::StrictDecoder decoder(limits);
  decoder.feed(first);
  decoder.feed(next);
  CHECK_THAT(decoder.error, IsSuccess());
  CHECK(decoder.lines ==
        Lines{"SYN_REPLY stream=1 {name: value}", "SYN_REPLY stream=3 {name: value}"});

  test::ZlibInflater zlib(kDictionary);
  const auto block = zlib.inflate(Bytes(first).subspan(kReplyFixedPart));
  CHECK(zlib.inflate(Bytes(next).subspan(kReplyFixedPart)) == block);
}

}  // namespace

TEST_CASE("encode error: stream id 0") {
  check_fails_without_a_trace(syn_stream(0, {{"a", "b"}}), Errc::kZeroStreamId, {}, "SYN_STREAM");
  check_fails_without_a_trace(SynReplyFrame{0, false, {{"a", "b"}}}, Errc::kZeroStreamId, {},
                              "SYN_REPLY");
  check_fails_without_a_trace(HeadersFrame{0, false, {{"a", "b"}}}, Errc::kZeroStreamId, {},
                              "HEADERS");
  // Only 31 bits of it go on the wire.
  check_fails_without_a_trace(HeadersFrame{0x80000000, false, {}}, Errc::kZeroStreamId);
}

TEST_CASE("encode error: headers that cannot be sent") {
  check_fails_without_a_trace(syn_stream(3, {{"bad name", "b"}}), Errc::kBadHeaderName);
  check_fails_without_a_trace(syn_stream(3, {{"ok", "b"}, {"", "b"}}), Errc::kBadHeaderName);
  check_fails_without_a_trace(SynReplyFrame{3, false, {{"a", "1"}, {"a", ""}}},
                              Errc::kBadHeaderValue);
  check_fails_without_a_trace(HeadersFrame{3, true, {{"a", "x\0y"s}}}, Errc::kBadHeaderValue);
  check_fails_without_a_trace(HeadersFrame{3, true, {{"Host", "h"}}}, Errc::kForbiddenHeader);
}

TEST_CASE("encode error: limits") {
  Limits limits;
  limits.headers_per_block = 1;
  limits.inflated_header_block = 50;
  check_fails_without_a_trace(syn_stream(3, {{"a", "1"}, {"b", "2"}}), Errc::kTooManyHeaders,
                              limits, "headers_per_block = 1");
  check_fails_without_a_trace(syn_stream(3, {{"a", std::string(50, 'v')}}),
                              Errc::kHeaderBlockTooLarge, limits, "inflated_header_block = 50");
}

TEST_CASE("encode error: a frame that could be longer than control_frame_length") {
  Limits limits;
  limits.control_frame_length = 1000;
  check_fails_without_a_trace(syn_stream(3, {{"a", std::string(1000, 'v')}}), Errc::kFrameTooLarge,
                              limits, "control_frame_length");
}

TEST_CASE("encode error: a frame that 24 bits of length could not hold") {
  Limits limits;
  limits.control_frame_length = std::size_t{64} * 1024 * 1024;
  limits.inflated_header_block = std::size_t{64} * 1024 * 1024;
  check_fails_without_a_trace(syn_stream(3, {{"a", std::string(kMaxFrameLength + 1, 'v')}}),
                              Errc::kFrameTooLarge, limits);
}

TEST_CASE("encode error: a control_frame_length without room for any frame with headers") {
  Limits limits;
  limits.control_frame_length = 3;
  FrameEncoder encoder({}, limits);
  std::vector<std::uint8_t> out = {1};
  const Error error = encoder.encode(SynReplyFrame{1, false, {}}, out);
  INFO(error.message());
  CHECK(error.code() == Errc::kFrameTooLarge);
  CHECK(error.message().find("control_frame_length = 3") != std::string::npos);
  CHECK(out == std::vector<std::uint8_t>{1});
}

TEST_CASE("encode error: compression settings that zlib does not have") {
  FrameEncoder encoder(HeaderCompression{.level = 77});
  std::vector<std::uint8_t> out = {1};
  for (int i = 0; i < 2; ++i) {
    const Error error = encoder.encode(SynReplyFrame{1, false, {}}, out);
    CHECK(error.code() == Errc::kBadCompression);
    CHECK(out == std::vector<std::uint8_t>{1});
  }
}

TEST_CASE("decode error of a stream: the compression state goes on") {
  // What our encoder refuses to send a peer may send: the blocks behind it must still be read.
  test::ZlibDeflater peer(kDictionary);
  test::StrictDecoder decoder;
  const auto feed = [&](StreamId id, std::string_view block_in_hex) {
    decoder.feed(test::headers_frame(id, peer.deflate(test::from_hex(block_in_hex))));
  };
  feed(1, "00000001 00000001 61 00000001 62");
  feed(3, "00000001 00000001 41 00000001 62");                          // a capital
  feed(5, "00000002 00000001 61 00000001 62 00000001 61 00000001 62");  // twice
  feed(7, "00000001 00000001 61 00000002 62 00");                       // NUL at the end
  feed(9, "00000001 00000009 61 00000001 62");                          // a length past the end
  feed(11, "00000001 00000001 61 00000001 62");
  CHECK_THAT(decoder.error, IsSuccess());
  REQUIRE(decoder.lines.size() == 6);
  CHECK(decoder.lines[0] == "HEADERS stream=1 {a: b}");
  for (std::size_t i = 1; i < 5; ++i) {
    const std::string start = "INVALID HEADERS stream=" + std::to_string(2 * i + 1) + " ";
    INFO(decoder.lines[i]);
    CHECK(decoder.lines[i].substr(0, start.size()) == start);
    CHECK(decoder.lines[i].find("HEADERS of stream " + std::to_string(2 * i + 1)) !=
          std::string::npos);
  }
  CHECK(decoder.lines[5] == "HEADERS stream=11 {a: b}");
}
