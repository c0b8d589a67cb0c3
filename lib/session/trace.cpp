#include "uvspdy/session/trace.h"

#include <string_view>
#include <variant>

#include "session/trace_of.h"
#include "uvspdy/printable.h"

namespace uvspdy::session {
namespace {

FrameTrace control(wire::FrameType type, wire::StreamId id, std::uint32_t value,
                   const Headers* headers = nullptr) {
  return {.type = static_cast<std::uint16_t>(type),
          .stream_id = id,
          .value = value,
          .headers = headers};
}

struct Tracer {
  FrameTrace operator()(const wire::NeedMoreInput&) const { return {}; }
  FrameTrace operator()(const wire::DataChunk& chunk) const {
    return {.data = true, .stream_id = chunk.stream_id};
  }
  FrameTrace operator()(const wire::SynStreamFrame& frame) const {
    return control(wire::FrameType::kSynStream, frame.stream_id, 0, &frame.headers);
  }
  FrameTrace operator()(const wire::SynReplyFrame& frame) const {
    return control(wire::FrameType::kSynReply, frame.stream_id, 0, &frame.headers);
  }
  FrameTrace operator()(const wire::HeadersFrame& frame) const {
    return control(wire::FrameType::kHeaders, frame.stream_id, 0, &frame.headers);
  }
  FrameTrace operator()(const wire::RstStreamFrame& frame) const {
    return control(wire::FrameType::kRstStream, frame.stream_id,
                   static_cast<std::uint32_t>(frame.status));
  }
  FrameTrace operator()(const wire::SettingsFrame& frame) const {
    return control(wire::FrameType::kSettings, 0, static_cast<std::uint32_t>(frame.entries.size()));
  }
  FrameTrace operator()(const wire::PingFrame& frame) const {
    return control(wire::FrameType::kPing, 0, frame.id);
  }
  FrameTrace operator()(const wire::GoAwayFrame& frame) const {
    return control(wire::FrameType::kGoAway, frame.last_good_stream_id,
                   static_cast<std::uint32_t>(frame.status));
  }
  FrameTrace operator()(const wire::WindowUpdateFrame& frame) const {
    return control(wire::FrameType::kWindowUpdate, frame.stream_id, frame.delta);
  }
  FrameTrace operator()(const wire::UnknownFrame& frame) const { return {.type = frame.type}; }
  FrameTrace operator()(const wire::InvalidHeaderBlock& frame) const {
    return control(frame.type, frame.stream_id, 0);
  }
};

}  // namespace

FrameTrace trace_of(const wire::Decoded& decoded) { return std::visit(Tracer(), decoded); }

std::string to_string(const FrameTrace& frame) {
  using wire::FrameType;
  const auto type = static_cast<FrameType>(frame.type);
  const std::string value = std::to_string(frame.value);
  std::string line = frame.direction == FrameTrace::Direction::kIn ? "in  " : "out ";
  line += frame.data ? "DATA" : std::string(wire::name_of(type));
  if (!frame.data && !wire::is_known(type)) line += " type " + std::to_string(frame.type);
  if (!frame.data && type == FrameType::kGoAway) {
    line += " last good stream " + std::to_string(frame.stream_id);
  } else if (frame.stream_id != 0) {
    line += " stream " + std::to_string(frame.stream_id);
  }
  line += ", " + std::to_string(frame.length) + " bytes";
  if (!frame.data) {
    switch (type) {
      case FrameType::kRstStream:
        line += ", " + std::string(name_of(static_cast<wire::RstStatus>(frame.value)));
        break;
      case FrameType::kGoAway:
        line += ", " + std::string(name_of(static_cast<wire::GoAwayStatus>(frame.value)));
        break;
      case FrameType::kPing: line += ", id " + value; break;
      case FrameType::kSettings: line += ", " + value + " entries"; break;
      case FrameType::kWindowUpdate: line += ", delta " + value; break;
      default: break;
    }
  }
  const bool can_fin = frame.data || type == FrameType::kSynStream ||
                       type == FrameType::kSynReply || type == FrameType::kHeaders;
  if (can_fin && (frame.flags & wire::kFlagFin) != 0) line += ", FIN";
  if (!frame.data && type == FrameType::kSynStream &&
      (frame.flags & wire::kFlagUnidirectional) != 0) {
    line += ", UNIDIRECTIONAL";
  }
  if (frame.headers != nullptr) {
    for (const Headers::Field& field : *frame.headers) {
      line += ", " + printable(to_lower(field.name)) + ": " + printable(field.value);
    }
  }
  return line;
}

}  // namespace uvspdy::session
