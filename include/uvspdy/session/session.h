#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/session/error.h"
#include "uvspdy/session/handler.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame_decoder.h"
#include "uvspdy/wire/frame_encoder.h"

namespace uvspdy::session {

struct Stream;
class SendScheduler;
class OutputBatch;

/// What a new stream is like beside its headers.
struct CreateOptions {
  std::uint8_t priority = 0;         ///< 0 (highest) to 7
  wire::StreamId associated_to = 0;  ///< 0: independent
  bool fin = false;                  ///< we send nothing on it
  bool unidirectional = false;       ///< the peer sends nothing on it, and no SYN_REPLY
};

/// Counters since the session began.
struct Stats {
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::size_t streams = 0;       ///< open now
  std::size_t held_bytes = 0;    ///< received and waiting for paused readers
  std::size_t queued_bytes = 0;  ///< written to streams and not with the transport; a gathered
                                 ///< write counts until all of it is
};

/// One endpoint of a SPDY/3.1 connection, without any I/O: bytes and the time come in, bytes and
/// deadlines go out. Whoever drives it does this, in a loop of any kind:
///
///     on bytes from the transport:  receive(bytes, now), if wants_input()
///     at the transport's end:       receive_end(error)
///     at deadline():                advance(now)
///     whenever output() has spans:  write them, then output_sent(count)
///
/// Functions that send (create_stream, reply, write, close_stream, reset, ping, close) only queue;
/// they never call the Handler, and what they cause to be told is told by an `advance`, for which
/// deadline() is then already past.
class Session {
 public:
  /// `handler` must outlive the session.
  Session(Role role, Options options, Handler& handler);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // What comes in.

  /// Takes bytes from the transport, cut anywhere. The view need only be valid during the call.
  /// A violation of the protocol ends the session: see error().
  void receive(Bytes bytes, Time now);

  /// The transport has ended: in order (success) or with an error. Every stream that is still open
  /// is closed with kConnectionLost, after what it holds has been delivered.
  void receive_end(const Error& reason);

  /// Whether the transport should be read. False while paused readers hold more than
  /// Limits::stream_buffer or Limits::connection_buffer.
  bool wants_input() const;

  // What goes out.

  /// What is ready to be sent, as spans for one gathered write; empty when nothing is. The spans
  /// stay valid, and the same, until output_sent has taken all of them, or abort or receive_end
  /// has ended the output: close the transport before those if it still reads the spans. Control
  /// frames come first, answers to PINGs before all; then DATA by priority, in turns of
  /// Options::max_data_frame.
  std::span<const Bytes> output();

  /// The first `count` bytes of output() are with the transport. Ignored once the output has
  /// ended.
  void output_sent(std::size_t count, Time now);

  /// Whether there is anything to send, now or once wait_for_client is over.
  bool has_output() const;

  // Time.

  /// When `advance` must be called at the latest; nothing if there is nothing to wait for.
  std::optional<Time> deadline() const;

  /// Does what is due: timeouts, the PING period, and telling the Handler what other calls caused.
  void advance(Time now);

  // Streams.

  /// Queues a SYN_STREAM. The id names the stream from here on; data may be written at once and is
  /// held back until the SYN_REPLY (Go's spdystream drops what comes earlier).
  ///
  /// Errors: kGoneAway, kConnectionClosed, kIdsExhausted, and those of wire::FrameEncoder.
  Result<wire::StreamId> create_stream(Headers headers, const CreateOptions& options, Time now);

  /// Accepts a stream of the peer's with a SYN_REPLY.
  /// Errors: kNoSuchStream, kAlreadyReplied, and those of wire::FrameEncoder.
  Error reply(wire::StreamId id, Headers headers);

  /// Queues payload. Never blocks: use `writable` to stay bounded.
  /// Errors: kNoSuchStream, kStreamClosed (after close_stream or reset, or ended by the peer).
  Error write(wire::StreamId id, Buffer payload);

