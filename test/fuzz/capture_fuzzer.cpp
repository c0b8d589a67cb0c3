// `uvspdy dump`: a packet capture, pcap or pcapng, and the bytes of one side of a connection. The
// input: one byte that chooses which, and the cuts; then the file.

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dump/captured_connections.h"
#include "dump/frame_lines.h"
#include "dump/packet_capture.h"
#include "dump/recorded_stream.h"
#include "fuzz_input.h"
#include "line_check.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

using command::RecordedFrame;

// The most bytes of a frame that the decoder's limits let through, as hex digits and with names.
constexpr std::size_t kMostOfAFrame = 16 * 1024 * 1024;

std::string shown(const RecordedFrame& frame) {
  const std::string text = command::text_line(frame);
  for (const char c : text) {
    require((c >= ' ' && c <= '~') || c == '\n', "a line with what a terminal obeys");
  }
  const std::string json = command::json_line(frame);
  require(json.find('\n') == std::string::npos, "two lines of JSON for a frame");
  require(!nlohmann::json::parse(json, nullptr, false).is_discarded(), "a line that is no JSON");
  require(text.size() + json.size() < kMostOfAFrame, "a frame's lines are too long");
  return text + json;
}

std::vector<std::string> frames_of(Bytes file, Cuts cuts) {
  command::RecordedStream stream({command::Direction::kClientToServer, true, true});
  std::vector<std::string> frames;
  while (!file.empty()) {
    const std::size_t size = cuts.next(file.size());
    const Error error = stream.take(
        file.first(size), [&](const RecordedFrame& frame) { frames.push_back(shown(frame)); });
    file = file.subspan(size);
    if (!error) continue;
    check_line(command::escaped(error.message()));
    frames.push_back(error.message());
  }
  return frames;
}

void read_capture(Bytes file) {
  if (file.empty()) return;  // fmemopen takes no empty one
  std::vector<std::uint8_t> bytes(file.begin(), file.end());
  command::File opened(fmemopen(bytes.data(), bytes.size(), "r"));
  require(opened != nullptr, "no file in memory");
  const auto text = [](const std::string& what) { check_line(command::escaped(what)); };
  command::CapturedConnections connections(
      true, {[](const RecordedFrame& frame) { (void)shown(frame); }, text, text});
  command::CaptureSummary summary;
  const Error error = command::read_packet_capture(
      std::move(opened),
      [&](const command::TcpSegment& segment, std::int64_t time, std::int64_t since_first) {
        connections.add(segment, time, since_first);
      },
      summary);
  connections.finish();
  if (error) check_error(error);
  require(summary.cut_short <= summary.packets && summary.fragments <= summary.packets,
          "more packets than there are");
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::FuzzInput input{Bytes(data, size)};
  const std::uint8_t choice = input.u8();
  if ((choice & 1) == 0) {
    fuzz::read_capture(input.rest());
  } else {
    fuzz::require(fuzz::frames_of(input.rest(), fuzz::Cuts(0)) ==
                      fuzz::frames_of(input.rest(), fuzz::Cuts(choice)),
                  "the frames depend on the cuts");
  }
  return 0;
}
