#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/ring.h"
#include "session/held_bytes.h"
#include "session/stream_rules.h"
#include "session/window.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame.h"

// There may be many streams that do nothing, so they are small: what is rare is behind a pointer,
// and [[no_unique_address]] lets members stand in what alignment leaves free.

namespace uvspdy::session {

/// How a direction of a stream has ended for its user: once, with success or a reason, which the
/// handler is told once.
class DirectionEnd {
 public:
  bool is_known() const { return state_ != State::kOpen; }
  bool is_told() const { return state_ == State::kTold; }
  bool is_due() const { return state_ == State::kKnown; }
  const Error& how() const { return how_; }

  /// The first end counts.
  void set(const Error& how) {
    if (is_known()) return;
    how_ = how;
    state_ = State::kKnown;
  }

  /// What stood before an end that was not told yet has been dropped: the end is another.
  void replace(const Error& how) {
    if (is_due()) how_ = how;
  }

  void note_told() { state_ = State::kTold; }

 private:
  enum class State : std::uint8_t { kOpen, kKnown, kTold };

  Error how_;
  State state_ = State::kOpen;
};

/// What waits to be sent on a stream, in order: payload, or a HEADERS frame.
struct Outgoing {
  Buffer payload;
  std::unique_ptr<Headers> headers;
};

/// What we send on a stream. `wire` is what the peer has heard, `end` what the user has: they
/// differ while something is queued, and when a session that closes still sends what it has.
struct Sending {
  /// What goes out behind the last of the queue.
  enum class Last : std::uint8_t {
    kNothing,
    kFin,
    kFinInBatch,  ///< and is on its way
    kReset,
  };

  explicit Sending(SendWindow send_window) : window(send_window) {}

  Ring<Outgoing> queue;
  std::size_t queued = 0;  // bytes in queue
  SendWindow window;
  [[no_unique_address]] DirectionEnd end;
  WireState wire = WireState::kIdle;
  Last last = Last::kNothing;
  bool keep_on_close = false;
  bool was_full = false;      // the queue went past the high-water mark
  bool writable_due = false;  // and has gone down again, which is to be told

  /// Whether the user may write, end and break it off.
  bool takes_more() const { return !end.is_known() && last == Last::kNothing && !is_over(wire); }

  /// Whether more is welcome.
  bool is_writable() const { return takes_more() && !was_full; }

  /// Whether something is still to go out.
  bool has_more() const { return !queue.empty() || last != Last::kNothing; }

  /// Whether what is still to go out may: it waits for no SYN_REPLY.
  bool leaves() const { return has_more() && wire == WireState::kOpen; }

  bool ends_with_fin() const { return queue.empty() && last == Last::kFin; }
};

/// What we receive on a stream.
struct Receiving {
  enum class Reader : std::uint8_t {
    kReads,
    kAwaited,  ///< nobody reads yet: data is held, but not an end that no data stands before
    kPaused,   ///< data is held for it, and so is the end
    kGone,     ///< has left, or has had taken away what was held: it hears the end alone
  };

  explicit Receiving(ReceiveWindow receive_window) : window(receive_window) {}

  ReceiveWindow window;
  HeldBytes held;
  [[no_unique_address]] DirectionEnd end;
  WireState wire = WireState::kIdle;
  Reader reader = Reader::kReads;
  OverflowPolicy overflow = OverflowPolicy::kStopReading;
  bool over_buffer = false;  // holds so much that the connection is not to be read

  bool is_paused() const { return reader == Reader::kPaused; }
  bool is_gone() const { return reader == Reader::kGone; }
  bool takes_data() const { return reader == Reader::kReads || reader == Reader::kGone; }

  /// Whether the reader may be given data as it comes: nothing older waits.
  bool passes() const { return reader == Reader::kReads && held.empty(); }

  /// Whether the end may be told: nothing stands before it any more.
  bool tells_end() const { return end.is_due() && held.empty() && !is_paused(); }

  /// Whether the reader still has something to hear that waits for it.
  bool is_unread() const { return !held.empty() || (is_paused() && !end.is_told()); }
};

/// One stream as the session keeps it: until the handler was told that it has closed, and nothing
/// of it is left to send.
struct Stream {
  Stream(wire::StreamId stream_id, Creator created_by, bool unidirectional, SendWindow send,
         ReceiveWindow receive)
      : id(stream_id), creator(created_by), sending(send), receiving(receive) {
    set_wire_states(first_states(creator, unidirectional));
    // The direction that does not exist has nothing to wait for.
    if (sending.wire == WireState::kNone) sending.end.set({});
    if (receiving.wire == WireState::kNone) receiving.end.set({});
  }

  wire::StreamId id;
  Creator creator;
  std::uint8_t priority = 0;
  bool counted = false;         // against what the peer may have open at once
  bool due = false;             // in DueStreams
  bool reply_sent_due = false;  // the SYN_REPLY has left, which is to be told
  bool closed_told = false;
  std::optional<std::uint8_t> list;     // the scheduler's: a stream is in at most one of its lists
  std::uint32_t header_bytes = 0;       // that count, see StreamTable
  std::uint32_t answered_in_batch = 0;  // likewise
  Stream* next = nullptr;               // the scheduler's
  Stream* previous = nullptr;
  std::unique_ptr<wire::SynStreamFrame> unsent;  // waits for its turn
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

  /// Whether both directions have ended for the user, told or not.
  bool is_over() const { return sending.end.is_known() && receiving.end.is_known(); }

  /// How the stream has: what went wrong first. What breaks off our direction breaks off the
  /// peer's as well, and never later.
  const Error& how_closed() const {
    return sending.end.how() ? sending.end.how() : receiving.end.how();
  }

  /// Whether it is ours and the peer has not accepted it. A unidirectional stream needs no answer:
  /// it waits only to be sent.
  bool awaits_acceptance() const {
    if (creator != Creator::kHere) return false;
    return sending.wire == WireState::kIdle || receiving.wire == WireState::kReserved;
  }

  /// Whether it is ours and has its SYN_REPLY.
  bool has_reply() const {
    return creator == Creator::kHere &&
           (receiving.wire == WireState::kOpen || receiving.wire == WireState::kOver);
  }
};

}  // namespace uvspdy::session