  /// Whether more is welcome: false from Limits::write_high_water bytes, or Limits::write_buffers
  /// buffers, on, until half of that has left, which on_writable tells; false also when the stream
  /// is closed for writing.
  bool writable(wire::StreamId id) const;

  /// Sends FLAG_FIN behind what was written.
  /// Errors: kNoSuchStream, kStreamClosed (it was closed before).
  Error close_stream(wire::StreamId id);

  /// Sends RST_STREAM at once; what was queued or held is dropped. on_stream_closed follows with
  /// kResetHere. A stream that the peer has ended, and that still holds what its reader has not
  /// taken, is given up likewise, without a frame. Errors: kNoSuchStream.
  Error reset(wire::StreamId id, wire::RstStatus status);

  /// Stops, and restarts, on_data for a stream. What arrives meanwhile is held.
  void pause(wire::StreamId id);
  void resume(wire::StreamId id);

  /// Leaves a stream out when `close` resets the others.
  void keep_on_close(wire::StreamId id);

  // The connection.

  /// Queues a PING; on_pong follows. Errors: kConnectionClosed.
  Result<std::uint32_t> ping(Time now);

  /// Orderly end from this side: what was written still leaves, with the FIN behind it where one
  /// was asked for; each stream that is then still open is reset (CANCEL), then GOAWAY. What is
  /// held for paused readers is dropped. Streams are told kConnectionClosed at the next advance.
  /// When finished() is true the transport can be shut down.
  void close(wire::GoAwayStatus status);

  /// Ends at once: nothing more is sent; every stream is told `reason`.
  void abort(const Error& reason);

  /// The session has ended, from whichever side, and all that it had to send is sent.
  bool finished() const;

  /// False once the session has ended, from whichever side.
  bool is_open() const { return state_ == State::kOpen; }

  /// Why the session ended by itself: the peer's violation of the protocol, or kIdleTimeout;
  /// success if it has not.
  const Error& error() const { return error_; }

  /// Streams that the Handler has not been told the end of.
  std::size_t stream_count() const;

  /// Whether the peer has sent GOAWAY.
  bool peer_gone_away() const { return peer_gone_away_; }

  void set_idle_timeout(std::chrono::milliseconds timeout, Time now);

  Stats stats() const;

 private:
  enum class State {
    kOpen,     // frames flow
    kClosing,  // closed here: the rest of the output, then GOAWAY
    kFailed,   // the peer broke the protocol: GOAWAY
    kEnded,    // nothing comes in or goes out any more
  };

  // Frames that come in (session_receive.cpp).
  void handle(wire::NeedMoreInput) {}
  void handle(wire::DataChunk& chunk);
  void handle(wire::SynStreamFrame& frame);
  void handle(wire::SynReplyFrame& frame);
  void handle(wire::RstStreamFrame& frame);
  void handle(wire::SettingsFrame& frame);
  void handle(wire::PingFrame& frame);
  void handle(wire::GoAwayFrame& frame);
  void handle(wire::HeadersFrame& frame);
  void handle(wire::WindowUpdateFrame& frame);
  void handle(wire::UnknownFrame& frame);
  void handle(wire::InvalidHeaderBlock& frame);
  bool accept_new_id(wire::StreamId id);
  void receive_data(Stream& stream, Bytes payload);
  void receive_fin(Stream& stream);
  void receive_while_closing(const wire::Decoded& decoded);
  void unexpected_frame(wire::StreamId id, const char* frame);
  void stream_error(wire::StreamId id, wire::RstStatus status, std::string_view what);
  void fail(const Error& error);

  // Frames that go out (session_output.cpp).
  void fill_batch();
  void send_turn(Stream& stream);
  void finish_sending(Stream& stream);
  void trace_out(const std::vector<std::uint8_t>& queue, wire::FrameType type, wire::StreamId id,
                 std::size_t start, std::uint32_t value, const Headers* headers);
  void control_queued(wire::FrameType type, wire::StreamId id, std::size_t start,
                      std::uint32_t value, const Headers* headers);
  void queue_ping(std::uint32_t id);
  void queue_goaway();
  void queue_reset(wire::StreamId id, wire::RstStatus status);
  void check_control_limit();

