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

/// Properties of a new stream, apart from its headers.
struct CreateOptions {
  std::uint8_t priority = 0;         ///< 0 (highest) to 7; larger values count as 7
  wire::StreamId associated_to = 0;  ///< the stream it depends on (section 2.6.1); 0: none
  bool fin = false;                  ///< the SYN_STREAM carries FLAG_FIN: we send nothing more
  bool unidirectional = false;       ///< only we send: no SYN_REPLY, no data from the peer
};

/// One endpoint of a SPDY/3.1 connection, as a state machine without I/O. Its caller passes
/// received bytes and the time to it and sends the bytes that it gives back, in a loop of any kind:
///
///     on bytes from the transport:  receive(bytes, now), if wants_input(), until all are taken
///     at the transport's end:       receive_end(error)
///     at deadline():                advance(now)
///     whenever output() has spans:  write them, then output_sent(count)
///
/// The Handler is called only inside `receive`, `receive_end` and `advance`. The other functions
/// queue frames and record changes; calls of the Handler that these cause are made by the next
/// `advance`, for which deadline() is then already past.
///
/// When memory runs out, std::bad_alloc leaves the function, and the session is over: finished() is
/// true, all streams are gone, and the Handler is not called any more. A call inside a handler must
/// be caught there, and has the same effect.
class UVSPDY_EXPORT Session {
 public:
  /// `handler` must outlive the session.
  Session(Role role, Options options, Handler& handler);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Input.

  /// Processes bytes that the transport has received, cut anywhere; the view is used only during
  /// the call. Returns how many bytes were taken: those of at most 64 frames, so that one
  /// connection does not keep a loop from the others. Pass the rest again before newer bytes, in a
  /// later turn of the loop. Takes nothing while the peer is slowed because it exceeds a rate of
  /// Limits; wants_input() is then false, and deadline() is when to
  /// call `advance`, which makes it true. A session that has
  /// ended takes and ignores everything. A peer that breaks the protocol or a limit ends the
  /// session: see error().
  std::size_t receive(Bytes bytes, Time now);

  /// Reports that the transport has ended: in order (success) or with an error. Every stream still
  /// open ends with kConnectionLost, or with error() if that is set. Data that is buffered for a
  /// stream is delivered before its end; if its reader has paused, once it resumes.
  void receive_end(const Error& reason);

  /// Whether the transport should be read. False while the peer is slowed, because it exceeds a
  /// rate of Limits; while all paused readers together have more than Limits::connection_buffer
  /// bytes buffered; and while one stream with OverflowPolicy::kStopReading has more than
  /// Limits::stream_buffer. A peer that respects the windows never causes the last two.
  bool wants_input() const;

  /// Whether `receive` takes nothing at `now`, because the peer exceeds a rate of Limits.
  bool slows_peer(Time now) const;

  // Output.

  /// The bytes to send next, as spans for one gathered write; empty when there are none. The spans
  /// stay valid and unchanged until output_sent has confirmed all of them, or until `abort` or
  /// `receive_end`; before calling those, close a transport that still reads them. Order: the
  /// opening, answers to PINGs, other control frames; HEADERS, and FLAG_FINs without data; DATA by
  /// priority, in frames of at most Options::max_data_frame bytes, as far as the windows allow.
  std::span<const Bytes> output();

  /// Confirms that the transport has taken the first `count` bytes of output(). Does nothing after
  /// `abort` or `receive_end`.
  void output_sent(std::size_t count, Time now);

  /// Whether there is anything to send, now or once wait_for_client no longer holds it back. DATA
  /// that waits for a window or a SYN_REPLY does not count.
  bool has_output() const;

  // Time.

  /// The latest moment at which to call `advance`; nothing if no event is pending.
  std::optional<Time> deadline() const;

  /// Applies the timeouts that are due, sends a PING if Options::ping_period asks for one, and
  /// makes the calls of the Handler that are due: those of at most 64 streams. deadline() is past
  /// as long as others are left.
  void advance(Time now);

  // Streams.

  /// Creates a stream: queues its SYN_STREAM (section 2.6.1) and returns its id. Data written
  /// before the SYN_REPLY is buffered until then, because Go's spdystream drops data that comes
  /// earlier. While the peer has as many of our streams as its SETTINGS_MAX_CONCURRENT_STREAMS
  /// allows, the SYN_STREAM waits; Options::create_timeout includes that time.
  ///
  /// Errors: kGoneAway, kConnectionClosed (also after `shutdown`), kIdsExhausted (the session then
  /// shuts down by itself), and those of wire::FrameEncoder::encode.
  Result<wire::StreamId> create_stream(Headers headers, const CreateOptions& options, Time now);

  /// Accepts a stream of the peer's: queues a SYN_REPLY (section 2.6.2). With `fin` our direction
  /// ends after the data that was already written. Does nothing for a unidirectional stream, which
  /// takes no reply.
  /// Errors: kNoSuchStream, kAlreadyReplied, and those of wire::FrameEncoder::encode.
  Error reply(wire::StreamId id, Headers headers, bool fin = false);

  /// Queues a HEADERS frame after the data already written (section 2.6.7); with `fin` it ends our
  /// direction. A peer with Go's httpstream never reads HEADERS, and then blocks for good.
  /// Errors: kNoSuchStream, kStreamClosed, and those of wire::FrameEncoder::encode.
  Error send_headers(wire::StreamId id, Headers headers, bool fin = false);

  /// Queues payload. Never blocks: check `writable` to limit memory. The buffer's owner is freed
  /// when the transport has taken the payload or the payload is dropped, and always at the end of a
  /// call. So its destructor may call every function but `receive`, `receive_end`, `advance` and
  /// the destructor. Errors: kNoSuchStream, kStreamClosed (our direction has ended, by either
  /// side).
  Error write(wire::StreamId id, Buffer payload);

