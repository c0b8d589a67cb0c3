// The beginning of the session and its end, by either side.

#include <algorithm>
#include <string>
#include <utility>

#include "session/session_impl.h"

namespace uvspdy::session {
namespace {

Options checked(Options options) {
  options.max_data_frame =
      std::clamp<std::size_t>(options.max_data_frame, 1, wire::kMaxFrameLength);
  options.initial_stream_window =
      std::clamp<std::uint32_t>(options.initial_stream_window, 1, wire::kMaxWindow);
  return options;
}

Error closed_here() {
  return Error(Errc::kConnectionClosed, "the connection was closed on this side");
}

}  // namespace

Session::Impl::Impl(Role role, Options options, Handler& handler)
    : role_(role),
      options_(checked(std::move(options))),
      handler_(handler),
      decoder_(options_.limits),
      allowances_(options_.limits),
      windows_(options_),
      streams_(role, options_, windows_),
      write_room_(options_.limits, windows_),
      held_(options_.limits, windows_),
      liveness_(options_),
      pings_(role),
      opening_(role == Role::kServer && options_.wait_for_client, windows_.has_windows()),
      control_(options_, stats_, trace_) {}

// Whether frames that the peer needs may still be sent.
bool Session::Impl::has_more_to_say() const {
  return is_open() || (ending_.is_closing() && (!ending_.goaway_sent() || !scheduler_.empty()));
}

// ---- shutdown

void Session::Impl::shutdown(Time now) {
  now_ = now;
  begin_shutdown(windows_.found() == PeerFlowControl::kWindows);
}

// With `announce` the GOAWAY is sent now, and no SYN_STREAM of ours after it.
void Session::Impl::begin_shutdown(bool announce) {
  if (!is_open() || !ending_.begin_shutdown() || !announce) return;
  const Error how(Errc::kConnectionClosed, "the connection is shutting down");
  streams_.each([&](Stream& stream) {
    if (stream.is_over()) return;
    if (stream.is_idle()) {
      end_now(stream, how);
    } else if (stream.creator == Creator::kPeer && stream.id > streams_.last_accepted_id()) {
      // The GOAWAY will say that this stream was not processed.
      reset_on_wire(stream, wire::RstStatus::kRefusedStream);
      end_now(stream, how);
    }
  });
  send_goaway();
}

// ---- close

void Session::Impl::close(wire::GoAwayStatus status) {
  if (is_open()) return begin_closing(status, Error(), Held::kDropped);
  // The session has ended, and no longer waits for readers.
  const Error how = closed_here();
  streams_.each([&](Stream& stream) {
    if (stream.closed_reported || stream.receiving.is_gone()) return;
    drop_held(stream, how);
    due_.add(stream);
  });
}

void Session::Impl::drop_held(Stream& stream, const Error& how) {
  const std::size_t dropped = take_reader_away(stream, how);
  // The peer may be closing too, with data that waits for this window.
  if (stream.sending.leaves() || stream.sending.keep_on_close) consumed_by_stream(stream, dropped);
}

void Session::Impl::begin_closing(wire::GoAwayStatus status, const Error& reason, Held held) {
  if (!is_open()) return;
  ending_.close(status, reason);
  opening_.release();
  // SETTINGS of the user, queued before the opening, would now be sent after answers to PINGs.
  if (opening_.is_missing() && !ending_.goaway_sent()) control_.clear();
  const Error how = reason ? reason : closed_here();
  streams_.each([&](Stream& stream) {
    Sending& sending = stream.sending;
    // Queued data is sent first, then the FIN that was asked for, or the reset.
    const bool leaves = sending.leaves();
    if (held == Held::kDropped) drop_held(stream, how);
    if (stream.is_over()) {
      due_.add(stream);  // its end may have waited for its reader
    } else if (leaves) {
      if (sending.last == Sending::Last::kNothing) {
        sending.last = sending.keep_on_close ? Sending::Last::kFin : Sending::Last::kReset;
      }
      set_ends(stream, how);
    } else {
      if (!sending.keep_on_close) reset_on_wire(stream, wire::RstStatus::kCancel);
      end_after_held(stream, how);
    }
  });
}

// ---- the ends that do not wait

// Section 2.4.1: a GOAWAY is sent, and the connection is not used any more.
void Session::Impl::fail(const Error& error) {
  if (!ending_.takes_input()) return;
  if (finished()) return stop_output();  // too late to report the error
  ending_.fail(error);
  opening_.release();
  streams_.each([&](Stream& stream) { end_after_held(stream, error); });
}

// Ends the output; what is in the batch is dropped.
void Session::Impl::stop_output() {
  ending_.finish();
  windows_.over(held_.size());
  control_.clear();
  batch_.clear(dropped_);
  departures_.clear();
  dropped_.add(std::move(trace_));
}

void Session::Impl::abort(const Error& reason) {
  stop_output();
  streams_.each([&](Stream& stream) { end_now(stream, reason); });
}

void Session::Impl::receive_end(const Error& reason) {
  if (ending_.is_over()) return;
  const char* ended = decoder_.inside_frame() ? "the connection ended inside a frame"
                                              : "the peer closed the connection";
  const Error lost(Errc::kConnectionLost,
                   reason ? "connection lost: " + reason.message() : std::string(ended));
  const Error how = error() ? error() : lost;
  stop_output();
  streams_.each([&](Stream& stream) { end_after_held(stream, how); });
}

// ---- the end for want of memory, and of the session itself

void Session::Impl::abandon() noexcept {
  ending_.finish();
  windows_.over(0);
  control_.clear();
  departures_.clear();
  streams_.abandon();
}

void Session::Impl::free_abandoned() {
  // In locals, because destructors of what they own may call the session.
  [[maybe_unused]] const OutputBatch batch = std::move(batch_);
  [[maybe_unused]] const TraceHandler trace = std::move(trace_);
  [[maybe_unused]] const auto streams = streams_.take_abandoned();
  dropped_.free_all();
}

// ---- counters and trace

void Session::Impl::on_trace(TraceHandler&& handler) {
  if (!ending_.is_over()) std::swap(trace_, handler);
  dropped_.add(std::move(handler));
}

Stats Session::Impl::stats() const {
  Stats stats = stats_;
  stats.streams = streams_.unreported();
  stats.streams_by_state = streams_.count_by_state();
  stats.held_bytes = held_.size();
  stats.queued_bytes = queued_bytes();
  stats.flow_control = windows_.found();
  stats.queued_control_bytes = control_.size();
  allowances_.fill(stats);
  stats.send_window = windows_.send_available();
  stats.receive_window = windows_.receive_available();
  stats.receive_window_size = windows_.receive_size();
  return stats;
}

}  // namespace uvspdy::session
