#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/frame_text.h"
#include "support/hex.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::test {

using Lines = std::vector<std::string>;

/// One line for one frame that leaves nothing out: each field as a number, each flag, all of the
/// payload. (FrameLines' are for people; these are for comparing.)
class ExactFrameText {
 public:
  std::string operator()(const wire::NeedMoreInput&) const { return "NEED_MORE_INPUT"; }
  std::string operator()(const wire::DataChunk& chunk) const {
    return "DATA " + number("stream", chunk.stream_id) + flag("fin", chunk.fin) + " " +
           to_hex(chunk.payload);
  }
  std::string operator()(const wire::SynStreamFrame& frame) const {
    return "SYN_STREAM " + number("stream", frame.stream_id) + " " +
           number("associated", frame.associated_to) + " " + number("priority", frame.priority) +
           " " + number("slot", frame.slot) + flag("fin", frame.fin) +
           flag("unidirectional", frame.unidirectional) + " " + headers_text(frame.headers);
  }
  std::string operator()(const wire::SynReplyFrame& frame) const {
    return "SYN_REPLY " + number("stream", frame.stream_id) + flag("fin", frame.fin) + " " +
           headers_text(frame.headers);
  }
  std::string operator()(const wire::RstStreamFrame& frame) const {
    return "RST_STREAM " + number("stream", frame.stream_id) + " " +
           number("status", static_cast<std::uint32_t>(frame.status));
  }
  std::string operator()(const wire::SettingsFrame& frame) const {
    std::string text = "SETTINGS" + flag("clear", frame.clear_settings);
    for (const wire::SettingsFrame::Entry& entry : frame.entries) {
      text += " [" + number("flags", entry.flags) + " " +
              number("id", static_cast<std::uint32_t>(entry.id)) + " " +
              number("value", entry.value) + "]";
    }
    return text;
  }
  std::string operator()(const wire::PingFrame& frame) const {
    return "PING " + number("id", frame.id);
  }
  std::string operator()(const wire::GoAwayFrame& frame) const {
    return "GOAWAY " + number("last", frame.last_good_stream_id) + " " +
           number("status", static_cast<std::uint32_t>(frame.status));
  }
  std::string operator()(const wire::HeadersFrame& frame) const {
    return "HEADERS " + number("stream", frame.stream_id) + flag("fin", frame.fin) + " " +
           headers_text(frame.headers);
  }
  std::string operator()(const wire::WindowUpdateFrame& frame) const {
    return "WINDOW_UPDATE " + number("stream", frame.stream_id) + " " +
           number("delta", frame.delta);
  }
  std::string operator()(const wire::UnknownFrame& frame) const {
    return "UNKNOWN " + number("type", frame.type) + " " + number("length", frame.length);
  }
  std::string operator()(const wire::InvalidHeaderBlock& block) const {
    return "INVALID " + std::string(wire::name_of(block.type)) + " " +
           number("stream", block.stream_id) + " " + block.error.message();
  }

 private:
  static std::string number(const char* name, std::uint32_t value) {
    return std::string(name) + "=" + std::to_string(value);
  }
  static std::string flag(const char* name, bool set) {
    return set ? std::string(" ") + name : std::string();
  }
};

/// A FrameDecoder that writes down what it finds. The pieces of a DATA frame become one line, and
/// each rule for pieces that is broken becomes a line of its own.
class StrictDecoder {
 public:
  explicit StrictDecoder(const Limits& limits = {}) : decoder_(limits) {}

  /// Decodes one piece of input. It lies in memory of its very size, so that a sanitizer sees any
  /// read past it, and is gone afterwards.
  void feed(Bytes piece) {
    const auto memory = std::make_unique<std::uint8_t[]>(piece.size());
    std::copy(piece.begin(), piece.end(), memory.get());
    const Bytes all(memory.get(), piece.size());
    Bytes input = all;
    while (!input.empty() && !error) {
      const std::size_t before = input.size();
      const Result<wire::Decoded> decoded = decoder_.next(input);
      if (!decoded) {
        error = decoded.error();
        return;
      }
      if (const auto* chunk = std::get_if<wire::DataChunk>(&*decoded)) {
        take(*chunk, all);
      } else if (!std::holds_alternative<wire::NeedMoreInput>(*decoded)) {
        lines.push_back(std::visit(ExactFrameText{}, *decoded));
      } else if (!input.empty()) {
        lines.push_back("BROKEN: wants more input and leaves some");
        return;
      }
      if (before == input.size()) {
        lines.push_back("BROKEN: takes no input");
        return;
      }
    }
  }

  bool inside_frame() const { return decoder_.inside_frame(); }

  Lines lines;
  Error error;

 private:
  void take(const wire::DataChunk& chunk, Bytes input) {
    if (chunk.frame_begin == in_data_) lines.push_back("BROKEN: frame_begin");
    if (chunk.payload.empty() && chunk.frame_length != 0) lines.push_back("BROKEN: empty piece");
    if (!chunk.payload.empty() &&
        (chunk.payload.data() < input.data() ||
         chunk.payload.data() + chunk.payload.size() > input.data() + input.size())) {
      lines.push_back("BROKEN: the payload is no view into the input");
    }
    payload_.insert(payload_.end(), chunk.payload.begin(), chunk.payload.end());
    if (chunk.frame_end != (payload_.size() == chunk.frame_length)) {
      lines.push_back("BROKEN: frame_end");
    }
    in_data_ = !chunk.frame_end;
    if (!chunk.frame_end) return;
    const std::vector<std::uint8_t> payload = std::exchange(payload_, {});
    wire::DataChunk whole = chunk;
    whole.payload = payload;
    lines.push_back(ExactFrameText{}(whole));
  }

  wire::FrameDecoder decoder_;
  bool in_data_ = false;
  std::vector<std::uint8_t> payload_;
};

}  // namespace uvspdy::test
