// Received frames of streams. The table in stream_rules.cpp has the meaning of each frame in each
// state.

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

/// Combines one function for each kind of frame; does not compile if one is missing.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

// The most work of one call of `receive`; the last frame may exceed kInflatedPerCall. A frame takes
// about a microsecond, and inflating 16 KiB about 50.
constexpr int kFramesPerCall = 64;
constexpr std::size_t kInflatedPerCall = 16 * 1024;

// The name of an event's frame, for error texts.
std::string_view frame_of(StreamEvent event) {
  constexpr std::string_view kReceive = "receive ";
  return name_of(event).substr(kReceive.size());
}

}  // namespace

std::size_t Session::Impl::receive(Bytes bytes, Time now) {
  now_ = now;
  const std::size_t size = bytes.size();
  // After the last output of a session that closes, nothing that comes has an effect.
  if (!ending_.takes_input() || finished()) return size;
  open(now);
  liveness_.bytes_came(now);
  end_slowing();
  int frames = 0;
  std::size_t inflated = 0;
  // A handler may close the session between two frames.
  while (ending_.takes_input() && !allowances_.is_slowing() && frames < kFramesPerCall &&
         inflated < kInflatedPerCall) {
    Result<wire::Decoded> decoded = decoder_.next(bytes);
    if (!decoded) {
      fail(decoded.error());
    } else if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) {
      break;
    } else if (Error error = take(*decoded)) {
      fail(error);
    }
    ++frames;
    inflated += decoder_.inflated_size();
  }
  follow_link();
  const std::size_t taken = ending_.takes_input() ? size - bytes.size() : size;
  stats_.bytes_received += taken;
  return taken;
}

Error Session::Impl::take(wire::Decoded& decoded) {
  if (!is_pong(decoded)) liveness_.frame_passed(now_);
  trace_in(decoded);
  charge(decoded);
  Error error;
  if (ending_.is_closing()) {
    error = handle_while_closing(decoded);
  } else {
    opening_.release();
    open(now_);
    error = std::visit([this](auto& frame) { return handle(frame); }, decoded);
  }
  if (!error) error = allowances_.breach();
  return error ? error : too_many_answers();
}

// A frame is charged for before it takes effect, whatever the effect is. Its effect may be charged
// for, too: a reset, an answer to a stray frame.
void Session::Impl::charge(const wire::Decoded& decoded) {
  const auto count = [this](Allowance allowance) { allowances_.charge(allowance, 1, now_); };
  allowances_.charge(Allowance::kInflated, decoder_.inflated_size(), now_);
  const Overloaded visitor{
      [](const wire::NeedMoreInput&) {},
      [&](const wire::DataChunk& chunk) {
        if (chunk.frame_begin && chunk.frame_length <= 1 && !chunk.fin) {
          count(Allowance::kSmallData);
        }
      },
      [&](const wire::SynStreamFrame&) {
        count(Allowance::kHeaderBlocks);
        count(Allowance::kStreams);
      },
      [&](const wire::SynReplyFrame&) { count(Allowance::kHeaderBlocks); },
      [&](const wire::HeadersFrame&) { count(Allowance::kHeaderBlocks); },
      [&](const wire::InvalidHeaderBlock&) { count(Allowance::kHeaderBlocks); },
      [&](const wire::SettingsFrame&) { count(Allowance::kSettings); },
      [&](const wire::PingFrame& frame) {
        count(streams_.is_ours(frame.id) ? Allowance::kControlFrames : Allowance::kPings);
      },
      [&](const wire::RstStreamFrame&) { count(Allowance::kControlFrames); },
      [&](const wire::GoAwayFrame&) { count(Allowance::kControlFrames); },
      [&](const wire::WindowUpdateFrame&) { count(Allowance::kControlFrames); },
      [&](const wire::UnknownFrame&) { count(Allowance::kControlFrames); },
  };
  std::visit(visitor, decoded);
}

// While the session closes, only frames that help the rest of the output, or stop it, matter.
Error Session::Impl::handle_while_closing(wire::Decoded& decoded) {
  const Overloaded visitor{
      [this](wire::DataChunk& chunk) {
        drop_data(chunk, streams_.find(chunk.stream_id));
        return Error();
      },
      // New streams are not accepted any more, but their data must be counted.
      [this](wire::SynStreamFrame& frame) {
        streams_.note_peer_id(frame.stream_id);
        return Error();
      },
      [this](wire::InvalidHeaderBlock& frame) {
        if (frame.type == FrameType::kSynStream) streams_.note_peer_id(frame.stream_id);
        return Error();
      },
      [this](wire::RstStreamFrame& frame) {
        if (Stream* stream = streams_.find(frame.stream_id)) stop_sending(*stream);
        return Error();
      },
      [this](wire::PingFrame& frame) {
        // The peer may think us dead while our data waits for its windows.
        const bool matters = streams_.is_ours(frame.id) || has_more_to_say();
        return matters ? handle(frame) : Error();
      },
      [this](wire::WindowUpdateFrame& frame) { return handle(frame); },
      [this](wire::SettingsFrame& frame) { return handle(frame); },
      [](wire::SynReplyFrame&) { return Error(); },
      [](wire::HeadersFrame&) { return Error(); },
      [](wire::GoAwayFrame&) { return Error(); },
      [](wire::UnknownFrame&) { return Error(); },
      [](wire::NeedMoreInput&) { return Error(); },
  };
  return std::visit(visitor, decoded);
}

