#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "session/allowances.h"
#include "session/control_output.h"
#include "session/departures.h"
#include "session/dropped.h"
#include "session/due_streams.h"
#include "session/ending.h"
#include "session/held_input.h"
#include "session/liveness.h"
#include "session/opening.h"
#include "session/output_batch.h"
#include "session/pings.h"
#include "session/reset_streams.h"
#include "session/round_trips.h"
#include "session/send_scheduler.h"
#include "session/stream.h"
#include "session/stream_table.h"
#include "session/windows.h"
#include "session/write_room.h"
#include "uvspdy/session/session.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::session {

/// The parts of a Session, and the functions that connect them. They are defined in the files
/// session_*.cpp, one file for each group below.
class UVSPDY_LOCAL Session::Impl {
 public:
  Impl(Role role, Options options, Handler& handler);
  ~Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Frees the objects of the user that are no longer needed: the last act of each function of
  /// Session.
  void free_dropped() { dropped_.free_all(); }

  /// Ends the session without memory, and from any state: an exception, which is bad_alloc, has
  /// left one of its functions. Nobody is told of it. All streams are forgotten; what they and the
  /// batch own is freed by `free_abandoned`, because a call further out may still use it.
  void abandon() noexcept;
  void free_abandoned();

  // The functions of Session, in their order.
  std::size_t receive(Bytes bytes, Time now);
  void receive_end(const Error& reason);
  bool wants_input() const { return held_.wants_input() && !is_slowing(); }
  bool slows_peer(Time now) const;
  void fill_output();
  std::span<const Bytes> output() const;
  void output_sent(std::size_t count, Time now);
  bool has_output() const;
  std::optional<Time> deadline() const;
  void advance(Time now);
  Result<wire::StreamId> create_stream(Headers headers, const CreateOptions& options, Time now);
  Error reply(wire::StreamId id, Headers headers, bool fin);
  Error send_headers(wire::StreamId id, Headers headers, bool fin);
  Error write(wire::StreamId id, Buffer&& payload);
  bool writable(wire::StreamId id) const;
  void end(wire::StreamId id);
  void end_with_reset(wire::StreamId id);
  void reset(wire::StreamId id, wire::RstStatus status);
  void pause(wire::StreamId id);
  void resume(wire::StreamId id);
  void hold(wire::StreamId id);
  void discard(wire::StreamId id);
  void set_overflow(wire::StreamId id, OverflowPolicy policy);
  std::optional<StreamStats> stream_stats(wire::StreamId id) const;
  void keep_on_close(wire::StreamId id);
  Result<std::uint32_t> ping(Time now);
  Error send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear);
  void shutdown(Time now);
  void close(wire::GoAwayStatus status);
  void abort(const Error& reason);
  bool finished() const;
  bool is_open() const { return ending_.is_open(); }
  const Error& error() const { return ending_.error(); }
  std::size_t stream_count() const { return streams_.unreported(); }
  bool peer_gone_away() const { return ending_.peer_gone_away(); }
  void set_idle_timeout(std::chrono::milliseconds timeout, Time now);
  void on_trace(TraceHandler&& handler);
  Stats stats() const;
  std::size_t queued_bytes() const { return write_room_.queued() + batch_.payload_size(); }
  std::uint64_t bytes_sent() const { return stats_.bytes_sent; }

 private:
  // Received frames of streams (session_receive.cpp). The errors that they return end the session:
  // the peer has broken the protocol or a limit (section 2.4.1).
  Error take(wire::Decoded& decoded);
  Error handle(wire::NeedMoreInput&) { return {}; }
  Error handle(wire::UnknownFrame&) { return {}; }  // skipped by its length (section 2.2.1)
  Error handle(wire::DataChunk& chunk);
  Error handle(wire::SynStreamFrame& frame);
  Error handle(wire::SynReplyFrame& frame);
  Error handle(wire::HeadersFrame& frame);
  Error handle(wire::RstStreamFrame& frame);
  Error handle(wire::InvalidHeaderBlock& frame);
  Error handle_while_closing(wire::Decoded& decoded);
  bool is_new_id(wire::StreamId id, Error& error);
  bool may_come(wire::StreamId id, Stream* stream, StreamEvent event, Error& error);
  void drop_data(const wire::DataChunk& chunk, Stream* stream);
  void stop_sending(Stream& stream);
  Error data_begins(const wire::DataChunk& chunk, Stream* stream);
  Error receive_data(Stream& stream, Bytes payload);
  Error overflow(Stream& stream, std::size_t bytes);
  void receive_fin(Stream& stream);
  void answer_with_reset(wire::StreamId id, wire::RstStatus status);
  void answer_stray(wire::StreamId id, wire::RstStatus status);
  Error stream_error(Stream& stream, wire::RstStatus status, std::string_view what,
                     Errc code = Errc::kProtocolError);
  void charge(const wire::Decoded& decoded);
  Error too_many_answers() const;
  void trace_in(const wire::Decoded& decoded);

  // Received frames of the connection (session_receive_connection.cpp).
  Error handle(wire::SettingsFrame& frame);
  Error handle(wire::WindowUpdateFrame& frame);
  Error handle(wire::PingFrame& frame);
  Error handle(wire::GoAwayFrame& frame);
  Error set_peer_initial_window(std::uint32_t size);
  bool is_pong(const wire::Decoded& decoded) const;

  // Windows (session_windows.cpp).
  void open(Time now);
  void schedule(Stream& stream);
  void consumed(Stream& stream, std::size_t bytes);
  void consumed_by_connection(std::size_t bytes);
  void consumed_by_stream(Stream& stream, std::size_t bytes);
  void give_window(std::uint32_t delta, wire::StreamId id);
  void follow_link();
  void make_room_to_hold(std::size_t bytes);
  Windows::Moment moment() const;
  void windows_seen();
  void no_windows_seen();
  bool has_blocked() const { return scheduler_.has_blocked(windows_.may_send()); }
  void give_to_silent_peer();
  void note_blocked();
  void fail_blocked_writers();

  // Frames that are sent (session_output.cpp).
  void fill_batch();
  void batch_sent();
  bool has_unsent_stream() const { return streams_.has_unsent() && is_open(); }
  void send_unsent_streams();
  void send_turn(Stream& stream);
  std::size_t send_data_turn(Stream& stream);
  void send_headers_turn(Stream& stream);
  void fin_sent(Stream& stream);
  void finish_sending(Stream& stream);
  void note_left(Stream& stream, std::size_t bytes);
  void send_goaway();
  void reset_on_wire(Stream& stream, wire::RstStatus status);

  // Calls of the user for streams (session_streams.cpp).
  Stream* find_unreported(wire::StreamId id);
  Stream* find_for_writing(wire::StreamId id, Error& error);
  void note_queued(Stream& stream, std::size_t bytes);
  static bool writable(const Stream& stream) {
    return stream.sending.takes_more() && WriteRoom::has_room(stream);
  }
  bool is_stuck() const { return windows_.may_send() && !has_output(); }
  void report_lost_room();
  void grant_room();
  void forget_when_over(Stream& stream);
  void set_reader(wire::StreamId id, Receiving::Reader reader);

  // Ends of streams, and calls of the handler (session_delivery.cpp).
  void drop_queued(Stream& stream);
  std::size_t take_reader_away(Stream& stream, const Error& how);
  void end_now(Stream& stream, const Error& how);
  void end_after_held(Stream& stream, const Error& how);
  void set_ends(Stream& stream, const Error& how);
  void report_received(Stream& stream);
  void report(Stream& stream);

  // Time (session_time.cpp).
  Liveness::Reading reading() const;
  bool is_slowing() const {
    return allowances_.is_slowing() && ending_.takes_input() && !finished();
  }
  void end_slowing();
  void end_late_creates();
  void end_late_breaks();
  void close_when_idle();
  void close_when_peer_is_dead();
  void send_periodic_ping();
  bool may_send_pings() const { return is_open() && !opening_.is_held(); }

  // PINGs and SETTINGS that this side sends (session_settings.cpp).
  Error check_settings(const std::vector<wire::SettingsFrame::Entry>& entries, bool clear) const;
  bool windows_take(std::uint32_t initial_window) const;

  // The end of the session (session_ending.cpp).
  enum class Held { kDelivered, kDropped };
  void begin_closing(wire::GoAwayStatus status, const Error& reason, Held held);
  void drop_held(Stream& stream, const Error& how);
  void begin_shutdown(bool announce);
  bool has_more_to_say() const;
  void stop_output();
  void fail(const Error& error);

  const Role role_;
  Options options_;
  Handler& handler_;
  Time now_{};
  Stats stats_;  // its counters; `stats` fills in the rest
  TraceHandler trace_;

  // Input.
  wire::FrameDecoder decoder_;
  bool data_accepted_ = false;  // whether a stream takes the current DATA frame
  ResetStreams reset_streams_;
  Allowances allowances_;

  Windows windows_;
  StreamTable streams_;
  WriteRoom write_room_;
  HeldInput held_;
  DueStreams due_;
  Liveness liveness_;
  Pings pings_;
  RoundTrips round_trips_;
  Ending ending_;

  // Output.
  Opening opening_;
  ControlOutput control_;
  SendScheduler scheduler_;
  OutputBatch batch_;
  Departures departures_;
  Dropped dropped_;
};

}  // namespace uvspdy::session
