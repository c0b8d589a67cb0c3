// The session's half that frames come in to.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "session/names.h"
#include "session/output_batch.h"
#include "session/send_scheduler.h"
#include "session/stream.h"
#include "uvspdy/session/session.h"

namespace uvspdy::session {
namespace {

using wire::FrameType;
using wire::RstStatus;

// What a stream's headers cost while it is open: the texts, and the fields that hold them.
std::size_t cost_of(const Headers& headers) {
  std::size_t cost = 0;
  for (const Headers::Field& field : headers.fields()) {
    cost += sizeof field + field.name.size() + field.value.size();
  }
  return cost;
}

}  // namespace

void Session::receive(Bytes bytes, Time now) {
  now_ = now;
  if (state_ != State::kOpen && state_ != State::kClosing) return;
  last_frame_ = now;
  stats_.bytes_received += bytes.size();
  // A handler may close the session between two frames.
  while (state_ == State::kOpen || state_ == State::kClosing) {
    Result<wire::Decoded> decoded = decoder_.next(bytes);
    if (!decoded) {
      fail(decoded.error());
      return;
    }
    if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) return;
    if (state_ == State::kClosing) {
      receive_while_closing(*decoded);
      continue;
    }
    output_held_ = false;
    std::visit([this](auto& frame) { handle(frame); }, *decoded);
  }
}

// All that still matters then is what the peer does not want to be sent any more.
void Session::receive_while_closing(const wire::Decoded& decoded) {
  const auto* frame = std::get_if<wire::RstStreamFrame>(&decoded);
  if (frame == nullptr) return;
  trace_in(FrameType::kRstStream, frame->stream_id, static_cast<std::uint32_t>(frame->status),
           nullptr);
  Stream* stream = find_any(frame->stream_id);
  if (stream == nullptr) return;
  drop_queued(*stream);
  forget_when_over(*stream);
}

bool Session::wants_input() const {
  return streams_over_buffer_ == 0 && stats_.held_bytes <= options_.limits.connection_buffer;
}

void Session::trace_in(FrameType type, wire::StreamId id, std::uint32_t value,
                       const Headers* headers) {
  ++stats_.frames_received;
  if (!options_.trace) return;
  options_.trace({FrameTrace::Direction::kIn, false, static_cast<std::uint16_t>(type), id,
                  decoder_.frame_flags(), decoder_.frame_length(), value, headers});
}

// ---- DATA

void Session::handle(wire::DataChunk& chunk) {
  if (chunk.frame_begin) {
    ++stats_.frames_received;
    if (options_.trace) {
      options_.trace({FrameTrace::Direction::kIn, true, 0, chunk.stream_id, decoder_.frame_flags(),
                      chunk.frame_length, 0, nullptr});
    }
  }
  Stream* stream = find(chunk.stream_id);
  if (stream == nullptr) {
    if (chunk.frame_begin) unexpected_frame(chunk.stream_id, "DATA");
    return;
  }
  switch (stream->receiving) {
    case Stream::Receiving::kAwaitingReply:
      stream_error(chunk.stream_id, RstStatus::kProtocolError,
                   "DATA before the SYN_REPLY (section 2.2.2)");
      return;
    case Stream::Receiving::kDone:
      stream_error(chunk.stream_id, RstStatus::kStreamAlreadyClosed,
                   "DATA behind FLAG_FIN (section 2.3.6)");
      return;
    case Stream::Receiving::kOpen: break;
  }
  if (!chunk.payload.empty()) receive_data(*stream, chunk.payload);
  // The handler may have reset the stream; it stays in place until the next advance.
  if (chunk.frame_end && chunk.fin && !stream->closed) receive_fin(*stream);
}

void Session::receive_data(Stream& stream, Bytes payload) {
  if (!stream.paused && stream.held.empty()) {
    handler_.on_data(stream.id, payload);
    return;
  }
  const bool was_over = stream.held.size() > options_.limits.stream_buffer;
  stream.held.append(payload);
  stats_.held_bytes += payload.size();
  if (!was_over && stream.held.size() > options_.limits.stream_buffer) ++streams_over_buffer_;
}

