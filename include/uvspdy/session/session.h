#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/session/error.h"
#include "uvspdy/session/handler.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"
#include "uvspdy/session/trace.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// What a new stream is like beside its headers.
struct CreateOptions {
  std::uint8_t priority = 0;         ///< 0 (highest) to 7; a larger one is taken as 7
  wire::StreamId associated_to = 0;  ///< the stream it belongs to (section 2.6.1); 0: none
  bool fin = false;                  ///< we send nothing on it
  bool unidirectional = false;       ///< the peer sends nothing on it, and no SYN_REPLY
};

/// One endpoint of a SPDY/3.1 connection, without any I/O: bytes and the time come in, bytes and
/// deadlines go out. Whoever drives it does this, in a loop of any kind:
///
///     on bytes from the transport:  receive(bytes, now), if wants_input(), until all are taken
///     at the transport's end:       receive_end(error)
///     at deadline():                advance(now)
///     whenever output() has spans:  write them, then output_sent(count)
///
/// Functions that send (create_stream, reply, write, end, reset, ping, close) only queue;
/// they never call the Handler, and what they cause to be told is told by an `advance`, for which
/// deadline() is then already past.
class UVSPDY_EXPORT Session {
 public:
  /// `handler` must outlive the session.
  Session(Role role, Options options, Handler& handler);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // What comes in.

  /// Takes bytes from the transport, cut anywhere, and says how many, which may be less than all.
  /// What it has not taken is to be given again, in a later turn and ahead of newer bytes. The view
  /// need only be valid during the call. A session that has ended takes everything and drops it. A
  /// violation of the protocol ends the session: see error().
  std::size_t receive(Bytes bytes, Time now);

  /// The transport has ended: in order (success) or with an error. Every stream that is still open
  /// is closed with kConnectionLost, or with error() if the session had ended by itself, after what
  /// it holds has been delivered, to a paused reader too.
  void receive_end(const Error& reason);

  /// Whether the transport should be read. False while paused readers hold more than
  /// Limits::connection_buffer, or one with OverflowPolicy::kStopReading more than
  /// Limits::stream_buffer; a peer that keeps to the windows never gets there.
  bool wants_input() const;

  // What goes out.

  /// What is ready to be sent, as spans for one gathered write; empty when nothing is. The spans
  /// stay valid, and the same, until output_sent has taken all of them, or abort or receive_end
  /// has ended the output: close the transport before those if it still reads the spans. Control
  /// frames come first, answers to PINGs before all; then DATA by priority, in turns of
  /// Options::max_data_frame, as far as the windows allow.
  std::span<const Bytes> output();

  /// The first `count` bytes of output() are with the transport. Ignored once the output has
  /// ended.
  void output_sent(std::size_t count, Time now);

  /// Whether there is anything to send, now or once wait_for_client is over. DATA that waits for a
  /// window does not count.
  bool has_output() const;

  // Time.

  /// When `advance` must be called at the latest; nothing if there is nothing to wait for.
  std::optional<Time> deadline() const;

  /// Does what is due: timeouts, the PING period, and telling the Handler what other calls caused.
  void advance(Time now);

  // Streams.

  /// Queues a SYN_STREAM. The id names the stream from here on; data may be written at once and is
  /// held back until the SYN_REPLY (Go's spdystream drops what comes earlier). While the peer has
  /// as many of our streams as its SETTINGS_MAX_CONCURRENT_STREAMS allows, the SYN_STREAM waits,
  /// and Options::create_timeout runs.
  ///
  /// Errors: kGoneAway, kConnectionClosed (also after `shutdown`), kIdsExhausted (the session then
  /// shuts down by itself), and those of wire::FrameEncoder.
  Result<wire::StreamId> create_stream(Headers headers, const CreateOptions& options, Time now);

  /// Accepts a stream of the peer's with a SYN_REPLY; with `fin` we send nothing on it beyond what
  /// was written already.
  /// Errors: kNoSuchStream, kAlreadyReplied, and those of wire::FrameEncoder.
  Error reply(wire::StreamId id, Headers headers, bool fin = false);

  /// Queues a HEADERS frame behind what was written (section 2.6.7); with `fin` it is the last
  /// frame of ours. Go's httpstream does not read HEADERS and blocks for good: not for such peers.
  /// Errors: kNoSuchStream, kStreamClosed, and those of wire::FrameEncoder.
  Error send_headers(wire::StreamId id, Headers headers, bool fin = false);

  /// Queues payload. Never blocks: use `writable` to stay bounded. The buffer's owner is freed once
  /// the transport has the payload, or it is given up: at the end of a function of the session, and
  /// never in the middle. So it may call every function of the session but `receive`,
  /// `receive_end`, `advance` and the destructor: write the next piece, or abort. Errors:
  /// kNoSuchStream, kStreamClosed (after `end` or `reset`, or ended by the peer).
  Error write(wire::StreamId id, Buffer payload);

