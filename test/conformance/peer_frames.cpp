#include "conformance/peer_frames.h"

#include <string>

#include "conformance/case_file.h"
#include "support/header_blocks.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::test {
namespace {

using wire::FrameType;

std::vector<std::uint8_t> frame_of(FrameType type, std::uint8_t flags, Bytes body) {
  return control_frame(static_cast<std::uint16_t>(type), flags, body);
}

std::vector<std::uint8_t> of_numbers(FrameType type, std::initializer_list<std::uint32_t> numbers) {
  std::vector<std::uint8_t> body;
  for (const std::uint32_t number : numbers) append_number(number, 4, body);
  return frame_of(type, 0, body);
}

std::vector<std::uint8_t> data(CaseWords& words) {
  const std::uint32_t id = words.number();
  const std::string payload = words.payload();
  std::vector<std::uint8_t> frame;
  append_number(id, 4, frame);
  frame.push_back(words.take("FIN") ? wire::kFlagFin : 0);
  append_number(static_cast<std::uint32_t>(payload.size()), 3, frame);
  append_bytes(bytes_of(payload), frame);
  return frame;
}

std::vector<std::uint8_t> settings(CaseWords& words) {
  const wire::SettingsFrame frame = words.settings();
  std::vector<std::uint8_t> body;
  append_number(static_cast<std::uint32_t>(frame.entries.size()), 4, body);
  for (const wire::SettingsFrame::Entry& entry : frame.entries) {
    body.push_back(entry.flags);
    append_number(static_cast<std::uint32_t>(entry.id), 3, body);
    append_number(entry.value, 4, body);
  }
  return frame_of(FrameType::kSettings, frame.clear_settings ? wire::kFlagClearSettings : 0, body);
}

std::vector<std::uint8_t> block_of(
    const std::vector<std::pair<std::string, std::string>>& headers) {
  std::vector<std::uint8_t> block;
  append_number(static_cast<std::uint32_t>(headers.size()), 4, block);
  for (const auto& [name, value] : headers) {
    for (const std::string* text : {&name, &value}) {
      append_number(static_cast<std::uint32_t>(text->size()), 4, block);
      append_bytes(bytes_of(*text), block);
    }
  }
  return block;
}

}  // namespace

std::vector<std::uint8_t> PeerFrames::with_headers(FrameType type, CaseWords& words) {
  const std::uint32_t id = words.number();
  std::vector<std::uint8_t> block;
  std::vector<std::uint8_t> raw;
  bool is_raw = false;
  if (words.take("block")) {
    block = words.hex();
  } else if (words.take("raw")) {
    is_raw = true;
    raw = words.hex();
  } else {
    block = block_of(words.headers());
  }
  std::vector<std::uint8_t> body;
  append_number(id, 4, body);
  std::uint8_t flags = 0;
  if (type == FrameType::kSynStream) {
    std::uint32_t associated = 0;
    std::uint32_t priority = 0;
    if (words.take("associated")) {
      if (!words.take("to")) throw CaseError("'associated to' and an id");
      associated = words.number();
    }
    if (words.take("priority")) priority = words.number();
    append_number(associated, 4, body);
    append_number(priority << 5, 1, body);
    append_number(0, 1, body);
  }
  if (words.take("FIN")) flags |= wire::kFlagFin;
  if (words.take("UNIDIRECTIONAL")) flags |= wire::kFlagUnidirectional;
  if (is_raw) {
    append_bytes(raw, body);
  } else if (const Error error = deflater_.deflate(block, wire::kMaxFrameLength, body)) {
    throw CaseError(error.message());
  }
  return frame_of(type, flags, body);
}

std::vector<std::uint8_t> PeerFrames::bytes(std::string_view text) {
  CaseWords words(text);
  const std::string_view what = words.word();
  std::vector<std::uint8_t> frame;
  if (what == "bytes") {
    frame = words.hex();
  } else if (what == "DATA") {
    frame = data(words);
  } else if (what == "SYN_STREAM" || what == "SYN_REPLY" || what == "HEADERS") {
    const FrameType type = what == "SYN_STREAM"  ? FrameType::kSynStream
                           : what == "SYN_REPLY" ? FrameType::kSynReply
                                                 : FrameType::kHeaders;
    frame = with_headers(type, words);
  } else if (what == "RST_STREAM") {
    const std::uint32_t id = words.number();
    frame = of_numbers(FrameType::kRstStream, {id, static_cast<std::uint32_t>(words.rst_status())});
  } else if (what == "SETTINGS") {
    frame = settings(words);
  } else if (what == "PING") {
    frame = of_numbers(FrameType::kPing, {words.number()});
  } else if (what == "GOAWAY") {
    const std::uint32_t id = words.number();
    frame = of_numbers(FrameType::kGoAway, {id, static_cast<std::uint32_t>(words.goaway_status())});
  } else if (what == "WINDOW_UPDATE") {
    const std::uint32_t id = words.number();
    frame = of_numbers(FrameType::kWindowUpdate, {id, words.number()});
  } else {
    throw CaseError("the peer cannot send '" + std::string(what) + "'");
  }
  if (words.take("length")) {
    const std::uint32_t length = words.number();
    if (frame.size() != length + wire::kFrameHeadSize) {
      throw CaseError("the frame's length is " +
                      std::to_string(frame.size() - wire::kFrameHeadSize));
    }
  }
  words.end();
  return frame;
}

}  // namespace uvspdy::test
