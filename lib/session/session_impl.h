#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "session/control_output.h"
#include "session/output_batch.h"
#include "session/peer_flow_control.h"
#include "session/pings.h"
#include "session/rate_limit.h"
#include "session/reset_streams.h"
#include "session/send_scheduler.h"
#include "session/stream.h"
#include "session/window.h"
#include "uvspdy/session/session.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::session {

/// What a Session is made of. Its functions stand in the files session_*.cpp, one for each of the
/// groups below.
class UVSPDY_LOCAL Session::Impl {
 public:
  Impl(Role role, Options options, Handler& handler);

  // What Session promises, function by function.
  std::size_t receive(Bytes bytes, Time now);
  void receive_end(const Error& reason);
  bool wants_input() const;
  std::span<const Bytes> output();
  void output_sent(std::size_t count, Time now);
  bool has_output() const;
  std::optional<Time> deadline() const;
  void advance(Time now);
  Result<wire::StreamId> create_stream(Headers headers, const CreateOptions& options, Time now);
  Error reply(wire::StreamId id, Headers headers, bool fin);
  Error send_headers(wire::StreamId id, Headers headers, bool fin);
  Error write(wire::StreamId id, Buffer payload);
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
  bool is_open() const { return state_ == State::kOpen; }
  const Error& error() const { return error_; }
  std::size_t stream_count() const { return untold_streams_; }
  bool peer_gone_away() const { return peer_gone_away_; }
  void set_idle_timeout(std::chrono::milliseconds timeout, Time now);
  void on_trace(TraceHandler handler);
  Stats stats() const;

 private:
  enum class State {
    kOpen,     // frames flow
    kClosing,  // closed here: the rest of the output, then GOAWAY
    kFailed,   // the peer broke the protocol: GOAWAY
    kEnded,    // nothing comes in or goes out any more
  };

  // Frames that come in and concern a stream (session_receive.cpp). What they return is the
  // session's failure: the peer has broken the protocol, or a limit (section 2.4.1).
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
  bool takes_input() const { return state_ == State::kOpen || state_ == State::kClosing; }
  bool is_new_id(wire::StreamId id, Error& error);
  void note_peer_id(wire::StreamId id);
  bool may_come(wire::StreamId id, Stream* stream, StreamEvent event, Error& error);
  void drop_data(const wire::DataChunk& chunk, Stream* stream);
  void stop_sending(const wire::RstStreamFrame& frame);
  Error data_begins(const wire::DataChunk& chunk, Stream* stream);
  Error receive_data(Stream& stream, Bytes payload);
  void receive_fin(Stream& stream);
  void answer_stray(wire::StreamId id, wire::RstStatus status);
  Error stream_error(Stream& stream, wire::RstStatus status, std::string_view what,
                     Errc code = Errc::kProtocolError);
  Error count_reset();
  Error too_much_control() const;
  void fail(const Error& error);
  void trace_in(const wire::Decoded& decoded);

  // Frames that come in and concern the connection (session_receive_connection.cpp).
  Error handle(wire::SettingsFrame& frame);
  Error handle(wire::WindowUpdateFrame& frame);
  Error handle(wire::PingFrame& frame);
  Error handle(wire::GoAwayFrame& frame);
  Error set_peer_initial_window(std::uint32_t size);

  // Windows (session_windows.cpp).
  void open(Time now);
  bool may_send_data() const { return !flow_.keeps_to_windows() || send_window_.is_open(); }
  void schedule(Stream& stream);
  void consumed(Stream& stream, std::size_t bytes);
  void consumed_by_connection(std::size_t bytes);
  void consumed_by_stream(Stream& stream, std::size_t bytes);
  void give_window(ReceiveWindow& window, wire::StreamId id, std::size_t bytes);
  void windows_seen();
  void no_windows_seen();
  void move_receive_windows(std::int64_t difference);
  void note_blocked();
  void fail_blocked_writers();

  // Frames that go out (session_output.cpp).
  void fill_batch();
  void batch_sent();
  void send_unsent_streams();
  bool has_unsent_stream() const;
  void drop_unsent();
  void send_turn(Stream& stream);
  std::size_t send_data_turn(Stream& stream);
  void send_headers_turn(Stream& stream);
  void fin_sent(Stream& stream);
  void finish_sending(Stream& stream);
  void check_high_water(Stream& stream);
  void send_ping(Pings::Purpose purpose);
  bool is_pong(const wire::Decoded& decoded) const;
  void send_goaway();
  void send_reset(wire::StreamId id, wire::RstStatus status);
  void reset_on_wire(Stream& stream, wire::RstStatus status);

