// What always holds of a session, and what must hold at its end.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "session_run.h"
#include "violation.h"

namespace uvspdy::fuzz {

// Outgoing frames are told when they are queued, incoming ones before they take effect: what is
// queued while a frame is handled is its answer.
void SessionRun::trace(const session::FrameTrace& frame) {
  const bool reset =
      !frame.data && frame.type == static_cast<std::uint16_t>(wire::FrameType::kRstStream);
  const std::string line = to_string(frame);
  static const bool shown = std::getenv("UVSPDY_FUZZ_TRACE") != nullptr;
  if (shown) std::fprintf(stderr, "%s\n", line.c_str());
  if (frame.direction == session::FrameTrace::Direction::kIn) {
    ++traced_in_;
    reset_by_peer_.reset();
    if (reset) reset_by_peer_ = frame.stream_id;
    return;
  }
  ++traced_out_;
  if (reset && reset_by_peer_ == frame.stream_id && !handler_.in_call()) {
    violation("we answer an RST_STREAM of stream " + std::to_string(frame.stream_id) +
              " with an RST_STREAM");
  }
}

// ---- what always holds

void SessionRun::check() {
  const session::Stats stats = session_.stats();
  require(stats.streams == handler_.live(), "stats: streams");
  require(session_.stream_count() == handler_.live(), "stream_count");
  check_windows(stats);
  require(stats.bytes_sent == bytes_sent_, "stats: bytes_sent");
  require(stats.frames_sent >= sent_.frames(), "stats: frames_sent");
  if (choices_.traces()) {
    require(stats.frames_received == traced_in_, "stats: frames_received");
    require(stats.frames_sent == traced_out_, "trace: frames_sent");
  }
  require(!sent_.answers_before_settings() || !session_.is_open(),
          "we answer a PING ahead of SETTINGS");
  require(!session_.finished() || !session_.is_open(), "finished and open");
  require(!session_.finished() || !session_.has_output(), "finished with output");
  require(!session_.error() || !session_.is_open(), "an error and still open");
}

// What is held is bounded, and what is given back to the peer adds up.
void SessionRun::check_windows(const session::Stats& stats) {
  const Limits& limits = options_.limits;
  const bool windows = options_.flow_control != session::FlowControl::kNone;
  const auto window_size = static_cast<std::size_t>(stats.receive_window_size);
  check_budget(stats);
  const std::size_t most =
      windows ? std::max(limits.connection_buffer, window_size) : limits.connection_buffer;
  require(stats.held_bytes <= most + kReadSize, "more held than the connection's limit");
  const session::Time now = clock_.now();
  const bool slowed =
      session_.slows_peer(now) || session_.deadline().value_or(session::Time::max()) <= now;
  require(session_.wants_input() || slowed || stats.held_bytes > limits.stream_buffer,
          "not reading, and little is held");
  std::size_t held = 0;
  for (const wire::StreamId id : handler_.ids()) {
    const std::optional<session::StreamStats> stream = session_.stream_stats(id);
    if (!stream) continue;
    held += stream->held_bytes;
    const auto window = static_cast<std::size_t>(windows ? largest_window_ + window_slack_ : 0);
    require(stream->held_bytes <= std::max(limits.stream_buffer, window) + kReadSize,
            "more held than the stream's limit");
    const bool may_send = stream->state == session::StreamState::kOpen ||
                          stream->state == session::StreamState::kHalfClosedRemote;
    const bool has_window = stats.flow_control == session::PeerFlowControl::kNone ||
                            (stats.send_window > 0 && stream->send_window > 0);
    require(session_.has_output() || !may_send || !has_window || stream->queued_bytes == 0,
            "a stream that has data and a window does not send");
    require(stream->send_window <= wire::kMaxWindow && stream->receive_window <= wire::kMaxWindow,
            "a window past 2^31-1");
  }
  require(held == stats.held_bytes, "stats: held_bytes");
  if (options_.flow_control != session::FlowControl::kStandard || !session_.is_open()) return;
  if (unsent_.empty() && !session_.has_output()) {
    // All that we have given is on the wire.
    require(stats.receive_window == std::int64_t{wire::kDefaultWindow} +
                                        sent_.given_to_connection() -
                                        static_cast<std::int64_t>(stats.payload_received),
            "the connection's window is not what the peer was told");
  }
  const std::size_t size = window_size;
  const std::size_t in_use = stats.held_bytes + received_.payload_missing();
  require(stats.receive_window + static_cast<std::int64_t>(in_use + size / 2) >=
              static_cast<std::int64_t>(size),
          "the connection's window is not given back");
}

// The connection's window is its base, once that was announced, and what it has of the budget. A
// session that is over has no more of the budget than it holds.
void SessionRun::check_budget(const session::Stats& stats) {
  const std::size_t base =
      sent_.given_to_connection() == 0
          ? wire::kDefaultWindow
          : std::max<std::size_t>(options_.limits.connection_buffer, wire::kDefaultWindow);
  const session::WindowBudget& budget = *options_.window_budget;
  const std::size_t taken = budget.size() - budget.remaining();
  const auto size = static_cast<std::size_t>(stats.receive_window_size);
  if (session_.is_open()) {
    const bool announced = unsent_.empty() && !session_.has_output();
    require(size == base + taken || !announced, "the connection's window is not in the budget");
    require(taken <= budget.size() - budget.size() / 17, "the whole budget for one connection");
  } else if (session_.finished()) {
    require(taken <= stats.held_bytes, "a session that is over keeps its part of the budget");
  }
}

// ---- how it ends

void SessionRun::end() {
  // 0: dropped in the middle of everything, by the destructor.
  switch (choices_.end()) {
    case SessionChoices::End::kDropped: return;
    case SessionChoices::End::kLost: {
      output_ended_ = true;
      const CheckedHandler::Turn turn(handler_);
      session_.receive_end({});
      break;
    }
    case SessionChoices::End::kAborted: abort(); break;
    case SessionChoices::End::kClosed:
      session_.close(wire::GoAwayStatus::kOk);
      handler_.pauses_are_over();
      break;
  }
  handler_.act = [] {};
  drain();
  check_over();
}

void SessionRun::drain() {
  for (const wire::StreamId id : handler_.ids()) {
    session_.resume(id);
    handler_.set_paused(id, false);
  }
  constexpr int kEnough = 1000;
  int round = 0;
  do {
    require(++round < kEnough, "the end of the session does not come");
    take_output(0);
    turn();
    check();
  } while (!session_.output().empty());
}

void SessionRun::check_over() {
  const session::Stats stats = session_.stats();
  require(!session_.is_open(), "open behind its end");
  require(handler_.live() == 0, "streams whose end is never told");
  require(stats.held_bytes == 0, "bytes are held behind the end");
  require(!session_.deadline(), "a deadline behind the end");
  if (!session_.finished()) {
    // What was written before the close leaves first, when the peer gives it a window.
    require(stats.queued_bytes > 0 && stats.flow_control != session::PeerFlowControl::kNone,
            "not finished behind the end");
    return;
  }
  require(stats.queued_bytes == 0, "bytes are queued behind the end");
  if (output_ended_) return;
  require(sent_.has_goaway(), "an orderly end without a GOAWAY");
  require(!sent_.inside_frame(), "an orderly end inside a frame");
}

}  // namespace uvspdy::fuzz