void Session::receive_fin(Stream& stream) {
  stream.receiving = Stream::Receiving::kDone;
  stream.fin_untold = true;
  close_when_done(stream);
  if (stream.held.empty()) {
    stream.fin_untold = false;
    handler_.on_fin(stream.id);
  }
}

// A frame for a stream that is not open. One that was is what crosses a reset or a FIN on the
// network: dropped. One that never was is told so.
void Session::unexpected_frame(wire::StreamId id, const char* frame) {
  if (!was_used(id)) stream_error(id, RstStatus::kInvalidStream, frame);
}

// ---- streams

bool Session::accept_new_id(wire::StreamId id) {
  if (is_ours(id)) {
    fail(Error(Errc::kProtocolError, "SYN_STREAM frame: the peer may not create " +
                                         stream_text(id) + ", ids of that parity are ours"));
    return false;
  }
  if (id < last_peer_id_) {
    fail(Error(Errc::kProtocolError, "SYN_STREAM frame: " + stream_text(id) +
                                         " comes after stream " + std::to_string(last_peer_id_) +
                                         "; ids must grow (section 2.3.2)"));
    return false;
  }
  if (id == last_peer_id_) {
    stream_error(id, RstStatus::kProtocolError, "a second SYN_STREAM (section 2.3.2)");
    return false;
  }
  last_peer_id_ = id;
  return true;
}

void Session::handle(wire::SynStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  trace_in(FrameType::kSynStream, id, 0, &frame.headers);
  if (!accept_new_id(id)) return;
  const std::size_t header_bytes = cost_of(frame.headers);
  if (peer_streams_ >= options_.limits.concurrent_streams ||
      peer_header_bytes_ + header_bytes > options_.limits.stream_headers) {
    queue_reset(id, RstStatus::kRefusedStream);
    return;
  }
  Stream& stream = add_stream(id, frame.priority);
  stream.header_bytes = header_bytes;
  peer_header_bytes_ += header_bytes;
  stream.unidirectional = frame.unidirectional;
  if (frame.unidirectional) {
    // Takes no reply: processed as it is.
    stream.sending = Stream::Sending::kDone;
    last_accepted_id_ = id;
  }
  const bool fin = frame.fin;
  handler_.on_stream(std::move(frame));
  if (fin && !stream.closed) receive_fin(stream);
}

void Session::handle(wire::SynReplyFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  trace_in(FrameType::kSynReply, id, 0, &frame.headers);
  Stream* stream = find(id);
  if (stream == nullptr) {
    unexpected_frame(id, "SYN_REPLY");
    return;
  }
  if (!is_ours(id)) {
    stream_error(id, RstStatus::kProtocolError, "SYN_REPLY for a stream that the peer created");
    return;
  }
  if (stream->receiving != Stream::Receiving::kAwaitingReply) {
    // Go's spdystream answers a unidirectional stream too.
    if (stream->unidirectional) return;
    stream_error(id, RstStatus::kStreamInUse, "a second SYN_REPLY (section 2.6.2)");
    return;
  }
  stream->receiving = Stream::Receiving::kOpen;
  if (stream->sending == Stream::Sending::kAwaitingReply) may_send_now(*stream);
  handler_.on_reply(id, std::move(frame.headers));
  if (frame.fin && !stream->closed) receive_fin(*stream);
}

void Session::handle(wire::HeadersFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  trace_in(FrameType::kHeaders, id, 0, &frame.headers);
  Stream* stream = find(id);
  if (stream == nullptr) {
    unexpected_frame(id, "HEADERS");
    return;
  }
  switch (stream->receiving) {
    case Stream::Receiving::kAwaitingReply:
      stream_error(id, RstStatus::kProtocolError, "HEADERS before the SYN_REPLY");
      return;
    case Stream::Receiving::kDone:
      stream_error(id, RstStatus::kStreamAlreadyClosed, "HEADERS behind FLAG_FIN (section 2.3.6)");
      return;
    case Stream::Receiving::kOpen: break;
  }
  handler_.on_headers(id, std::move(frame.headers));
  if (frame.fin && !stream->closed) receive_fin(*stream);
}