// Every frame is traced and counted before it takes effect, whatever that is.
void Session::Impl::trace_in(const wire::Decoded& decoded) {
  if (const auto* chunk = std::get_if<wire::DataChunk>(&decoded)) {
    if (!chunk->frame_begin) return;
    stats_.payload_received += chunk->frame_length;
  }
  ++stats_.frames_received;
  if (!trace_) return;
  FrameTrace trace = trace_of(decoded);
  trace.flags = decoder_.frame_flags();
  trace.length = decoder_.frame_length();
  trace_(trace);
}

// Whether the stream allows a frame now. If not, the frame has been answered or is ignored.
bool Session::Impl::may_come(wire::StreamId id, Stream* stream, StreamEvent event, Error& error) {
  const StreamState state = stream != nullptr                ? stream->state()
                            : streams_.was_used(id, nullptr) ? StreamState::kClosed
                                                             : StreamState::kIdle;
  const StreamRule rule = rule_for(streams_.creator_of(id), state, event);
  if (rule.verdict == StreamRule::Verdict::kAllowed) return true;
  if (state == StreamState::kIdle || state == StreamState::kClosed) {
    allowances_.charge(Allowance::kStrayFrames, 1, now_);
  }
  if (rule.verdict != StreamRule::Verdict::kError) return false;
  if (state == StreamState::kIdle || state == StreamState::kClosed) {
    answer_stray(id, rule.status);
    return false;
  }
  // Go's spdystream also answers unidirectional streams.
  const bool wants_none = stream->receiving.wire == WireState::kNone;
  if (event == StreamEvent::kReceiveSynReply && wants_none) return false;
  error = stream_error(
      *stream, rule.status,
      std::string(frame_of(event)) + " frame while the stream is " + std::string(name_of(state)));
  return false;
}

// ---- DATA

// Nobody reads this data, but the peer may have to finish sending it.
void Session::Impl::drop_data(const wire::DataChunk& chunk, Stream* stream) {
  if (chunk.frame_begin) {
    windows_.note_received(chunk.frame_length);
    if (stream != nullptr) stream->receiving.window.received(chunk.frame_length);
  }
  const std::size_t size = chunk.payload.size();
  if (stream != nullptr && !stream->is_closed()) return consumed(*stream, size);
  if (chunk.frame_begin) allowances_.charge(Allowance::kStrayFrames, 1, now_);
  consumed_by_connection(size);
  // We have finished and forgotten the stream, the peer has not: it must not wait for a window. A
  // reset would do, but some peers then drop data that they have not read yet.
  const wire::StreamId id = chunk.stream_id;
  const bool waits = size > 0 && streams_.was_used(id, stream) && !reset_streams_.contains(id);
  if (!waits || !windows_.keeps_to_windows() || !has_more_to_say()) return;
  control_.answer(wire::WindowUpdateFrame{id, static_cast<std::uint32_t>(size)});
}

Error Session::Impl::handle(wire::DataChunk& chunk) {
  Stream* stream = streams_.find(chunk.stream_id);
  if (chunk.frame_begin) {
    if (Error error = data_begins(chunk, stream)) return error;
  }
  // The stream may have ended, as by a reset, after it accepted the frame: the rest is dropped.
  if (!data_accepted_ || stream == nullptr || stream->is_over()) {
    consumed_by_connection(chunk.payload.size());
    return {};
  }
  if (!chunk.payload.empty()) {
    if (Error error = receive_data(*stream, chunk.payload)) return error;
  }
  // The handler may have reset the stream, which still exists until the next advance.
  if (chunk.frame_end && chunk.fin && !stream->is_over()) receive_fin(*stream);
  return {};
}

