#include "support/frame_lines.h"

#include <utility>
#include <variant>

#include "support/frame_text.h"

namespace uvspdy::test {
namespace {

std::string id_text(const char* name, std::uint32_t id) {
  return std::string(name) + " " + std::to_string(id);
}

const char* fin_text(bool fin) { return fin ? " FIN" : ""; }

std::string to_text(const wire::SynStreamFrame& frame) {
  std::string line = id_text("SYN_STREAM", frame.stream_id) + " " + headers_text(frame.headers);
  if (frame.associated_to != 0) line += " " + id_text("associated to", frame.associated_to);
  if (frame.priority != 0) line += " " + id_text("priority", frame.priority);
  return line + fin_text(frame.fin) + (frame.unidirectional ? " UNIDIRECTIONAL" : "");
}

std::string to_text(const wire::SynReplyFrame& frame) {
  return id_text("SYN_REPLY", frame.stream_id) + " " + headers_text(frame.headers) +
         fin_text(frame.fin);
}

std::string to_text(const wire::HeadersFrame& frame) {
  return id_text("HEADERS", frame.stream_id) + " " + headers_text(frame.headers) +
         fin_text(frame.fin);
}

std::string to_text(const wire::RstStreamFrame& frame) {
  return id_text("RST_STREAM", frame.stream_id) + " " + std::string(name_of(frame.status));
}

std::string to_text(const wire::SettingsFrame& frame) { return "SETTINGS" + settings_text(frame); }

std::string to_text(const wire::PingFrame& frame) { return id_text("PING", frame.id); }

std::string to_text(const wire::GoAwayFrame& frame) {
  return id_text("GOAWAY", frame.last_good_stream_id) + " " + std::string(name_of(frame.status));
}

std::string to_text(const wire::WindowUpdateFrame& frame) {
  return id_text("WINDOW_UPDATE", frame.stream_id) + " " + std::to_string(frame.delta);
}

std::string to_text(const wire::UnknownFrame& frame) { return id_text("UNKNOWN", frame.type); }

std::string to_text(const wire::InvalidHeaderBlock& frame) {
  return id_text("INVALID HEADER BLOCK", frame.stream_id) + " " + frame.error.message();
}

}  // namespace

Lines FrameReader::read(Bytes bytes) {
  Lines lines;
  for (;;) {
    Result<wire::Decoded> decoded = decoder_.next(bytes);
    if (!decoded) {
      lines.push_back("UNDECODABLE: " + decoded.error().message());
      return lines;
    }
    if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) return lines;
    if (const auto* chunk = std::get_if<wire::DataChunk>(&*decoded)) {
      payloads_[chunk->stream_id] += text_of(chunk->payload);
      payload_.insert(payload_.end(), chunk->payload.begin(), chunk->payload.end());
      if (!chunk->frame_end) continue;
      const std::vector<std::uint8_t> payload = std::exchange(payload_, {});
      lines.push_back(id_text("DATA", chunk->stream_id) + " " + payload_text(payload) +
                      fin_text(chunk->fin));
      continue;
    }
    std::visit(
        [&lines](const auto& frame) {
          if constexpr (requires { to_text(frame); }) lines.push_back(to_text(frame));
        },
        *decoded);
  }
}

}  // namespace uvspdy::test