  /// Whether the writer should go on: false from Limits::write_high_water queued bytes, or
  /// Limits::write_buffers queued buffers, on; true again, with on_writable, when half is left of
  /// both. Past Limits::connection_write_high_water of all streams it is false, with on_full, until
  /// it is the stream's turn. Also false after `end` or `end_with_reset`, and once our direction
  /// has ended.
  bool writable(wire::StreamId id) const;

  /// Ends our direction: FLAG_FIN (section 2.3.6) is sent after the data already written. Does
  /// nothing after an earlier `end` or `end_with_reset`, or once our direction has ended.
  void end(wire::StreamId id);

  /// Breaks our direction off, for data that is incomplete: RST_STREAM (CANCEL) is sent after the
  /// data already written, in place of FLAG_FIN. Then both directions end with kResetHere, the
  /// peer's after the data received so far. If the peer takes too little of the data for
  /// Options::break_off_timeout, the rest is dropped and the reset sent. Does nothing in the
  /// same cases as `end`.
  void end_with_reset(wire::StreamId id);

  /// Sends RST_STREAM (section 2.6.3) at once; none for a stream whose SYN_STREAM was never sent,
  /// or that has already closed. Queued and buffered data is dropped, and each direction that has
  /// not ended ends with kResetHere, as does one whose buffered data is dropped. Does nothing for
  /// an unknown id.
  void reset(wire::StreamId id, wire::RstStatus status);

  /// Stops and restarts on_data and on_received for a stream. Data that arrives in between is
  /// buffered, and the peer's window is not given back until the reader has taken it. Like `hold`,
  /// `discard`, `set_overflow` and `keep_on_close`, these do nothing for an unknown id.
  void pause(wire::StreamId id);
  void resume(wire::StreamId id);

  /// Does the same as `pause` for a stream that has no reader yet, except that its end is reported
  /// if no buffered data precedes it. Lasts until `resume`, `pause` or `discard`.
  void hold(wire::StreamId id);

  /// Declares that nobody will read the stream any more: buffered data and data still to come is
  /// dropped, and the peer's window given back. on_received is called all the same, also after
  /// `pause`. Calls of `pause`, `resume` and `hold` do nothing afterwards.
  void discard(wire::StreamId id);

  /// Sets what happens when bytes come for this stream, while it is paused, that do not fit.
  void set_overflow(wire::StreamId id, OverflowPolicy policy);

  /// Counters of one stream; nothing for an unknown id and after on_stream_closed.
  std::optional<StreamStats> stream_stats(wire::StreamId id) const;

  /// Excludes a stream from the resets that `close` sends: data queued on the stream is followed by
  /// FLAG_FIN; without such data nothing is sent. on_stream_closed still gets kConnectionClosed.
  void keep_on_close(wire::StreamId id);

  // The connection.

  /// Queues a PING (section 2.6.5) and returns its id; on_pong reports the answer. Errors:
  /// kConnectionClosed.
  Result<std::uint32_t> ping(Time now);

  /// Queues a SETTINGS frame (section 2.6.4), its entries sorted by id. kInitialWindowSize moves
  /// the windows of all open streams by the difference; kMaxConcurrentStreams replaces
  /// Limits::concurrent_streams. Errors: kConnectionClosed; kBadSettings for a repeated id, an
  /// initial window of 0 or one that takes a stream past 2^31-1, `clear` or kFlagPersistValue on a
  /// client, kFlagPersisted on a server, and with FlowControl::kNone.
  Error send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear = false);

  /// Ends the session gracefully: no new streams on either side, and `close` when the last open one
  /// has closed. A peer with flow control gets the GOAWAY at once (section 2.6.6); streams not yet
  /// sent, or not yet accepted by us, then end with kConnectionClosed. Any other peer gets it last,
  /// since Go's httpstream reads nothing after a GOAWAY; until then its new streams get
  /// REFUSED_STREAM.
  void shutdown(Time now);

  /// Closes the session in order: data already written is still sent, with the FLAG_FIN that `end`
  /// asked for, then RST_STREAM (CANCEL) for each stream still open, then GOAWAY (section 2.6.6).
  /// Data buffered for readers is dropped. The next `advance` reports kConnectionClosed for all
  /// streams. Shut the transport down once finished() is true. If the session has already ended,
  /// only the buffered data is dropped; its streams then end with kConnectionClosed.
  void close(wire::GoAwayStatus status);

  /// Ends the session at once: nothing more is sent, and queued and buffered data is dropped. The
  /// next `advance` reports `reason` for every stream that is open.
  void abort(const Error& reason);

  /// Whether the session has ended, by either side, and has sent all that it had to send.
  bool finished() const;

  /// Whether the session goes on: false from `close`, `abort`, `receive_end` or a failure on.
  bool is_open() const;

  /// Why the session ended by itself: the peer's violation of the protocol, kLimitExceeded,
  /// kIdleTimeout or kPeerDead. Success in all other cases.
  const Error& error() const;

  /// How many streams on_stream_closed has not been called for.
  std::size_t stream_count() const;

  /// Whether the peer has sent GOAWAY.
  bool peer_gone_away() const;

  /// Replaces Options::idle_timeout and restarts it.
  void set_idle_timeout(std::chrono::milliseconds timeout, Time now);

  /// Calls `handler` for each frame received or sent until the session has ended; an empty handler
  /// stops that. Costs one branch a frame while empty.
  void on_trace(TraceHandler handler);

  /// Counters of the session; also after its end.
  Stats stats() const;

  /// Stats::queued_bytes and Stats::bytes_sent, without the cost of stats().
  std::size_t queued_bytes() const;
  std::uint64_t bytes_sent() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace uvspdy::session
