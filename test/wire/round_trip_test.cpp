#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/header_blocks.h"
#include "support/seeds.h"
#include "support/strict_decoder.h"
#include "uvspdy/wire/frame_encoder.h"

using namespace uvspdy;
using namespace uvspdy::wire;
using test::ExactFrameText;
using test::IsSuccess;
using test::Lines;
using test::StrictDecoder;

namespace {

// Whole conversations by chance: what was encoded, and what it must be decoded to.
class Conversation {
 public:
  explicit Conversation(std::uint32_t seed)
      : random_(seed),
        encoder_({.level = number(1, 9),
                  .window_bits = number(9, 15),
                  .memory_level = number(1, 9),
                  .stored = chance(20)},
                 limits()) {}

  // A frame with many long headers that do not compress passes the default.
  static Limits limits() {
    Limits limits;
    limits.control_frame_length = kMaxFrameLength;
    limits.inflated_header_block = 4 * 1024 * 1024;
    return limits;
  }

  std::vector<std::uint8_t> bytes;
  Lines expected;

  void add_frame() {
    switch (number(0, 9)) {
      case 0: return add_data();
      case 1: return add_syn_stream();
      case 2: return add_with_headers(SynReplyFrame{stream_id(), chance(30), {}});
      case 3: return add_with_headers(HeadersFrame{stream_id(), chance(30), {}});
      case 4: return add(RstStreamFrame{stream_id(), RstStatus{bits() | 1U}});
      case 5: return add_settings();
      case 6: return add(PingFrame{bits()});
      case 7: return add(GoAwayFrame{bits() & kMaxStreamId, GoAwayStatus{bits()}});
      case 8: return add(WindowUpdateFrame{bits() & kMaxStreamId, bits() & kMaxStreamId});
      default: return add_unknown();
    }
  }

  // Cuts at chance's places, in a manner that is the same for the whole of one seed.
  std::vector<std::size_t> piece_sizes() {
    const int longest = chance(30) ? 3 : chance(50) ? 100 : 70000;
    std::vector<std::size_t> sizes;
    for (std::size_t left = bytes.size(); left > 0; left -= sizes.back()) {
      sizes.push_back(std::min(left, static_cast<std::size_t>(number(1, longest))));
    }
    return sizes;
  }

  int number(int least, int most) {
    return least + static_cast<int>(random_() % static_cast<std::uint32_t>(most - least + 1));
  }

 private:
  bool chance(int percent) { return number(1, 100) <= percent; }
  std::uint32_t bits() { return static_cast<std::uint32_t>(random_()); }
  StreamId stream_id() { return std::max(1U, bits() & kMaxStreamId); }

  std::string text(int longest, char first, char last) {
    std::string result(static_cast<std::size_t>(number(1, longest)), ' ');
    for (char& c : result) c = static_cast<char>(number(first, last));
    return result;
  }

  // Headers as a caller may write them, and as the other side sees them.
  std::pair<Headers, Headers> headers() {
    std::vector<std::pair<std::string, std::vector<std::string>>> names;
    const int count = chance(5) ? 300 : number(0, 8);
    for (int i = 0; i < count; ++i) {
      // The number makes the name one of its kind.
      const std::string name = text(chance(5) ? 200 : 12, 'a', 'z') + std::to_string(i);
      std::vector<std::string> values;
      const int several = chance(20) ? number(2, 5) : 1;
      for (int v = 0; v < several; ++v) {
        values.push_back(chance(10) && several == 1 ? "" : text(chance(5) ? 9000 : 20, '!', '~'));
      }
      names.emplace_back(name, std::move(values));
    }
    Headers written;
    Headers seen;
    std::vector<std::pair<std::string, std::string>> later;
    for (const auto& [name, values] : names) {
      for (std::size_t v = 0; v < values.size(); ++v) {
        seen.add(name, values[v]);
        std::string letters = name;
        if (chance(30)) letters[0] = static_cast<char>(letters[0] - 'a' + 'A');
        if (v == 0) {
          written.add(letters, values[v]);
        } else {
          later.emplace_back(std::move(letters), values[v]);
        }
      }
    }
    // Further values of a name stand behind other names.
    for (const auto& [name, value] : later) written.add(name, value);
    return {std::move(written), std::move(seen)};
  }

  template <class Frame>
  void add(const Frame& frame) {
    FrameEncoder::encode(frame, bytes);
    expected.push_back(ExactFrameText{}(frame));
  }

