#pragma once

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/piece.h"

namespace uvspdy::httpstream {

/// The place from which a Pump takes bytes: a StreamReader, a transport, a process's output, a
/// file, or a class that an embedder derives from this one.
///
/// Handlers are called from the loop, never inside a call of these functions, and not after the
/// source is destroyed; destroying it gives up what it has not delivered. Any function, and the
/// destructor, may be called inside either handler. The functions must not throw.
class UVSPDY_EXPORT Source {
 public:
  using DataHandler = Callback<void(Piece)>;
  using EndHandler = OnceCallback<void(const Error&)>;

  virtual ~Source() = default;

  /// Sets the handlers and starts the flow; called once. `on_end` is called once, after the last
  /// piece: with success for an end in order, else with the reason why the bytes broke off.
  virtual void start(DataHandler on_data, EndHandler on_end) = 0;

  /// Stops, and restarts, both handlers, also on_end.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// Throws all further bytes away, so that their sender is not blocked; or closes the source, if
  /// that tells the sender that nobody reads. on_end need not follow.
  virtual void discard() = 0;

  /// Whether this is a source of no stream, which never calls a handler. A Pump treats it as one
  /// that has broken off.
  virtual bool is_of_nothing() const { return false; }
};

}  // namespace uvspdy::httpstream