  /// Whether more is welcome: false from Limits::write_high_water bytes, or Limits::write_buffers
  /// buffers, on, until half of that has left, which on_writable tells; false also when the stream
  /// is closed for writing.
  bool writable(wire::StreamId id) const;

  /// Sends FLAG_FIN behind what was written. Harmless when our direction has ended or was ended
  /// before.
  void end(wire::StreamId id);

  /// Sends RST_STREAM (CANCEL) behind what was written, in place of FLAG_FIN: for data that is not
  /// whole. Reading goes on until the reset has gone out; then both directions end with kResetHere,
  /// the peer's behind what has come by then. A peer that does not take what was written gets the
  /// reset without it, after Options::break_off_timeout. Harmless like `end`; behind an `end`
  /// nothing happens.
  void end_with_reset(wire::StreamId id);

  /// Sends RST_STREAM at once; what was queued or held is dropped, and both directions end with
  /// kResetHere. A stream that the peer has ended, and that still holds what its reader has not
  /// taken, is given up likewise, without a frame. Harmless on an id that names no stream.
  void reset(wire::StreamId id, wire::RstStatus status);

  /// Stops, and restarts, on_data and on_received for a stream. What arrives meanwhile is held, and
  /// the peer's window is not given back until the reader has had it. Like `hold`, `discard`,
  /// `set_overflow` and `keep_on_close` they do nothing for an id that names no stream.
  void pause(wire::StreamId id);
  void resume(wire::StreamId id);

  /// Nobody reads yet: like `pause`, but an end that no held data stands before is told. `resume`,
  /// `pause` and `discard` end it.
  void hold(wire::StreamId id);

  /// The reader has left for good: what is held and what still comes is dropped, and counts against
  /// nothing; the peer's window is given back. on_received is told all the same, paused or not.
  void discard(wire::StreamId id);

  /// What happens when this stream, paused, holds more than Limits::stream_buffer.
  void set_overflow(wire::StreamId id, OverflowPolicy policy);

  /// Nothing when the id names no stream whose end is still to be told.
  std::optional<StreamStats> stream_stats(wire::StreamId id) const;

  /// Leaves a stream out when `close` resets the others: FLAG_FIN goes behind what is queued on it,
  /// and nothing if nothing is queued. The handler is told kConnectionClosed all the same.
  void keep_on_close(wire::StreamId id);

  // The connection.

  /// Queues a PING; on_pong follows. Errors: kConnectionClosed.
  Result<std::uint32_t> ping(Time now);

  /// Queues a SETTINGS frame, sorted by id. kInitialWindowSize moves the windows of all open
  /// streams by the difference; kMaxConcurrentStreams replaces Limits::concurrent_streams.
  /// Errors: kConnectionClosed; kBadSettings for an id twice, an initial window of 0 or past
  /// 2^31-1, persistence asked for by a client or `clear` on one, values returned as persisted by a
  /// server, and with FlowControl::kNone.
  Error send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear = false);

  /// Graceful end: no new stream from either side; once the last open one is over, `close`. A peer
  /// that keeps to windows is sent the GOAWAY at once, as section 2.6.6 has it. Go's httpstream
  /// reads nothing behind a GOAWAY, so any other peer gets it last, and REFUSED_STREAM until then.
  void shutdown(Time now);

  /// Orderly end from this side: what was written still leaves, with the FIN behind it where one
  /// was asked for; each stream that is then still open is reset (CANCEL), then GOAWAY. What is
  /// held for paused readers is dropped. Streams are told kConnectionClosed at the next advance.
  /// When finished() is true the transport can be shut down. When the session has ended before,
  /// what is still held is dropped all the same, and its readers hear kConnectionClosed.
  void close(wire::GoAwayStatus status);

  /// Ends at once: nothing more is sent, and what is held, for paused readers too, is dropped.
  /// Every stream is told `reason` at the next advance.
  void abort(const Error& reason);

  /// The session has ended, from whichever side, and all that it had to send is sent.
  bool finished() const;

  /// False once the session has ended, from whichever side.
  bool is_open() const;

  /// Why the session ended by itself: the peer's violation of the protocol, kLimitExceeded,
  /// kIdleTimeout or kPeerDead; success if it has not.
  const Error& error() const;

  /// Streams that the Handler has not been told the end of.
  std::size_t stream_count() const;

  /// Whether the peer has sent GOAWAY.
  bool peer_gone_away() const;

  /// Replaces Options::idle_timeout, and begins it anew.
  void set_idle_timeout(std::chrono::milliseconds timeout, Time now);

  /// Has each frame seen, in and out, until the session has ended; empty turns that off, which
  /// costs one branch a frame.
  void on_trace(TraceHandler handler);

  /// What it has done and what it holds; also when it has ended.
  Stats stats() const;

  /// Of these, Stats::queued_bytes and Stats::bytes_sent, at no cost.
  std::size_t queued_bytes() const;
  std::uint64_t bytes_sent() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::session
