// The session's half that frames come in to.

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "session/output_batch.h"
#include "session/send_scheduler.h"
#include "session/stream.h"
#include "uvspdy/session/session.h"

namespace uvspdy::session {
namespace {

using wire::FrameType;
using wire::RstStatus;

std::string stream_text(wire::StreamId id) { return "stream " + std::to_string(id); }

}  // namespace

void Session::receive(Bytes bytes, Time now) {
  now_ = now;
  if (state_ != State::kOpen) return;
  last_frame_ = now;
  stats_.bytes_received += bytes.size();
  // A handler may close the session between two frames; what is left is then of no use.
  while (state_ == State::kOpen) {
    Result<wire::Decoded> decoded = decoder_.next(bytes);
    if (!decoded) {
      fail(decoded.error());
      return;
    }
    if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) return;
    output_held_ = false;
    std::visit([this](auto& frame) { handle(frame); }, *decoded);
  }
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
  if (was_used(id)) return;
  stream_error(id, RstStatus::kInvalidStream, std::string(frame) + " for a stream that never was");
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
  if (peer_streams_ >= options_.limits.concurrent_streams) {
    queue_reset(id, RstStatus::kRefusedStream);
    return;
  }
  Stream& stream = add_stream(id, frame.priority);
  stream.unidirectional = frame.unidirectional;
  if (frame.unidirectional) stream.sending = Stream::Sending::kDone;
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
  if (!stream->ours) {
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
  if (stream->sending == Stream::Sending::kAwaitingReply) {
    const bool last = stream->last != Stream::Last::kNothing;
    stream->sending = last ? Stream::Sending::kFinishing : Stream::Sending::kOpen;
    if (last || !stream->queue.empty()) scheduler_->add(*stream);
  }
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
  drop_queued(*stream);
  stream->receiving = Stream::Receiving::kDone;
  stream->closed = Error(refused ? Errc::kStreamRefused : Errc::kStreamReset,
                         "the peer " + std::string(refused ? "refused " : "reset ") +
                             stream_text(id) + " with " + std::string(wire::name_of(frame.status)) +
                             " (" + std::to_string(static_cast<std::uint32_t>(frame.status)) + ")");
  make_due(*stream);
}

void Session::handle(wire::InvalidHeaderBlock& frame) {
  trace_in(frame.type, frame.stream_id, 0, nullptr);
  if (frame.type == FrameType::kSynStream && !accept_new_id(frame.stream_id)) return;
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
    wire::FrameEncoder::encode(frame, urgent_);
    ++stats_.frames_sent;
    if (options_.trace) {
      options_.trace({FrameTrace::Direction::kOut, false,
                      static_cast<std::uint16_t>(FrameType::kPing), 0, 0, 4, frame.id, nullptr});
    }
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
  peer_gone_away_ = true;
  handler_.on_goaway(frame);
  for (auto& [id, entry] : streams_) {
    // A stream that has its reply was processed, whatever the last good id says.
    if (!entry->ours || entry->closed || id <= frame.last_good_stream_id ||
        entry->receiving != Stream::Receiving::kAwaitingReply) {
      continue;
    }
    end_stream(*entry, Error(Errc::kGoneAway, stream_text(id) +
                                                  " was not processed before the peer's GOAWAY "
                                                  "and is safe to retry"));
  }
}

// ---- errors

// Section 2.4.2: the stream is over, the others are not.
void Session::stream_error(wire::StreamId id, RstStatus status, const std::string& what) {
  queue_reset(id, status);
  Stream* stream = find(id);
  if (stream == nullptr) return;
  // What arrived before the error is still delivered.
  drop_queued(*stream);
  stream->receiving = Stream::Receiving::kDone;
  stream->closed = Error(Errc::kProtocolError, stream_text(id) + ": " + what);
  make_due(*stream);
}

// Section 2.4.1: GOAWAY, and no more of this connection.
void Session::fail(const Error& error) {
  if (state_ != State::kOpen) return;
  state_ = State::kFailed;
  error_ = error;
  output_held_ = false;
  goaway_status_ = wire::GoAwayStatus::kProtocolError;
  for (auto& [id, entry] : streams_) {
    drop_queued(*entry);
    entry->receiving = Stream::Receiving::kDone;
    if (!entry->closed) entry->closed = error;
    make_due(*entry);
  }
}

}  // namespace uvspdy::session
