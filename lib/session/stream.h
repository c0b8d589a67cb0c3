#pragma once

#include <cstddef>
#include <optional>

#include "core/ring.h"
#include "session/held_bytes.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// One stream as the session keeps it. The two directions have a state each; the stream is closed
/// once `closed` says how it ended, and is forgotten when the handler has been told and nothing of
/// it is left to send.
struct Stream {
  /// What we may send.
  enum class Sending {
    kAwaitingReply,  ///< nothing yet: the SYN_REPLY is missing, the peer's or ours
    kOpen,
    kFinishing,  ///< the rest of the queue, then FIN or RST_STREAM
    kDone,
  };

  /// What the peer may send.
  enum class Receiving {
    kAwaitingReply,  ///< nothing but the SYN_REPLY
    kOpen,
    kDone,  ///< its FIN has come
  };

  /// What goes out behind the last byte of the queue.
  enum class Last { kNothing, kFin, kReset };

  wire::StreamId id = 0;
  std::uint8_t priority = 0;
  bool unidirectional = false;
  bool keep_on_close = false;
  std::size_t header_bytes = 0;  // counted in Session::peer_header_bytes_

  Sending sending = Sending::kAwaitingReply;
  Ring<Buffer> queue;
  std::size_t queued = 0;  // bytes in queue
  Last last = Last::kNothing;
  bool tell_writable = false;  // the queue went past the high-water mark

  Receiving receiving = Receiving::kOpen;
  bool paused = false;
  HeldBytes held;
  bool fin_untold = false;    // the FIN waits behind what is held
  bool writable_due = false;  // in Session::writable_due_
  bool due = false;           // in Session::due_

  std::optional<Error> closed;  // how it ended
  bool told_closed = false;

  // The scheduler's links; a stream is in at most one list.
  Stream* next = nullptr;
  Stream* previous = nullptr;
  bool scheduled = false;
};

}  // namespace uvspdy::session