  template <class Frame>
  void add_with_headers(Frame frame) {
    auto [written, seen] = headers();
    frame.headers = std::move(written);
    const Error error = encoder_.encode(frame, bytes);
    REQUIRE_THAT(error, IsSuccess());
    frame.headers = std::move(seen);
    expected.push_back(ExactFrameText{}(frame));
  }

  void add_syn_stream() {
    SynStreamFrame frame;
    frame.stream_id = stream_id();
    frame.associated_to = chance(50) ? 0 : stream_id();
    frame.priority = static_cast<std::uint8_t>(number(0, 7));
    frame.slot = static_cast<std::uint8_t>(number(0, 255));
    frame.fin = chance(30);
    frame.unidirectional = chance(30);
    add_with_headers(std::move(frame));
  }

  void add_settings() {
    SettingsFrame frame;
    frame.clear_settings = chance(30);
    for (int i = number(0, 64); i > 0; --i) {
      frame.entries.push_back(
          {SettingId{bits() & 0xffffff}, static_cast<std::uint8_t>(bits()), bits()});
    }
    add(frame);
  }

  void add_data() {
    std::vector<std::uint8_t> payload(
        static_cast<std::size_t>(chance(10) ? number(0, 100000) : number(0, 300)));
    for (std::uint8_t& byte : payload) byte = static_cast<std::uint8_t>(bits());
    DataChunk chunk;
    chunk.stream_id = stream_id();
    chunk.fin = chance(30);
    chunk.payload = payload;
    const auto head = FrameEncoder::data_head(chunk.stream_id, chunk.fin, payload.size());
    test::append_bytes(head, bytes);
    test::append_bytes(payload, bytes);
    expected.push_back(ExactFrameText{}(chunk));
  }

  void add_unknown() {
    std::vector<std::uint8_t> body(static_cast<std::size_t>(number(0, 2000)));
    for (std::uint8_t& byte : body) byte = static_cast<std::uint8_t>(bits());
    const auto type = static_cast<std::uint16_t>(number(10, 0xffff));
    test::append_bytes(test::control_frame(type, static_cast<std::uint8_t>(bits()), body), bytes);
    expected.push_back(
        ExactFrameText{}(UnknownFrame{type, static_cast<std::uint32_t>(body.size())}));
  }

  std::mt19937 random_;
  FrameEncoder encoder_;
};

}  // namespace

// The promise of Limits: the default control_frame_length has room for the largest header block,
// however badly it compresses.
TEST_CASE("round trip: the largest header block of the default limits, at its worst") {
  const Limits limits;
  std::mt19937 random(1);
  std::string value(limits.inflated_header_block - 13, ' ');
  for (char& c : value) c = static_cast<char>(random() % 255 + 1);
  for (int memory_level = 1; memory_level <= 9; ++memory_level) {
    for (const bool stored : {true, false}) {
      INFO("memory level " << memory_level << (stored ? ", stored" : ""));
      FrameEncoder encoder({.memory_level = memory_level, .stored = stored}, limits);
      SynStreamFrame frame;
      frame.stream_id = 1;
      frame.headers = {{"a", value}};
      std::vector<std::uint8_t> bytes;
      const Error error = encoder.encode(frame, bytes);
      REQUIRE_THAT(error, IsSuccess());
      StrictDecoder decoder(limits);
      decoder.feed(bytes);
      REQUIRE_THAT(decoder.error, IsSuccess());
      REQUIRE(decoder.lines == Lines{ExactFrameText{}(frame)});
    }
  }
}

TEST_CASE("round trip: what was encoded is decoded, however the bytes are cut") {
  for (const std::uint32_t seed : test::seeds(60)) {
    INFO("UVSPDY_TEST_SEED=" << seed);
    Conversation conversation(seed);
    for (int frames = conversation.number(1, 60); frames > 0; --frames) conversation.add_frame();
    StrictDecoder decoder(Conversation::limits());
    std::size_t at = 0;
    for (const std::size_t size : conversation.piece_sizes()) {
      decoder.feed(Bytes(conversation.bytes).subspan(at, size));
      at += size;
    }
    REQUIRE_THAT(decoder.error, IsSuccess());
    REQUIRE(decoder.lines == conversation.expected);
    REQUIRE_FALSE(decoder.inside_frame());
  }
}
