// Decode, encode, decode: what the decoder makes of any bytes is, encoded by us and decoded again,
// the same. The input: one byte that chooses our compression, then what a peer sends.

#include <utility>
#include <variant>
#include <vector>

#include "fuzz_input.h"
#include "support/strict_decoder.h"
#include "uvspdy/wire/frame_decoder.h"
#include "uvspdy/wire/frame_encoder.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

wire::HeaderCompression compression_from(std::uint8_t choice) {
  wire::HeaderCompression compression;
  compression.level = 1 + choice % 9;
  compression.window_bits = 9 + choice % 7;
  compression.memory_level = 1 + choice % 8;
  compression.stored = choice >= 0xc0;
  return compression;
}

/// Encodes what it is given, and notes the line that must come out of it again.
class Reencoder {
 public:
  explicit Reencoder(wire::HeaderCompression compression) : encoder_(compression) {}

  void operator()(const wire::NeedMoreInput&) {}
  // Neither can be encoded.
  void operator()(const wire::UnknownFrame&) {}
  void operator()(const wire::InvalidHeaderBlock&) {}

  void operator()(const wire::DataChunk& chunk) {
    payload_.insert(payload_.end(), chunk.payload.begin(), chunk.payload.end());
    if (!chunk.frame_end) return;
    const std::vector<std::uint8_t> payload = std::exchange(payload_, {});
    wire::DataChunk whole = chunk;
    whole.payload = payload;
    const auto head =
        wire::FrameEncoder::data_head(chunk.stream_id, chunk.fin, whole.payload.size());
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    lines.push_back(test::ExactFrameText{}(whole));
  }

  template <class Frame>
  void operator()(const Frame& frame) {
    const std::size_t before = bytes.size();
    if constexpr (requires { frame.headers; }) {
      if (const Error error = encoder_.encode(frame, bytes)) {
        // A peer may send what we must not (section 3.2.1); nothing else that was good coming in
        // is bad going out.
        require(error.code() == wire::Errc::kForbiddenHeader, error.message().c_str());
        require(bytes.size() == before, "a failed encode has appended something");
        return;
      }
    } else {
      wire::FrameEncoder::encode(frame, bytes);
    }
    require(bytes.size() >= before + wire::kFrameHeadSize, "a frame without a head");
    lines.push_back(test::ExactFrameText{}(frame));
  }

  std::vector<std::uint8_t> bytes;
  test::Lines lines;

 private:
  wire::FrameEncoder encoder_;
  std::vector<std::uint8_t> payload_;  // of a DATA frame that is not whole yet
};

Reencoder reencode(Bytes input, wire::HeaderCompression compression) {
  Reencoder reencoder(compression);
  wire::FrameDecoder decoder;
  while (!input.empty()) {
    const Result<wire::Decoded> decoded = decoder.next(input);
    if (!decoded || std::holds_alternative<wire::NeedMoreInput>(*decoded)) break;
    std::visit(reencoder, *decoded);
  }
  return reencoder;
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::FuzzInput input{Bytes(data, size)};
  const wire::HeaderCompression compression = fuzz::compression_from(input.u8());
  const fuzz::Reencoder first = fuzz::reencode(input.rest(), compression);

  test::StrictDecoder decoder;
  decoder.feed(first.bytes);
  if (decoder.error) fuzz::violation("what we encode does not decode: " + decoder.error.message());
  fuzz::require(decoder.lines == first.lines, "decode, encode, decode changes a frame");
  fuzz::require(!decoder.inside_frame(), "what we encode ends inside a frame");

  const fuzz::Reencoder second = fuzz::reencode(first.bytes, compression);
  fuzz::require(second.bytes == first.bytes, "encoding the same frames again gives other bytes");
  return 0;
}