void Session::handle(wire::RstStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  trace_in(FrameType::kRstStream, id, static_cast<std::uint32_t>(frame.status), nullptr);
  Stream* stream = find(id);
  if (stream == nullptr) return;  // never answered with an RST_STREAM (section 2.4.2)

  // Kubernetes peers reject a new stream with CANCEL where the specification has REFUSED_STREAM.
  const bool refused = stream->receiving == Stream::Receiving::kAwaitingReply ||
                       frame.status == RstStatus::kRefusedStream;
  end_after_held(
      *stream, Error(refused ? Errc::kStreamRefused : Errc::kStreamReset,
                     "the peer " + std::string(refused ? "refused " : "reset ") + stream_text(id) +
                         " with " + std::string(wire::name_of(frame.status)) + " (" +
                         std::to_string(static_cast<std::uint32_t>(frame.status)) + ")"));
}

void Session::handle(wire::InvalidHeaderBlock& frame) {
  trace_in(frame.type, frame.stream_id, 0, nullptr);
  if (frame.type == FrameType::kSynStream) {
    if (!accept_new_id(frame.stream_id)) return;
  } else if (find(frame.stream_id) == nullptr && was_used(frame.stream_id)) {
    return;
  }
  stream_error(frame.stream_id, RstStatus::kProtocolError, frame.error.message());
}

// ---- the connection

void Session::handle(wire::SettingsFrame& frame) {
  trace_in(FrameType::kSettings, 0, static_cast<std::uint32_t>(frame.entries.size()), nullptr);
}

void Session::handle(wire::WindowUpdateFrame& frame) {
  trace_in(FrameType::kWindowUpdate, frame.stream_id, frame.delta, nullptr);
}

void Session::handle(wire::UnknownFrame& frame) {
  trace_in(static_cast<FrameType>(frame.type), 0, 0, nullptr);
}

void Session::handle(wire::PingFrame& frame) {
  trace_in(FrameType::kPing, 0, frame.id, nullptr);
  if (!is_ours(frame.id)) {
    const std::size_t start = urgent_.size();
    wire::FrameEncoder::encode(frame, urgent_);
    trace_out(urgent_, FrameType::kPing, 0, start, frame.id, nullptr);
    check_control_limit();
    return;
  }
  const auto sent = pings_.find(frame.id);
  if (sent == pings_.end()) return;  // must be ignored (section 2.6.5)
  const Time::duration round_trip = now_ - sent->second;
  pings_.erase(sent);
  handler_.on_pong(frame.id, round_trip);
}

void Session::handle(wire::GoAwayFrame& frame) {
  trace_in(FrameType::kGoAway, frame.last_good_stream_id, static_cast<std::uint32_t>(frame.status),
           nullptr);
  // Streams that a later one could concern were settled by the first.
  if (std::exchange(peer_gone_away_, true)) return;
  handler_.on_goaway(frame);
  for (auto& [id, entry] : streams_) {
    // A stream that has its reply was processed, whatever the last good id says.
    if (!is_ours(id) || entry->closed || id <= frame.last_good_stream_id ||
        entry->receiving != Stream::Receiving::kAwaitingReply) {
      continue;
    }
    end_now(*entry, Error(Errc::kGoneAway, stream_text(id) +
                                               " was not processed before the peer's GOAWAY and "
                                               "is safe to retry"));
  }
}

// ---- errors

// Section 2.4.2: the stream is over, the others are not. What arrived before is still delivered.
void Session::stream_error(wire::StreamId id, RstStatus status, std::string_view what) {
  queue_reset(id, status);
  Stream* stream = find(id);
  if (stream == nullptr) return;
  end_after_held(*stream, Error(Errc::kProtocolError, stream_text(id) + ": " + std::string(what)));
}

// Section 2.4.1: GOAWAY, and no more of this connection.
void Session::fail(const Error& error) {
  if (state_ != State::kOpen) return;
  state_ = State::kFailed;
  error_ = error;
  output_held_ = false;
  goaway_status_ = wire::GoAwayStatus::kProtocolError;
  for (auto& [id, entry] : streams_) end_after_held(*entry, error);
}

}  // namespace uvspdy::session