// Counts a frame against the windows, even one in error (section 2.6.8).
Error Session::Impl::data_begins(const wire::DataChunk& chunk, Stream* stream) {
  const std::size_t length = chunk.frame_length;
  data_accepted_ = false;
  if (length > 0) liveness_.data_came(now_);
  const std::int64_t had = windows_.receive_available();
  if (!windows_.count(length)) {
    no_windows_seen();
    if (windows_.is_strict() && length > 0) {
      return Error(Errc::kFlowControl, "DATA frame of " + stream_text(chunk.stream_id) + ", " +
                                           std::to_string(length) +
                                           " bytes: the connection's window has " +
                                           std::to_string(had) + " (section 2.6.8)");
    }
  }
  Error error;
  data_accepted_ = may_come(chunk.stream_id, stream, StreamEvent::kReceiveData, error);
  if (!data_accepted_) return error;
  const std::int64_t stream_had = windows_.receive_available(*stream);
  if (windows_.count(*stream, length)) return {};
  no_windows_seen();
  if (!windows_.is_strict() || length == 0) return {};
  return stream_error(*stream, RstStatus::kFlowControlError,
                      "a DATA frame of " + std::to_string(length) + " bytes where its window has " +
                          std::to_string(stream_had) + " (section 2.6.8)",
                      Errc::kFlowControl);
}

Error Session::Impl::receive_data(Stream& stream, Bytes payload) {
  if (stream.receiving.passes()) {
    handler_.on_data(stream.id, payload);
  } else if (!stream.receiving.is_gone()) {
    make_room_to_hold(payload.size());
    if (held_.overflows(stream, payload.size())) return overflow(stream, payload.size());
    held_.hold(stream, payload);
    return {};
  }
  consumed(stream, payload.size());
  return {};
}

// `bytes` do not fit into what may be held for a reader.
Error Session::Impl::overflow(Stream& stream, std::size_t bytes) {
  const std::string text =
      held_.exceeds_stream(stream, bytes)
          ? "more than stream_buffer = " + std::to_string(held_.most(stream)) +
                " bytes have come for it"
          : "the bytes that wait for all readers that have paused, with " + std::to_string(bytes) +
                " more for this one, exceed " + std::to_string(windows_.most_held()) +
                (windows_.keeps_to_windows()
                     ? ": the connection's window, which its WindowBudget lets grow no further"
                     : " = connection_buffer");
  consumed_by_connection(bytes);
  return stream_error(stream, RstStatus::kFlowControlError, "its reader has paused and " + text,
                      Errc::kLimitExceeded);
}

void Session::Impl::receive_fin(Stream& stream) {
  streams_.try_move(stream, StreamEvent::kReceiveFin);
  stream.receiving.end.set({});
  if (stream.is_over()) due_.add(stream);
  report_received(stream);
}

// ---- streams

// Whether a SYN_STREAM creates a stream. If not, it is an error or has been answered.
bool Session::Impl::is_new_id(wire::StreamId id, Error& error) {
  const wire::StreamId last = streams_.last_peer_id();
  if (streams_.is_ours(id)) {
    error = Error(Errc::kProtocolError, "SYN_STREAM frame: the peer may not create " +
                                            stream_text(id) + ", ids of that parity are ours");
  } else if (id < last) {
    error = Error(Errc::kProtocolError, "SYN_STREAM frame: " + stream_text(id) +
                                            " comes after stream " + std::to_string(last) +
                                            "; ids must grow (section 2.3.2)");
  } else if (id > last) {
    streams_.note_peer_id(id);
    return true;
  } else if (Stream* stream = streams_.find(id); stream != nullptr && !stream->is_over()) {
    error = stream_error(*stream, RstStatus::kProtocolError, "a second SYN_STREAM (section 2.3.2)");
  } else {
    allowances_.charge(Allowance::kStrayFrames, 1, now_);
    answer_stray(id, RstStatus::kProtocolError);
  }
  return false;
}

Error Session::Impl::handle(wire::SynStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Error error;
  if (!is_new_id(id, error)) return error;
  if (ending_.goaway_sent()) return {};  // to be ignored (section 2.6.6)
  if (ending_.peer_gone_away()) {
    allowances_.charge(Allowance::kResets, 1, now_);
    answer_with_reset(id, RstStatus::kProtocolError);
    return {};
  }
  const std::size_t header_bytes = cost_of(frame.headers);
  if (ending_.is_shutting_down() || !streams_.has_room(header_bytes)) {
    allowances_.charge(Allowance::kResets, 1, now_);
    answer_with_reset(id, RstStatus::kRefusedStream);
    return {};
  }
  Stream& stream = streams_.add(frame, header_bytes);
  write_room_.add(stream);
  streams_.try_move(stream, StreamEvent::kReceiveSynStream);
  if (stream.sending.end.is_due()) {
    // A stream that takes no reply counts as processed at once.
    streams_.note_accepted(id);
    due_.add(stream);
  }
  const bool fin = frame.fin;
  handler_.on_stream(std::move(frame));
  if (fin && !stream.is_over()) receive_fin(stream);
  return {};
}

