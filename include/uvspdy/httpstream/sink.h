#pragma once

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/piece.h"

namespace uvspdy::httpstream {

/// The place to which a Pump brings bytes: a StreamWriter, a transport, a process's input, a file,
/// or a class that an embedder derives from this one.
///
/// Handlers are called from the loop, never inside a call of these functions, and not after the
/// sink is destroyed; destroying it gives up what it has not passed on. Any function, and the
/// destructor, may be called inside either handler. The functions must not throw.
class UVSPDY_EXPORT Sink {
 public:
  using RoomHandler = Callback<void()>;
  using OverHandler = OnceCallback<void(const Error&)>;

  virtual ~Sink() = default;

  /// Sets the handlers; called once, first. `on_room`: the sink can take more after a `write` that
  /// returned false; or has_room has changed. `on_over`, at any time: the sink has ended; success:
  /// everything, and the end, has left; else the reason why it takes no more.
  virtual void start(RoomHandler on_room, OverHandler on_over) = 0;

  /// Takes the whole piece. False: wait for on_room; a piece that is written before is taken all
  /// the same, and kept in memory. A sink that is over drops the piece and returns true.
  virtual bool write(Piece piece) = 0;

  /// Whether the sink wants more. A sink that may lose its room without a `write` calls on_room
  /// then, and this function returns false: the source pauses until an on_room with which it
  /// returns true. A sink that wraps another one returns what that one returns.
  virtual bool has_room() const { return true; }

  /// Ends the bytes in order, after everything written. on_over follows. Called once.
  virtual void end() = 0;

  /// Ends the bytes as broken off, with `why`: everything written still leaves, within a bounded
  /// time, and then a break in place of an end, so that nobody takes a part for the whole. on_over
  /// follows, with an error. Called once, and not after `end`.
  virtual void break_off(const Error& why) = 0;

  /// Whether this is a sink of no stream, which takes nothing and calls no handler. A Pump treats
  /// it as one that has broken off.
  virtual bool is_of_nothing() const { return false; }
};

}  // namespace uvspdy::httpstream
