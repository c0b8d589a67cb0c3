#pragma once

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/piece.h"

namespace uvspdy::httpstream {

/// Where a Pump takes bytes from: a StreamReader, a transport, a process's output, a file, or what
/// an embedder derives from this.
///
/// Handlers are called from the loop, never from inside a call of these functions, and not after
/// the source is destroyed, which gives it up. Any function, and the destructor, may be called
/// inside either handler. The functions must not throw.
class UVSPDY_EXPORT Source {
 public:
  using DataHandler = Callback<void(Piece)>;
  using EndHandler = OnceCallback<void(const Error&)>;

  virtual ~Source() = default;

  /// Starts the flow. `on_end` runs once, behind the last piece: success for an end in order, else
  /// why it broke off. Called once.
  virtual void start(DataHandler on_data, EndHandler on_end) = 0;

  /// Stops, and restarts, both handlers, the end included.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// Nobody takes the bytes any more: what still comes is dropped, so that whoever sends them is
  /// not held up, or the sender is told, where it can be. on_end need not follow.
  virtual void discard() = 0;

  /// Whether nothing can ever come, so that no handler is called: a source of no stream. A Pump
  /// takes it for one that has broken off.
  virtual bool is_of_nothing() const { return false; }
};

}  // namespace uvspdy::httpstream
