#include <array>
#include <cstdio>
#include <string>
#include <type_traits>

#include "frame_lines.h"

namespace uvspdy::command {
namespace {

// Seconds with six decimals.
std::string seconds(std::int64_t nanoseconds) {
  constexpr double kNanosecondsPerSecond = 1e9;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6f",
                static_cast<double>(nanoseconds) / kNanosecondsPerSecond);
  return text.data();
}

template <class Number>
std::string named(Number number) {
  std::string name(name_of(number));
  if (!is_known(number)) name += " " + std::to_string(static_cast<std::uint32_t>(number));
  return name;
}

std::string stream(wire::StreamId id) { return id == 0 ? "" : " stream " + std::to_string(id); }

std::string settings(const wire::SettingsFrame& frame) {
  std::string text = ", " + std::to_string(frame.entries.size()) + " entries";
  if (frame.clear_settings) text += ", CLEAR_SETTINGS";
  for (const wire::SettingsFrame::Entry& entry : frame.entries) {
    text += ", " + named(entry.id) + ": " + std::to_string(entry.value);
    if ((entry.flags & wire::kFlagPersistValue) != 0) text += " PERSIST_VALUE";
    if ((entry.flags & wire::kFlagPersisted) != 0) text += " PERSISTED";
  }
  return text;
}

std::string headers(const Headers& headers) {
  std::string text;
  for (const Headers::Field& field : headers) {
    text += ", " + escaped(field.name) + ": " + escaped(field.value);
  }
  return text;
}

/// The parts of a line that depend on the frame's type: before its length, and after.
struct Parts {
  std::string name;
  std::string rest;
};

struct Describe {
  Parts operator()(const wire::NeedMoreInput&) const { return {}; }
  Parts operator()(const wire::DataChunk& frame) const {
    return {"DATA" + stream(frame.stream_id), fin(frame.fin)};
  }
  Parts operator()(const wire::SynStreamFrame& frame) const {
    std::string rest = fin(frame.fin);
    if (frame.unidirectional) rest += ", UNIDIRECTIONAL";
    if (frame.associated_to != 0) {
      rest += ", associated to stream " + std::to_string(frame.associated_to);
    }
    if (frame.priority != 0) rest += ", priority " + std::to_string(frame.priority);
    if (frame.slot != 0) rest += ", slot " + std::to_string(frame.slot);
    return {"SYN_STREAM" + stream(frame.stream_id), rest + headers(frame.headers)};
  }
  Parts operator()(const wire::SynReplyFrame& frame) const {
    return {"SYN_REPLY" + stream(frame.stream_id), fin(frame.fin) + headers(frame.headers)};
  }
  Parts operator()(const wire::HeadersFrame& frame) const {
    return {"HEADERS" + stream(frame.stream_id), fin(frame.fin) + headers(frame.headers)};
  }
  Parts operator()(const wire::RstStreamFrame& frame) const {
    return {"RST_STREAM" + stream(frame.stream_id), ", " + named(frame.status)};
  }
  Parts operator()(const wire::SettingsFrame& frame) const { return {"SETTINGS", settings(frame)}; }
  Parts operator()(const wire::PingFrame& frame) const {
    return {"PING", ", id " + std::to_string(frame.id)};
  }
  Parts operator()(const wire::GoAwayFrame& frame) const {
    return {"GOAWAY last good stream " + std::to_string(frame.last_good_stream_id),
            ", " + named(frame.status)};
  }
  Parts operator()(const wire::WindowUpdateFrame& frame) const {
    return {"WINDOW_UPDATE" + stream(frame.stream_id), ", delta " + std::to_string(frame.delta)};
  }
  Parts operator()(const wire::UnknownFrame& frame) const {
    return {"UNKNOWN type " + std::to_string(frame.type), ""};
  }
  Parts operator()(const wire::InvalidHeaderBlock& frame) const {
    return {std::string(name_of(frame.type)) + stream(frame.stream_id),
            ", bad header block: " + escaped(frame.error.message())};
  }

  static std::string fin(bool is_set) { return is_set ? ", FIN" : ""; }
};

// Breaks lines after each '\n', since most payloads are text.
std::string payload(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  for (std::string_view rest = text_of(bytes); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::size_t taken = end == std::string_view::npos ? rest.size() : end + 1;
    text += "\n    " + escaped(rest.substr(0, taken));
    rest.remove_prefix(taken);
  }
  return text;
}

}  // namespace

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (const std::uint8_t byte : bytes_of(text)) {
    if (byte == '\n') {
      result += "\\n";
    } else if (byte == '\\') {
      result += "\\\\";
    } else if (byte < ' ' || byte > '~') {
      result += "\\x";
      result += kDigits[byte >> 4];
      result += kDigits[byte & 0xf];
    } else {
      result += static_cast<char>(byte);
    }
  }
  return result;
}

std::string_view arrow(Direction direction) {
  return direction == Direction::kClientToServer ? ">" : "<";
}

std::string text_line(const RecordedFrame& frame) {
  const Parts parts = std::visit(Describe(), frame.content);
  std::string line;
  if (frame.place) {
    line += seconds(frame.place->since_first_packet) + " #" +
            std::to_string(frame.place->connection) + " ";
  }
  line += arrow(frame.direction);
  line += " " + parts.name + ", " + std::to_string(frame.length) + " bytes" + parts.rest;
  return line + payload(frame.payload);
}

}  // namespace uvspdy::command
