#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/ring.h"
#include "session/held_bytes.h"
#include "session/stream_list.h"
#include "session/stream_rules.h"
#include "session/window.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame.h"

// There may be many idle streams, so they are small: rare members are behind a pointer, and
// [[no_unique_address]] lets members use the padding of others.

namespace uvspdy::session {

/// The end of one direction of a stream: success or an error, reported to the handler once.
class DirectionEnd {
 public:
  bool is_known() const { return state_ != State::kOpen; }
  bool is_reported() const { return state_ == State::kReported; }
  bool is_due() const { return state_ == State::kKnown; }
  const Error& how() const { return how_; }

  /// Only the first end counts.
  void set(const Error& how) {
    if (is_known()) return;
    how_ = how;
    state_ = State::kKnown;
  }

  /// The data before an end that is not reported yet was dropped, so the end becomes `how`.
  void replace(const Error& how) {
    if (is_due()) how_ = how;
  }

  void note_reported() { state_ = State::kReported; }

 private:
  enum class State : std::uint8_t { kOpen, kKnown, kReported };

  Error how_;
  State state_ = State::kOpen;
};

/// One element of a stream's queue: payload, or a HEADERS frame.
struct Outgoing {
  Buffer payload;
  std::unique_ptr<Headers> headers;
};

/// Our direction of a stream. `wire` is its state for the peer, `end` for the user: they differ
/// while data is queued, and while a session that closes still sends it.
struct Sending {
  /// What is sent after the last element of the queue.
  enum class Last : std::uint8_t {
    kNothing,
    kFin,
    kFinInBatch,  ///< a FIN that is already in the batch
    kReset,
  };

  /// Whether the user may add to the queue: see WriteRoom.
  enum class Room : std::uint8_t {
    kOpen,     ///< room, as long as the stream's own limit is not reached
    kGranted,  ///< room for one write, because others wait
    kFull,     ///< none: its own limit was reached, it has used its room for one write, or it takes
               ///< no more
    kLost,     ///< none: all streams lost it; not reported yet
    kWaits,    ///< none until its turn comes
    kUnable,   ///< likewise, and what it would write could not be sent now
  };

  explicit Sending(SendWindow send_window) : window(send_window) {}

  Ring<Outgoing> queue;
  std::size_t queued = 0;  // bytes in queue
  SendWindow window;
  [[no_unique_address]] DirectionEnd end;
  WireState wire = WireState::kIdle;
  Last last = Last::kNothing;
  bool keep_on_close = false;
  Room room = Room::kOpen;
  std::uint32_t largest_write = 0;  // in bytes
  bool writable_due = false;        // on_writable is to be called

  /// Whether the user may write, end and break it off.
  bool takes_more() const { return !end.is_known() && last == Last::kNothing && !is_over(wire); }

  /// Whether anything is still to be sent.
  bool has_more() const { return !queue.empty() || last != Last::kNothing; }

  /// Whether that may be sent now: it does not wait for a SYN_REPLY.
  bool leaves() const { return has_more() && wire == WireState::kOpen; }

  bool ends_with_fin() const { return queue.empty() && last == Last::kFin; }

  /// Sends and reports nothing more.
  void abandon() {
    last = Last::kNothing;
    writable_due = false;
    end.note_reported();
  }
};

/// The peer's direction of a stream.
struct Receiving {
  enum class Reader : std::uint8_t {
    kReads,
    kAwaited,  ///< no reader yet: data is buffered; an end is, only after data
    kPaused,   ///< data and the end wait for `resume`
    kGone,     ///< the reader has left, or its data was dropped: it gets the end alone
  };

  explicit Receiving(ReceiveWindow receive_window) : window(receive_window) {}

  ReceiveWindow window;
  HeldBytes held;
  [[no_unique_address]] DirectionEnd end;
  WireState wire = WireState::kIdle;
  Reader reader = Reader::kReads;
  OverflowPolicy overflow = OverflowPolicy::kStopReading;
  bool over_buffer = false;  // too much is buffered to go on reading the connection

  bool is_paused() const { return reader == Reader::kPaused; }
  bool is_gone() const { return reader == Reader::kGone; }
  bool takes_data() const { return reader == Reader::kReads || reader == Reader::kGone; }

  /// Whether data can go straight to the reader: nothing older is buffered.
  bool passes() const { return reader == Reader::kReads && held.empty(); }

  /// Whether the end may be reported: nothing is buffered before it.
  bool reports_end() const { return end.is_due() && held.empty() && !is_paused(); }

  /// Whether data or the end still waits for the reader.
  bool is_unread() const { return !held.empty() || (is_paused() && !end.is_reported()); }

  /// Delivers and reports nothing more.
  void abandon() {
    reader = Reader::kPaused;
    end.note_reported();
  }
};

/// The session's record of a stream, kept until on_stream_closed was called and nothing of the
/// stream is left to send.
struct Stream {
  Stream(wire::StreamId stream_id, Creator created_by, bool unidirectional, SendWindow send,
         ReceiveWindow receive)
      : id(stream_id), creator(created_by), sending(send), receiving(receive) {
    set_wire_states(first_states(creator, unidirectional));
    // A direction that does not exist ends at once.
    if (sending.wire == WireState::kNone) sending.end.set({});
    if (receiving.wire == WireState::kNone) receiving.end.set({});
  }

  wire::StreamId id;
  Creator creator;
  std::uint8_t priority = 0;
  bool counted = false;         // against concurrent_streams
  bool due = false;             // in DueStreams
  bool reply_sent_due = false;  // on_reply_sent is to be called
  bool closed_reported = false;
  std::optional<std::uint8_t> list;              // the scheduler's list that it is in, if any
  std::uint32_t header_bytes = 0;                // counted against stream_headers, see StreamTable
  std::uint32_t answered_in_batch = 0;           // the StreamTable's number of that batch
  StreamLinks sending_links;                     // the scheduler's
  StreamLinks room_links;                        // of WriteRoom
  std::unique_ptr<wire::SynStreamFrame> unsent;  // set until the SYN_STREAM is sent
  Sending sending;
  Receiving receiving;

  WireStates wire_states() const { return {sending.wire, receiving.wire}; }
  void set_wire_states(WireStates states) {
    sending.wire = states.sending;
    receiving.wire = states.receiving;
  }

  StreamState state() const { return state_of(creator, wire_states()); }
  bool is_idle() const { return state() == StreamState::kIdle; }
  bool is_closed() const {
    return session::is_over(sending.wire) && session::is_over(receiving.wire);
  }

  /// Whether both directions have ended for the user, reported or not.
  bool is_over() const { return sending.end.is_known() && receiving.end.is_known(); }

  /// The error that on_stream_closed reports: the one that came first. An error of our direction
  /// ends the peer's as well, and never later.
  const Error& how_closed() const {
    return sending.end.how() ? sending.end.how() : receiving.end.how();
  }

  /// Whether the stream was created here and the peer has not accepted it yet. A unidirectional one
  /// needs no answer and only waits to be sent.
  bool awaits_acceptance() const {
    if (creator != Creator::kHere) return false;
    return sending.wire == WireState::kIdle || receiving.wire == WireState::kReserved;
  }

  /// Whether the stream was created here and has its SYN_REPLY.
  bool has_reply() const {
    return creator == Creator::kHere &&
           (receiving.wire == WireState::kOpen || receiving.wire == WireState::kOver);
  }
};

}  // namespace uvspdy::session
