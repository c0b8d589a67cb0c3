#pragma once

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/piece.h"

namespace uvspdy::httpstream {

/// Where a Pump brings bytes to: a StreamWriter, a transport, a process's input, a file, or what an
/// embedder derives from this.
///
/// Handlers are called from the loop, never from inside a call of these functions, and not after
/// the sink is destroyed, which gives it up. Any function, and the destructor, may be called inside
/// either handler. The functions must not throw.
class UVSPDY_EXPORT Sink {
 public:
  using RoomHandler = Callback<void()>;
  using OverHandler = OnceCallback<void(const Error&)>;

  virtual ~Sink() = default;

  /// Says who hears that there is room again, behind a `write` that gave false, and how the sink
  /// ends: success when everything and the end behind it is out, else why it takes no more, which
  /// may come at any time. Called once, before all else.
  virtual void start(RoomHandler on_room, OverHandler on_over) = 0;

  /// Takes the whole piece. False: there is no room for more until on_room; more that is given all
  /// the same is taken, and kept in memory. A sink that is over drops it and gives true.
  virtual bool write(Piece piece) = 0;

  /// The end in order, behind everything written. on_over follows. Called once.
  virtual void end() = 0;

  /// The bytes have broken off: what was written still goes out, within a bounded time, and behind
  /// it a break in place of an end, so that nobody takes what there is for the whole. on_over
  /// follows, with `why` or with what went wrong before that. Called once, not behind `end`.
  virtual void break_off(const Error& why) = 0;

  /// Whether it takes nothing, and no handler is called: a sink of no stream. A Pump takes it for
  /// one that has broken off.
  virtual bool is_of_nothing() const { return false; }
};

}  // namespace uvspdy::httpstream