  // What the user does with streams (session_streams.cpp).
  Stream* find(wire::StreamId id) const;
  Stream* find_untold(wire::StreamId id) const;
  Stream* find_for_writing(wire::StreamId id, Error& error) const;
  Creator creator_of(wire::StreamId id) const;
  bool is_ours(wire::StreamId id) const { return creator_of(id) == Creator::kHere; }
  bool was_used(wire::StreamId id, const Stream* stream) const;
  Stream& add_stream(wire::StreamId id, std::uint8_t priority, bool unidirectional);
  bool happened(Stream& stream, StreamEvent event);
  void enter(Stream& stream, WireStates states);
  void stop_counting(Stream& stream);
  void note_queued(Stream& stream, std::size_t bytes);

  // What is held for readers, how streams end, and telling it (session_delivery.cpp).
  bool has_unread() const;
  void set_reader(wire::StreamId id, Receiving::Reader reader);
  Error keep_for_reader(Stream& stream, Bytes payload);
  void note_held(Stream& stream);
  std::size_t most_held(const Stream& stream) const;
  std::vector<std::uint8_t> take_held(Stream& stream);
  void drop_queued(Stream& stream);
  std::size_t take_reader_away(Stream& stream, const Error& how);
  void end_now(Stream& stream, const Error& how);
  void end_after_held(Stream& stream, const Error& how);
  void set_ends(Stream& stream, const Error& how);
  void forget_when_over(Stream& stream);
  void make_due(Stream& stream);
  void tell_received(Stream& stream);
  void tell(Stream& stream);
  void tell_all();

  // The connection (session_connection.cpp).
  enum class Held { kDelivered, kDropped };
  void begin_closing(wire::GoAwayStatus status, const Error& reason, Held held);
  void begin_shutdown(bool announce);
  bool has_more_to_say() const;
  bool windows_take(std::uint32_t initial_window) const;
  void stop_output();
  void expire_creates();
  void check_peer_is_alive();
  void keep_alive();

  Role role_;
  Options options_;
  Handler& handler_;
  State state_ = State::kOpen;
  Error error_;
  Stats stats_;  // its counters; `stats` fills in the rest

  wire::FrameDecoder decoder_;
  std::unordered_map<wire::StreamId, std::unique_ptr<Stream>> streams_;
  ResetStreams reset_streams_;
  bool data_accepted_ = false;  // the DATA frame that is coming in, for a stream that may have it
  wire::StreamId next_id_;      // of the next stream created here
  wire::StreamId last_peer_id_ = 0;              // the newest stream of the peer's
  wire::StreamId last_accepted_id_ = 0;          // the newest one replied to, for GOAWAY
  std::deque<wire::StreamId> unsent_;            // streams created here whose SYN_STREAM waits
  std::size_t our_streams_ = 0;                  // on the wire, and not closed there
  std::uint32_t peer_max_streams_ = 0xffffffff;  // its SETTINGS_MAX_CONCURRENT_STREAMS
  std::size_t peer_streams_ = 0;                 // the peer's that count against its limit
  std::size_t untold_streams_ = 0;               // those the handler has not been told the end of
  std::size_t peer_header_bytes_ = 0;            // that their headers take
  std::size_t streams_over_buffer_ = 0;          // those that hold so much that we do not read
  bool reading_again_ = false;  // wants_input has turned true since the last advance
  bool peer_gone_away_ = false;
  RateLimit resets_;
  RateLimit settings_;

  PeerFlowControlFinder flow_;
  bool opened_;  // the opening has been sent, or there is none
  SendWindow send_window_;
  ReceiveWindow receive_window_;
  std::int64_t growth_ = 0;  // of all streams' receive windows
  std::uint32_t peer_initial_window_ = wire::kDefaultWindow;
  std::int64_t receive_slack_ = 0;  // what a peer may send that has not seen our SETTINGS yet
  std::optional<Time> blocked_since_;

  bool output_held_;  // wait_for_client, until the client's first frame
  TraceHandler trace_;
  ControlOutput control_;
  SendScheduler scheduler_;
  OutputBatch batch_;
  std::vector<wire::StreamId> replies_queued_;    // their SYN_REPLY is in control_
  std::vector<wire::StreamId> replies_in_batch_;  // it is in the batch
  std::vector<wire::StreamId> fins_queued_;       // their FIN is in control_, on a SYN_REPLY
  std::vector<wire::StreamId> fins_in_batch_;     // their FIN is in the batch
  bool shutting_down_ = false;
  wire::GoAwayStatus goaway_status_ = wire::GoAwayStatus::kOk;
  bool goaway_sent_ = false;  // or queued

  std::vector<wire::StreamId> due_;      // streams that the next advance has to tell something of
  std::vector<wire::StreamId> telling_;  // those of the advance that is running

  Time now_{};
  std::optional<Time> last_frame_;     // in either direction, but for our PINGs and their answers
  std::optional<Time> last_received_;  // from the peer
  std::optional<Time> last_data_;      // DATA from the peer
  std::deque<std::pair<Time, wire::StreamId>> reply_deadlines_;
  std::optional<Time> next_ping_;
  Pings pings_;
  std::size_t periodic_pings_queued_ = 0;  // not in a batch yet
  bool only_pings_in_batch_ = false;       // periodic ones
};

}  // namespace uvspdy::session
