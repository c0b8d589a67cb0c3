#pragma once

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"

namespace uvspdy::httpstream {

/// Brings all bytes from a source to a sink, with backpressure, and then passes the end on as an
/// end and a break as a break. From docs/examples/echo.cpp:
///
///     void echo(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
///       Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
///       decision.accept();
///     }
///
/// - A sink without room pauses the source until on_room.
/// - When the source ends in order, the sink is ended in order; when it breaks off, the sink is
///   broken off after the bytes that came before.
/// - When the sink takes no more, the source discards.
/// - A source or sink of no stream, such as one made of a half that was taken before, counts as
///   broken off with session::Errc::kStreamClosed.
///
/// A Pump lives until it is over, even when the caller has dropped it, and belongs to the thread of
/// its loop. Handlers must not throw.
class UVSPDY_EXPORT Pump {
  struct Private {};

 public:
  /// Success: the source has ended in order, and the sink has taken all bytes and the end. Else the
  /// first error of the two.
  using DoneHandler = OnceCallback<void(const Error&)>;

  /// Takes over both ends and starts the source. A null pointer ends the process with a text.
  /// `done` is called once, from the loop, when the sink is over; source and sink are destroyed
  /// after it. A source or sink of no stream has no loop: with such a sink, `done` is called at the
  /// source's first piece or end; if both are such, they are destroyed at once, and `done` without
  /// a call.
  static std::shared_ptr<Pump> start(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink,
                                     DoneHandler done);

  Pump(Private, std::unique_ptr<Source> source, std::unique_ptr<Sink> sink, DoneHandler done);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// Ends the pump as if the source had ended in order: the source discards, and the sink is ended
  /// after the bytes that it has. `done` follows. No effect when the source is over.
  void end();

  /// Breaks the sink off with `why`, which must not be success, after the bytes that it has; the
  /// source discards. `done` follows. No effect when the source is over.
  void break_off(const Error& why);

  /// Destroys source and sink at once; bytes on their way are lost. `done` is not called. No effect
  /// when the pump is over.
  void give_up();

  /// Whether the source is paused because the sink has no room.
  bool is_blocked() const;

  /// Whether the source has ended, or `end` or `break_off` was called.
  bool source_is_over() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Makes a source of a stream's reader. Destroying the source drops the reader. A reader of no
/// stream makes a source of no stream.
UVSPDY_EXPORT std::unique_ptr<Source> source_of(StreamReader reader);

/// Makes a sink of a stream's writer. Its end is FLAG_FIN, its break RST_STREAM after what was
/// written; on_over follows when either is with the transport, and a break waits no longer than
/// session::Options::break_off_timeout. A writer of no stream makes a sink of no stream. `pool`,
/// which may be null or shared, provides blocks for copies of borrowed bytes.
UVSPDY_EXPORT std::unique_ptr<Sink> sink_of(StreamWriter writer,
                                            std::shared_ptr<BufferPool> pool = nullptr);

}  // namespace uvspdy::httpstream
