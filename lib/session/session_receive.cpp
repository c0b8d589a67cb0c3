// The session's half that frames of streams come in to. What each means in which state is the
// table in stream_rules.cpp.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "session/header_cost.h"
#include "session/names.h"
#include "session/session_impl.h"
#include "session/trace_of.h"

namespace uvspdy::session {
namespace {

using wire::FrameType;
using wire::RstStatus;

// The frame that an event is, for error texts.
std::string_view frame_of(StreamEvent event) {
  constexpr std::string_view kReceive = "receive ";
  return name_of(event).substr(kReceive.size());
}

}  // namespace

void Session::Impl::receive(Bytes bytes, Time now) {
  now_ = now;
  if (state_ != State::kOpen && state_ != State::kClosing) return;
  open(now);
  last_received_ = now;
  stats_.bytes_received += bytes.size();
  // A handler may close the session between two frames.
  while (state_ == State::kOpen || state_ == State::kClosing) {
    Result<wire::Decoded> decoded = decoder_.next(bytes);
    if (!decoded) {
      fail(decoded.error());
      return;
    }
    if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) return;
    if (!is_pong(*decoded)) last_frame_ = now;
    trace_in(*decoded);
    if (state_ == State::kClosing) {
      receive_while_closing(*decoded);
      continue;
    }
    if (std::exchange(output_held_, false)) open(now);
    std::visit([this](auto& frame) { handle(frame); }, *decoded);
  }
}

// What answers our own PINGs says nothing of the peer's user: see Options::idle_timeout.
bool Session::Impl::is_pong(const wire::Decoded& decoded) const {
  const auto* ping = std::get_if<wire::PingFrame>(&decoded);
  return ping != nullptr && is_ours(ping->id);
}

// All that still matters then is what helps, or stops, the rest of the output.
void Session::Impl::receive_while_closing(wire::Decoded& decoded) {
  if (const auto* chunk = std::get_if<wire::DataChunk>(&decoded)) return drop_data(*chunk);
  // New streams are not accepted any more, but what comes for them is to be counted.
  const auto note_peer_id = [this](wire::StreamId id) {
    if (!is_ours(id)) last_peer_id_ = std::max(last_peer_id_, id);
  };
  if (const auto* stream = std::get_if<wire::SynStreamFrame>(&decoded)) {
    return note_peer_id(stream->stream_id);
  }
  if (const auto* invalid = std::get_if<wire::InvalidHeaderBlock>(&decoded)) {
    if (invalid->type == FrameType::kSynStream) note_peer_id(invalid->stream_id);
    return;
  }
  if (auto* window = std::get_if<wire::WindowUpdateFrame>(&decoded)) return handle(*window);
  if (auto* settings = std::get_if<wire::SettingsFrame>(&decoded)) return handle(*settings);
  if (auto* ping = std::get_if<wire::PingFrame>(&decoded)) {
    // The peer may take us for dead while our data waits for its windows.
    if (is_ours(ping->id) || has_more_to_say()) handle(*ping);
    return;
  }
  const auto* frame = std::get_if<wire::RstStreamFrame>(&decoded);
  if (frame == nullptr) return;
  Stream* stream = find_any(frame->stream_id);
  if (stream == nullptr) return;
  drop_queued(*stream);
  enter(*stream, StreamState::kClosed);
  forget_when_over(*stream);
}

// Every frame is seen and counted before it takes effect, whatever becomes of it.
void Session::Impl::trace_in(const wire::Decoded& decoded) {
  if (const auto* chunk = std::get_if<wire::DataChunk>(&decoded)) {
    if (!chunk->frame_begin) return;
    stats_.payload_received += chunk->frame_length;
  }
  ++stats_.frames_received;
  if (!options_.trace) return;
  FrameTrace trace = trace_of(decoded);
  trace.flags = decoder_.frame_flags();
  trace.length = decoder_.frame_length();
  options_.trace(trace);
}

// The stream that a frame is for, if it may come now; else the frame has its answer and this is
// null.
Stream* Session::Impl::receiving_stream(wire::StreamId id, StreamEvent event) {
  Stream* stream = find(id);
  const bool on_wire = stream != nullptr && stream->state != StreamState::kIdle;
  const StreamState state = on_wire        ? stream->state
                            : was_used(id) ? StreamState::kClosed
                                           : StreamState::kIdle;
  const StreamRule rule = rule_for(creator_of(id), state, event);
  if (rule.verdict == StreamRule::Verdict::kAllowed) return stream;
  if (rule.verdict != StreamRule::Verdict::kError) return nullptr;
  if (!on_wire) {
    answer_stray(id, rule.status);
    return nullptr;
  }
  // Go's spdystream answers a unidirectional stream too.
  if (event == StreamEvent::kReceiveSynReply && stream->unidirectional) return nullptr;
  stream_error(
      id, rule.status,
      std::string(frame_of(event)) + " frame while the stream is " + std::string(name_of(state)));
  return nullptr;
}