  // Streams (session_streams.cpp).
  Stream* find(wire::StreamId id) const;
  Stream* find_any(wire::StreamId id) const;
  bool is_ours(wire::StreamId id) const { return (id & 1) == (role_ == Role::kClient ? 1u : 0u); }
  bool was_used(wire::StreamId id) const;
  Stream& add_stream(wire::StreamId id, std::uint8_t priority);
  void may_send_now(Stream& stream);
  std::vector<std::uint8_t> take_held(Stream& stream);
  void drop_held(Stream& stream);
  void drop_queued(Stream& stream);
  void give_up_held(Stream& stream, const Error& how);
  void end_now(Stream& stream, const Error& how);
  void end_after_held(Stream& stream, const Error& how);
  void close_when_done(Stream& stream);
  void forget_when_over(Stream& stream);
  void make_due(Stream& stream);
  void deliver(Stream& stream);

  // The connection (session.cpp).
  enum class Held { kDelivered, kDropped };
  void begin_closing(wire::GoAwayStatus status, const Error& reason, Held held);
  void stop_output();
  void expire_creates();
  void tell();
  std::uint32_t send_ping();
  void trace_in(wire::FrameType type, wire::StreamId id, std::uint32_t value,
                const Headers* headers);

  Role role_;
  Options options_;
  Handler& handler_;
  State state_ = State::kOpen;
  Error error_;
  Stats stats_;

  wire::FrameDecoder decoder_;
  wire::FrameEncoder encoder_;
  std::unordered_map<wire::StreamId, std::unique_ptr<Stream>> streams_;
  wire::StreamId next_id_;               // of the next stream created here
  wire::StreamId last_peer_id_ = 0;      // the newest stream of the peer's
  wire::StreamId last_accepted_id_ = 0;  // the newest one replied to, for GOAWAY
  std::size_t peer_streams_ = 0;         // open ones that the peer created
  std::size_t untold_streams_ = 0;       // those the handler has not been told the end of
  std::size_t peer_header_bytes_ = 0;    // that their headers take
  std::size_t streams_over_buffer_ = 0;  // those that hold more than Limits::stream_buffer
  bool reading_again_ = false;           // wants_input has turned true since the last advance
  bool peer_gone_away_ = false;

  bool output_held_;                  // wait_for_client, until the client's first frame
  std::vector<std::uint8_t> urgent_;  // answers to PINGs
  std::vector<std::uint8_t> control_;
  std::unique_ptr<SendScheduler> scheduler_;
  std::unique_ptr<OutputBatch> batch_;
  std::vector<wire::StreamId> replies_queued_;    // their SYN_REPLY is in control_
  std::vector<wire::StreamId> replies_in_batch_;  // it is in the batch
  std::vector<wire::StreamId> fins_in_batch_;     // their FIN is in the batch
  wire::GoAwayStatus goaway_status_ = wire::GoAwayStatus::kOk;
  bool goaway_queued_ = false;

  // What the next advance tells.
  std::vector<wire::StreamId> due_;
  std::vector<wire::StreamId> writable_due_;
  std::vector<wire::StreamId> replies_sent_due_;
  std::vector<wire::StreamId> fins_sent_due_;
  std::vector<wire::StreamId> telling_;  // the list that is being told

  Time now_{};
  std::optional<Time> last_frame_;
  std::deque<std::pair<Time, wire::StreamId>> reply_deadlines_;
  std::optional<Time> next_ping_;
  std::uint32_t next_ping_id_;
  std::unordered_map<std::uint32_t, Time> pings_;  // those of `ping`, not those of the period
};

}  // namespace uvspdy::session