Error Session::Impl::handle(wire::SynReplyFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream* stream = streams_.find(id);
  Error error;
  if (!may_come(id, stream, StreamEvent::kReceiveSynReply, error)) return error;
  streams_.try_move(*stream, StreamEvent::kReceiveSynReply);
  schedule(*stream);  // data written before may be sent now
  handler_.on_reply(id, std::move(frame.headers));
  if (frame.fin && !stream->is_over()) receive_fin(*stream);
  return {};
}

Error Session::Impl::handle(wire::HeadersFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream* stream = streams_.find(id);
  Error error;
  if (!may_come(id, stream, StreamEvent::kReceiveHeaders, error)) return error;
  handler_.on_headers(id, std::move(frame.headers));
  if (frame.fin && !stream->is_over()) receive_fin(*stream);
  return {};
}

Error Session::Impl::handle(wire::RstStreamFrame& frame) {
  const wire::StreamId id = frame.stream_id;
  Stream* stream = streams_.find(id);
  Error error;
  if (!may_come(id, stream, StreamEvent::kReceiveReset, error)) return error;
  reset_streams_.add(id);
  // Kubernetes peers reject a new stream with CANCEL where the specification has REFUSED_STREAM.
  const bool refused = stream->awaits_acceptance() || (stream->creator == Creator::kHere &&
                                                       frame.status == RstStatus::kRefusedStream);
  end_after_held(
      *stream, Error(refused ? Errc::kStreamRefused : Errc::kStreamReset,
                     "the peer " + std::string(refused ? "refused " : "reset ") + stream_text(id) +
                         " with " + std::string(wire::name_of(frame.status)) + " (" +
                         std::to_string(static_cast<std::uint32_t>(frame.status)) + ")"));
  // Opening and resetting a stream costs the peer less than us.
  if (stream->creator == Creator::kPeer) allowances_.charge(Allowance::kResets, 1, now_);
  return {};
}

// The peer resets a stream that a closing session still sends on: the rest is dropped.
void Session::Impl::stop_sending(Stream& stream) {
  drop_queued(stream);
  streams_.close(stream);
  forget_when_over(stream);
}

Error Session::Impl::handle(wire::InvalidHeaderBlock& frame) {
  const wire::StreamId id = frame.stream_id;
  Error error;
  if (frame.type == FrameType::kSynStream) {
    if (!is_new_id(id, error)) return error;
    allowances_.charge(Allowance::kResets, 1, now_);
    answer_stray(id, RstStatus::kProtocolError);
    return {};
  }
  const StreamEvent event = frame.type == FrameType::kSynReply ? StreamEvent::kReceiveSynReply
                                                               : StreamEvent::kReceiveHeaders;
  Stream* stream = streams_.find(id);
  if (!may_come(id, stream, event, error)) return error;
  return stream_error(*stream, RstStatus::kProtocolError, frame.error.message());
}

// ---- errors

// The peer has caused this reset, so it counts against queued_control_output.
void Session::Impl::answer_with_reset(wire::StreamId id, RstStatus status) {
  reset_streams_.add(id);
  control_.answer(wire::RstStreamFrame{id, status});
}

// A frame for a stream that does not exist: one RST_STREAM for all such frames (section 2.4.2),
// none if either side has sent one, and none after our GOAWAY (section 2.2.2).
void Session::Impl::answer_stray(wire::StreamId id, RstStatus status) {
  if (!ending_.goaway_sent() && !reset_streams_.contains(id)) answer_with_reset(id, status);
}

// Section 2.4.2: ends one stream and no other. Data that arrived before is still delivered.
Error Session::Impl::stream_error(Stream& stream, RstStatus status, std::string_view what,
                                  Errc code) {
  if (stream.is_over()) return {};
  if (streams_.try_move(stream, StreamEvent::kSendReset)) answer_with_reset(stream.id, status);
  end_after_held(stream, Error(code, stream_text(stream.id) + ": " + std::string(what)));
  if (stream.creator == Creator::kPeer) allowances_.charge(Allowance::kResets, 1, now_);
  return {};
}

// The peer causes answers and does not read them.
Error Session::Impl::too_many_answers() const {
  const std::size_t queued = control_.answers();
  if (queued <= options_.limits.queued_control_output) return {};
  return Error(Errc::kLimitExceeded,
               std::to_string(queued) +
                   " bytes of control frames wait for a peer that does not read, "
                   "more than queued_control_output = " +
                   std::to_string(options_.limits.queued_control_output));
}

}  // namespace uvspdy::session