// ---- DATA

// Nobody reads it any more, but the peer may have to get it out of the way.
void Session::Impl::drop_data(const wire::DataChunk& chunk) {
  Stream* stream = find_any(chunk.stream_id);
  if (chunk.frame_begin) {
    receive_window_.received(chunk.frame_length);
    if (stream != nullptr) stream->receive_window.received(chunk.frame_length);
  }
  const std::size_t size = chunk.payload.size();
  if (stream != nullptr && stream->state != StreamState::kClosed) return consumed(*stream, size);
  consumed_by_connection(size);
  // One that we have finished and forgotten, and the peer has not: it must not wait for a window.
  // A reset would do as well, but some peers throw away what they have not read by then.
  const wire::StreamId id = chunk.stream_id;
  const bool waits = size > 0 && was_used(id) && !reset_streams_.contains(id);
  if (!waits || !flow_.keeps_to_windows() || !has_more_to_say()) return;
  control_.send(wire::WindowUpdateFrame{id, static_cast<std::uint32_t>(size)});
  check_control_limit();
}

void Session::Impl::handle(wire::DataChunk& chunk) {
  if (chunk.frame_begin && !data_begins(chunk)) return;
  Stream* stream = data_accepted_ ? find(chunk.stream_id) : nullptr;
  if (stream == nullptr) {
    consumed_by_connection(chunk.payload.size());
    return;
  }
  if (!chunk.payload.empty()) receive_data(*stream, chunk.payload);
  // The handler may have reset the stream; it stays in place until the next advance.
  if (chunk.frame_end && chunk.fin && !stream->outcome) receive_fin(*stream);
}

// Counts a frame against the windows, in error or not (section 2.6.8). False when that has ended
// the session.
bool Session::Impl::data_begins(const wire::DataChunk& chunk) {
  const std::size_t length = chunk.frame_length;
  if (length > 0) last_data_ = now_;
  const std::int64_t had = receive_window_.available();
  receive_window_.received(length);
  if (static_cast<std::int64_t>(length) > had) {
    receive_window_.note_overrun();
    no_windows_seen();
  }
  if (flow_.is_strict() && length > 0 && receive_window_.available() < 0) {
    fail(Error(Errc::kFlowControl, "DATA frame of " + stream_text(chunk.stream_id) + ", " +
                                       std::to_string(length) +
                                       " bytes: the connection's window has " +
                                       std::to_string(had) + " (section 2.6.8)"));
    return false;
  }
  Stream* stream = receiving_stream(chunk.stream_id, StreamEvent::kReceiveData);
  data_accepted_ = stream != nullptr;
  if (!data_accepted_) return true;
  const std::int64_t stream_had = stream->receive_window.available() + receive_slack_;
  stream->receive_window.received(length);
  if (static_cast<std::int64_t>(length) > stream_had) {
    stream->receive_window.note_overrun();
    // Whoever has windows at all has those of streams, so neither does it count the connection's.
    receive_window_.note_overrun();
    no_windows_seen();
  }
  if (flow_.is_strict() && length > 0 && static_cast<std::int64_t>(length) > stream_had) {
    stream_error(chunk.stream_id, RstStatus::kFlowControlError,
                 "a DATA frame of " + std::to_string(length) + " bytes where its window has " +
                     std::to_string(stream_had) + " (section 2.6.8)",
                 Errc::kFlowControl);
  }
  return true;
}

void Session::Impl::receive_data(Stream& stream, Bytes payload) {
  if (stream.paused || !stream.held.empty()) return hold(stream, payload);
  handler_.on_data(stream.id, payload);
  consumed(stream, payload.size());
}

void Session::Impl::receive_fin(Stream& stream) {
  happened(stream, StreamEvent::kReceiveFin);
  stream.fin_untold = true;
  end_when_closed(stream);
  if (stream.held.empty()) {
    stream.fin_untold = false;
    handler_.on_fin(stream.id);
  }
}

// ---- streams

bool Session::Impl::accept_new_id(wire::StreamId id) {
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
    if (find(id) != nullptr) {
      stream_error(id, RstStatus::kProtocolError, "a second SYN_STREAM (section 2.3.2)");
    } else {
      answer_stray(id, RstStatus::kProtocolError);
    }
    return false;
  }
  last_peer_id_ = id;
  return true;
}

