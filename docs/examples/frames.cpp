// Frames alone, without I/O, streams or a session: a few frames are encoded, and decoded again from
// bytes that come one by one.

#include <uvspdy/wire/frame_decoder.h>
#include <uvspdy/wire/frame_encoder.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace uvspdy;
using namespace uvspdy::wire;

namespace {

/// Prints a line for each result of the decoder.
struct Printer {
  void operator()(const SynStreamFrame& frame) const {
    std::printf("stream %u opens, topic %s\n", frame.stream_id,
                std::string(frame.headers.get("topic").value_or("none")).c_str());
  }
  void operator()(const PingFrame& frame) const { std::printf("ping %u\n", frame.id); }
  void operator()(const DataChunk& chunk) const {
    std::printf("stream %u: %s%s\n", chunk.stream_id, std::string(text_of(chunk.payload)).c_str(),
                chunk.frame_end && chunk.fin ? ", its last" : "");
  }
  void operator()(const NeedMoreInput&) const {}
  void operator()(const auto&) const { std::puts("another frame"); }
};

Error print_frames(FrameDecoder& decoder, Bytes input) {
  while (!input.empty()) {
    const Result<Decoded> decoded = decoder.next(input);
    if (!decoded) return decoded.error();
    std::visit(Printer(), *decoded);
  }
  return {};
}

Error encode(std::vector<std::uint8_t>& out) {
  FrameEncoder encoder;
  const SynStreamFrame open{.stream_id = 1, .headers = {{"topic", "hi"}}};
  if (Error error = encoder.encode(open, out)) return error;
  encoder.encode(PingFrame{.id = 1}, out);
  const auto head = FrameEncoder::data_head(1, true, 1);
  out.insert(out.end(), head.begin(), head.end());
  out.push_back('x');
  return {};
}

}  // namespace

int main() {
  std::vector<std::uint8_t> bytes;
  Error error = encode(bytes);
  FrameDecoder decoder;
  for (std::size_t i = 0; i < bytes.size() && !error; ++i) {
    error = print_frames(decoder, Bytes(bytes).subspan(i, 1));
  }
  if (error) std::fprintf(stderr, "%s\n", error.message().c_str());
  return error ? 1 : 0;
}
