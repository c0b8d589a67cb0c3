#include "sent_frames.h"

#include <variant>

#include "violation.h"

namespace uvspdy::fuzz {
namespace {

std::string of_stream(const char* frame, wire::StreamId id) {
  return std::string(frame) + " of stream " + std::to_string(id);
}

void require_for(bool holds, const char* frame, wire::StreamId id, const char* what) {
  if (!holds) violation("we send a " + of_stream(frame, id) + " " + what);
}

}  // namespace

void SentFrames::observe(Bytes piece) {
  for (;;) {
    const Result<wire::Decoded> decoded = decoder_.next(piece);
    if (!decoded) violation("our output does not decode: " + decoded.error().message());
    if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) return;
    check_opening(*decoded);
    const auto* chunk = std::get_if<wire::DataChunk>(&*decoded);
    if (chunk == nullptr || chunk->frame_end) ++frames_;
    std::visit([this](const auto& frame) { see(frame); }, *decoded);
  }
}

// SETTINGS come before the frames of streams and before any answer to a PING, which would say that
// we have no windows. A session that ends before it has begun sends none, and may still answer.
void SentFrames::check_opening(const wire::Decoded& frame) {
  if (flow_control_ == session::FlowControl::kNone || has_settings_) return;
  const auto* ping = std::get_if<wire::PingFrame>(&frame);
  if (ping != nullptr && !is_ours(role_, ping->id)) answers_before_settings_ = true;
  has_settings_ = std::holds_alternative<wire::SettingsFrame>(frame);
  require(!has_settings_ || !answers_before_settings_, "we answer a PING ahead of SETTINGS");
  require(!std::holds_alternative<wire::SynStreamFrame>(frame) &&
              !std::holds_alternative<wire::SynReplyFrame>(frame),
          "we send a stream's frame ahead of SETTINGS");
}

// A stream on which DATA and HEADERS may go now.
SentFrames::Stream& SentFrames::sendable(wire::StreamId id, const char* frame) {
  Stream& stream = streams_[id];
  require_for(stream.created || stream.replied, frame, id, "that is not open");
  require_for(!stream.fin, frame, id, "behind its FIN");
  require_for(!stream.reset, frame, id, "behind its RST_STREAM");
  // Go's spdystream drops what comes before its SYN_REPLY.
  require_for(!stream.created || stream.unidirectional || received_.has_syn_reply(id), frame, id,
              "before the peer's SYN_REPLY");
  return stream;
}

void SentFrames::see(const wire::DataChunk& chunk) {
  const wire::StreamId id = chunk.stream_id;
  Stream& stream = sendable(id, "DATA");
  require_for(chunk.frame_length <= max_data_frame_, "DATA", id, "past max_data_frame");
  for (const std::uint8_t byte : chunk.payload) {
    require_for(byte == pattern(id, stream.sent), "DATA", id, "that was not written so");
    ++stream.sent;
    ++payload_;
  }
  require_for(stream.sent <= stream.written, "DATA", id, "longer than what was written");
  if (flow_control_ == session::FlowControl::kStandard) {
    require_for(static_cast<std::int64_t>(stream.sent) <= received_.stream_credit(id), "DATA", id,
                "past its window");
    require_for(payload_ <= received_.connection_credit(), "DATA", id,
                "past the connection's window");
  }
  if (!chunk.frame_end || !chunk.fin) return;
  require_for(stream.sent == stream.written, "FIN", id, "before all that was written");
  stream.fin = true;
}

void SentFrames::see(const wire::SynStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  require_for(is_ours(role_, id), "SYN_STREAM", id, "with the peer's parity");
  require_for(id > last_id_, "SYN_STREAM", id, "whose id does not grow");
  last_id_ = id;
  Stream& stream = streams_[id];
  stream.created = true;
  stream.unidirectional = frame.unidirectional;
  stream.fin = frame.fin;
}

void SentFrames::see(const wire::SynReplyFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream& stream = streams_[id];
  require_for(!is_ours(role_, id) && received_.has_syn_stream(id), "SYN_REPLY", id,
              "that the peer has not created");
  require_for(!stream.replied, "SYN_REPLY", id, "a second time");
  require_for(!stream.reset, "SYN_REPLY", id, "behind its RST_STREAM");
  require_for(id <= last_good_id_, "SYN_REPLY", id, "that our GOAWAY says is not processed");
  stream.replied = true;
  stream.fin = frame.fin;
  require_for(!stream.fin || stream.written == 0, "FIN", id, "before all that was written");
}

void SentFrames::see(const wire::HeadersFrame& frame) {
  Stream& stream = sendable(frame.stream_id, "HEADERS");
  stream.fin = frame.fin;
  require_for(!stream.fin || stream.sent == stream.written, "FIN", frame.stream_id,
              "before all that was written");
}

void SentFrames::see(const wire::RstStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  const auto status = static_cast<std::uint32_t>(frame.status);
  require_for(name_of(frame.status) != "UNKNOWN" && status != 0, "RST_STREAM", id,
              "with a status that does not exist");
  Stream& stream = streams_[id];
  // So many streams that are over are remembered (section 2.4.2 would have them coalesced).
  constexpr std::size_t kRemembered = 30;
  require_for(!stream.reset || streams_.size() > kRemembered, "RST_STREAM", id, "a second time");
  // Frames for an id that is not in use may each be answered, and it may come into use later.
  if (stream.created || stream.replied) stream.reset = true;
}

void SentFrames::see(const wire::PingFrame& frame) {
  if (is_ours(role_, frame.id)) return;
  if (received_.unanswered_pings.empty() || received_.unanswered_pings.front() != frame.id) {
    violation("we answer PING " + std::to_string(frame.id) + " out of turn or unasked");
  }
  received_.unanswered_pings.pop_front();
}

void SentFrames::see(const wire::GoAwayFrame& frame) {
  ++goaways_;
  require(goaways_ <= 2, "we send a third GOAWAY");  // one of a graceful end, one of an error
  const wire::StreamId id = frame.last_good_stream_id;
  require(id == 0 || received_.has_syn_stream(id), "we send a GOAWAY with an id never created");
  last_good_id_ = id;
  require(name_of(frame.status) != "UNKNOWN", "we send a GOAWAY with a status unknown");
}

void SentFrames::see(const wire::SettingsFrame&) {
  require(flow_control_ != session::FlowControl::kNone, "we send SETTINGS without flow control");
}

void SentFrames::see(const wire::WindowUpdateFrame& frame) {
  require(flow_control_ != session::FlowControl::kNone, "we send WINDOW_UPDATE without windows");
  require(frame.delta != 0, "we send a WINDOW_UPDATE with a delta of 0");
  if (frame.stream_id == 0) given_to_connection_ += frame.delta;
}

void SentFrames::see(const wire::UnknownFrame& frame) {
  violation("we send a frame of unknown type " + std::to_string(frame.type));
}

void SentFrames::see(const wire::InvalidHeaderBlock& frame) {
  violation("we send a bad header block: " + frame.error.message());
}

}  // namespace uvspdy::fuzz