void Session::Impl::handle(wire::SynStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  if (!accept_new_id(id)) return;
  if (goaway_sent_) return;  // to be ignored (section 2.6.6)
  if (peer_gone_away_) {
    send_reset(id, RstStatus::kProtocolError);
    return;
  }
  const std::size_t header_bytes = cost_of(frame.headers);
  if (shutting_down_ || peer_streams_ >= options_.limits.concurrent_streams ||
      peer_header_bytes_ + header_bytes > options_.limits.stream_headers) {
    send_reset(id, RstStatus::kRefusedStream);
    return;
  }
  Stream& stream = add_stream(id, frame.priority);
  stream.header_bytes = header_bytes;
  peer_header_bytes_ += header_bytes;
  stream.unidirectional = frame.unidirectional;
  enter(stream, state_after_syn_stream(Creator::kPeer, false, frame.unidirectional));
  // One that takes no reply is processed as it is.
  if (frame.unidirectional) last_accepted_id_ = id;
  const bool fin = frame.fin;
  handler_.on_stream(std::move(frame));
  if (fin && !stream.outcome) receive_fin(stream);
}

void Session::Impl::handle(wire::SynReplyFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream* stream = receiving_stream(id, StreamEvent::kReceiveSynReply);
  if (stream == nullptr) return;
  happened(*stream, StreamEvent::kReceiveSynReply);
  schedule(*stream);  // what was written before may go now
  handler_.on_reply(id, std::move(frame.headers));
  if (frame.fin && !stream->outcome) receive_fin(*stream);
}

void Session::Impl::handle(wire::HeadersFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream* stream = receiving_stream(id, StreamEvent::kReceiveHeaders);
  if (stream == nullptr) return;
  handler_.on_headers(id, std::move(frame.headers));
  if (frame.fin && !stream->outcome) receive_fin(*stream);
}

void Session::Impl::handle(wire::RstStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream* stream = receiving_stream(id, StreamEvent::kReceiveReset);
  if (stream == nullptr) return;
  reset_streams_.add(id);
  // Kubernetes peers reject a new stream with CANCEL where the specification has REFUSED_STREAM.
  const bool refused =
      stream->creator == Creator::kHere && (stream->state == StreamState::kReserved ||
                                            stream->state == StreamState::kReservedHalfClosed ||
                                            frame.status == RstStatus::kRefusedStream);
  const bool by_creator = stream->creator == Creator::kPeer;
  end_after_held(
      *stream, Error(refused ? Errc::kStreamRefused : Errc::kStreamReset,
                     "the peer " + std::string(refused ? "refused " : "reset ") + stream_text(id) +
                         " with " + std::string(wire::name_of(frame.status)) + " (" +
                         std::to_string(static_cast<std::uint32_t>(frame.status)) + ")"));
  if (by_creator) count_reset();
}

void Session::Impl::handle(wire::InvalidHeaderBlock& frame) {
  const wire::StreamId id = frame.stream_id;
  if (frame.type == FrameType::kSynStream) {
    if (accept_new_id(id)) answer_stray(id, RstStatus::kProtocolError);
    return;
  }
  const StreamEvent event = frame.type == FrameType::kSynReply ? StreamEvent::kReceiveSynReply
                                                               : StreamEvent::kReceiveHeaders;
  if (receiving_stream(id, event) == nullptr) return;
  stream_error(id, RstStatus::kProtocolError, frame.error.message());
}

// ---- errors

// A frame for a stream that is not there: one RST_STREAM for however many (section 2.4.2), none
// where either side has sent one, and none behind our GOAWAY (section 2.2.2).
void Session::Impl::answer_stray(wire::StreamId id, RstStatus status) {
  if (goaway_sent_ || reset_streams_.contains(id)) return;
  send_reset(id, status);
}

// Section 2.4.2: the stream is over, the others are not. What arrived before is still delivered.
void Session::Impl::stream_error(wire::StreamId id, RstStatus status, std::string_view what,
                                 Errc code) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  const bool by_creator = stream->creator == Creator::kPeer;
  reset_on_wire(*stream, status);
  end_after_held(*stream, Error(code, stream_text(id) + ": " + std::string(what)));
  if (by_creator) count_reset();
}

// The peer has reset a stream of its own, or made us do it: both are cheaper for it than for us.
void Session::Impl::count_reset() {
  if (resets_.allow(now_)) return;
  fail(Error(Errc::kLimitExceeded,
             "the peer has more of its streams reset than resets_per_second = " +
                 std::to_string(options_.limits.resets_per_second) + " allows"));
}

// Section 2.4.1: GOAWAY, and no more of this connection.
void Session::Impl::fail(const Error& error) {
  if (state_ != State::kOpen && state_ != State::kClosing) return;
  if (finished()) return stop_output();  // too late to be told
  state_ = State::kFailed;
  error_ = error;
  output_held_ = false;
  goaway_sent_ = false;  // that of a graceful shutdown said something else
  goaway_status_ = wire::GoAwayStatus::kProtocolError;
  for (auto& [id, entry] : streams_) end_after_held(*entry, error);
}

}  // namespace uvspdy::session
