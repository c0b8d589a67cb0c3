// Any bytes in any pieces through the frame decoder. The input: one byte that chooses the limits,
// one that chooses the cuts, then what a peer sends.

#include <variant>

#include "fuzz_input.h"
#include "support/strict_decoder.h"
#include "uvspdy/wire/frame_decoder.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

Limits limits_from(std::uint8_t choice) {
  Limits limits;
  if ((choice & 1) != 0) limits.control_frame_length = 8192;
  if ((choice & 2) != 0) limits.inflated_header_block = 600;
  if ((choice & 4) != 0) limits.headers_per_block = 5;
  if ((choice & 8) != 0) limits.settings_entries = 3;
  return limits;
}

/// The frames of an input that comes in one piece keep to the limits, and account for each byte.
class WholeInput {
 public:
  explicit WholeInput(const Limits& limits) : limits_(limits), decoder_(limits) {}

  void decode(Bytes bytes) {
    Bytes input = bytes;
    while (!input.empty()) {
      const std::size_t before = input.size();
      const Result<wire::Decoded> decoded = decoder_.next(input);
      require(input.size() <= before, "the decoder gives bytes back");
      if (!decoded) return check_failed(input, decoded.error());
      if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) break;
      std::visit([this](const auto& frame) { check(frame); }, *decoded);
    }
    require(input.empty(), "the decoder wants more input and leaves some");
    require(frame_bytes_ <= bytes.size(), "frames are longer than the input");
    require(decoder_.inside_frame() == (frame_bytes_ < bytes.size()),
            "inside_frame is wrong about the end");
  }

 private:
  void check_failed(Bytes input, const Error& error) {
    const std::size_t left = input.size();
    const Result<wire::Decoded> again = decoder_.next(input);
    require(!again && again.error().code() == error.code() && input.size() == left,
            "a failed decoder goes on");
    require(!error.message().empty(), "an error without a text");
  }

  void check(const wire::NeedMoreInput&) {}
  void check(const wire::DataChunk& chunk) {
    require(chunk.stream_id != 0, "DATA for stream 0");
    require(chunk.payload.size() <= chunk.frame_length, "more payload than the frame has");
    if (chunk.frame_end) frame_bytes_ += wire::kFrameHeadSize + chunk.frame_length;
  }
  void check(const wire::RstStreamFrame& frame) {
    require(frame.stream_id != 0 && static_cast<std::uint32_t>(frame.status) != 0,
            "RST_STREAM without a stream or a status");
    control();
  }
  void check(const wire::SettingsFrame& frame) {
    require(frame.entries.size() <= limits_.settings_entries, "settings past the limit");
    control();
  }
  void check(const wire::UnknownFrame&) { frame_bytes_ += wire::kFrameHeadSize + length(); }
  void check(const wire::InvalidHeaderBlock& block) {
    require(block.stream_id != 0 && block.error, "an invalid header block without its error");
    control();
  }
  template <class Frame>
  void check(const Frame& frame) {
    if constexpr (requires { frame.headers; }) {
      require(frame.stream_id != 0, "headers for stream 0");
      check_headers(frame.headers);
    }
    control();
  }

  void check_headers(const Headers& headers) {
    require(headers.size() <= limits_.headers_per_block, "headers past the limit");
    std::size_t size = 0;
    for (const Headers::Field& field : headers) {
      size += field.name.size() + field.value.size();
      require(!field.name.empty() && field.name == to_lower(field.name), "a bad header name");
      require(field.value.find('\0') == std::string::npos, "NUL in a header value");
    }
    require(size <= limits_.inflated_header_block, "a header block past the limit");
  }

  void control() {
    require(length() <= limits_.control_frame_length, "a control frame past the limit");
    frame_bytes_ += wire::kFrameHeadSize + length();
  }
  std::size_t length() const { return decoder_.frame_length(); }

  const Limits& limits_;
  wire::FrameDecoder decoder_;
  std::size_t frame_bytes_ = 0;  // of the frames that are whole
};

void check_same(const test::StrictDecoder& whole, const test::StrictDecoder& cut) {
  for (const std::string& line : cut.lines) {
    if (line.starts_with("BROKEN")) violation(line);
  }
  require(whole.lines == cut.lines, "the frames depend on the cuts");
  require(whole.error.code() == cut.error.code() && whole.error.message() == cut.error.message(),
          "the error depends on the cuts");
  require(whole.error || whole.inside_frame() == cut.inside_frame(),
          "inside_frame depends on the cuts");
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::FuzzInput input{Bytes(data, size)};
  const Limits limits = fuzz::limits_from(input.u8());
  fuzz::Cuts cuts(input.u8());
  fuzz::WholeInput(limits).decode(input.rest());

  test::StrictDecoder whole(limits);
  whole.feed(input.rest());
  test::StrictDecoder cut(limits);
  while (!input.empty()) cut.feed(input.bytes(cuts.next(input.rest().size())));
  fuzz::check_same(whole, cut);
  return 0;
}
