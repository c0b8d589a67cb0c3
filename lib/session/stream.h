#pragma once

#include <cstddef>
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

namespace uvspdy::session {

/// One stream as the session keeps it. `state` is what stands on the wire; `outcome` is how the
/// stream has ended for its user. The stream is forgotten when the handler has been told the end
/// and nothing of it is left to send.
struct Stream {
  /// What waits to be sent, in order: payload, or a HEADERS frame.
  struct Outgoing {
    Buffer payload;
    std::unique_ptr<Headers> headers;
  };

  /// What goes out behind the last of the queue.
  enum class Last { kNothing, kFin, kReset };

  Stream(wire::StreamId stream_id, Creator created_by, SendWindow send, ReceiveWindow receive)
      : id(stream_id), creator(created_by), send_window(send), receive_window(receive) {}

  wire::StreamId id;
  Creator creator;
  std::uint8_t priority = 0;
  bool unidirectional = false;
  bool keep_on_close = false;
  bool counted = false;          // against what the peer may have open at once
  std::size_t header_bytes = 0;  // likewise, in Session::Impl::peer_header_bytes_
  StreamState state = StreamState::kIdle;
  std::optional<Error> outcome;
  bool told_closed = false;

  // What we send.
  std::unique_ptr<wire::SynStreamFrame> unsent;  // waits for its turn
  Ring<Outgoing> queue;
  std::size_t queued = 0;  // bytes of payload in queue
  Last last = Last::kNothing;
  bool last_in_batch = false;  // and it is on its way
  bool tell_writable = false;  // the queue went past the high-water mark
  SendWindow send_window;

  // What comes in.
  bool paused = false;
  HeldBytes held;
  bool over_buffer = false;  // holds so much that the connection is not to be read
  OverflowPolicy overflow = OverflowPolicy::kStopReading;
  bool fin_untold = false;  // the FIN waits behind what is held
  ReceiveWindow receive_window;

  bool writable_due = false;  // in Session::Impl::writable_due_
  bool due = false;           // in Session::Impl::due_

  // The scheduler's: a stream is in at most one of its lists.
  Stream* next = nullptr;
  Stream* previous = nullptr;
  std::optional<std::uint8_t> list;
};

}  // namespace uvspdy::session
