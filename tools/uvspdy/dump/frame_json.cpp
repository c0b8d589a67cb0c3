#include <nlohmann/json.hpp>
#include <string>

#include "frame_lines.h"

namespace uvspdy::command {
using nlohmann::ordered_json;

namespace {

ordered_json pairs(const Headers& headers) {
  ordered_json list = ordered_json::array();
  for (const Headers::Field& field : headers) {
    list.push_back(ordered_json::array({field.name, field.value}));
  }
  return list;
}

template <class Status>
void add_status(ordered_json& object, Status status) {
  object["status"] = static_cast<std::uint32_t>(status);
  object["status_name"] = name_of(status);
}

/// Adds the fields of this type of frame.
struct AddFields {
  ordered_json& object;

  void operator()(const wire::NeedMoreInput&) const {}
  void operator()(const wire::DataChunk& frame) const {
    head("DATA", frame.stream_id);
    object["fin"] = frame.fin;
  }
  void operator()(const wire::SynStreamFrame& frame) const {
    head("SYN_STREAM", frame.stream_id);
    object["fin"] = frame.fin;
    object["unidirectional"] = frame.unidirectional;
    object["associated_to"] = frame.associated_to;
    object["priority"] = frame.priority;
    object["slot"] = frame.slot;
    object["headers"] = pairs(frame.headers);
  }
  void operator()(const wire::SynReplyFrame& frame) const { with_headers("SYN_REPLY", frame); }
  void operator()(const wire::HeadersFrame& frame) const { with_headers("HEADERS", frame); }
  void operator()(const wire::RstStreamFrame& frame) const {
    head("RST_STREAM", frame.stream_id);
    add_status(object, frame.status);
  }
  void operator()(const wire::SettingsFrame& frame) const {
    object["type"] = "SETTINGS";
    object["clear_settings"] = frame.clear_settings;
    ordered_json& entries = object["entries"] = ordered_json::array();
    for (const wire::SettingsFrame::Entry& entry : frame.entries) {
      entries.push_back({{"id", static_cast<std::uint32_t>(entry.id)},
                         {"name", name_of(entry.id)},
                         {"flags", entry.flags},
                         {"value", entry.value}});
    }
  }
  void operator()(const wire::PingFrame& frame) const {
    object["type"] = "PING";
    object["id"] = frame.id;
  }
  void operator()(const wire::GoAwayFrame& frame) const {
    object["type"] = "GOAWAY";
    object["last_good_stream_id"] = frame.last_good_stream_id;
    add_status(object, frame.status);
  }
  void operator()(const wire::WindowUpdateFrame& frame) const {
    head("WINDOW_UPDATE", frame.stream_id);
    object["delta"] = frame.delta;
  }
  void operator()(const wire::UnknownFrame& frame) const {
    object["type"] = "UNKNOWN";
    object["type_number"] = frame.type;
  }
  void operator()(const wire::InvalidHeaderBlock& frame) const {
    head(name_of(frame.type), frame.stream_id);
    object["error"] = frame.error.message();
  }

  void head(std::string_view type, wire::StreamId id) const {
    object["type"] = type;
    object["stream_id"] = id;
  }
  template <class Frame>
  void with_headers(std::string_view type, const Frame& frame) const {
    head(type, frame.stream_id);
    object["fin"] = frame.fin;
    object["headers"] = pairs(frame.headers);
  }
};

std::string hex(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

}  // namespace

std::string json_line(const RecordedFrame& frame) {
  constexpr double kNanosecondsPerSecond = 1e9;
  ordered_json object;
  if (frame.place) {
    object["connection"] = frame.place->connection;
    object["client"] = frame.place->client;
    object["server"] = frame.place->server;
    object["time"] = static_cast<double>(frame.place->time) / kNanosecondsPerSecond;
  }
  object["direction"] =
      frame.direction == Direction::kClientToServer ? "client_to_server" : "server_to_client";
  object["offset"] = frame.offset;
  object["type"] = nullptr;  // reserves its place in the line
  object["flags"] = frame.flags;
  object["length"] = frame.length;
  std::visit(AddFields{object}, frame.content);
  if (!frame.payload.empty()) object["payload_hex"] = hex(frame.payload);
  // Escapes everything but ASCII; bytes that are not UTF-8 become U+FFFD.
  return object.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
}

}  // namespace uvspdy::command
