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

/// Brings everything from a source to a sink: bytes with backpressure, the end as an end, a break
/// as a break. From docs/examples/echo.cpp:
///
///     void echo(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
///       Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
///       decision.accept();
///     }
///
/// - A sink without room pauses the source until it has room.
/// - The source's end in order ends the sink in order; a source that breaks off breaks the sink off
///   behind what came before.
/// - A sink that takes no more has the source discard.
/// - An end of nothing (a half of no stream, as whoever takes a half twice gets it) is one that has
///   broken off, with session::Errc::kStreamClosed.
///
/// It lives until it is over, whoever has dropped it, on the thread of its loop. Handlers must not
/// throw.
class UVSPDY_EXPORT Pump {
  struct Private {};

 public:
  /// Success: the source has ended, and the sink has taken everything and the end. Else what went
  /// wrong first: the source's error, or the sink's.
  using DoneHandler = OnceCallback<void(const Error&)>;

  /// Takes over both ends and starts the source. Neither may be null: that ends the process with a
  /// text. `done` runs once, from the loop, when the sink is over; both ends are destroyed behind
  /// it. An end of nothing has no loop: if the sink is one, `done` runs with the source's first
  /// piece or its end; if both are, they are destroyed at once, and `done` without being run.
  static std::shared_ptr<Pump> start(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink,
                                     DoneHandler done);

  Pump(Private, std::unique_ptr<Source> source, std::unique_ptr<Sink> sink, DoneHandler done);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// Treats the source as if it had ended here, in order: it discards, and the sink is ended behind
  /// what it has. `done` follows. Harmless when the source is over.
  void end();

  /// Treats the source as if it had broken off here, with `why` (not success), and the sink
  /// likewise.
  void break_off(const Error& why);

  /// Destroys both ends at once, which gives them up: what is under way is lost. `done` does not
  /// run. Harmless when it is over.
  void give_up();

  /// Whether the sink has no room, and the source waits for it.
  bool is_blocked() const;

  /// Whether the source is over, or was declared so.
  bool source_is_over() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// A stream's reader as a source. Destroying it drops the reader. A reader of no stream makes a
/// source of nothing.
UVSPDY_EXPORT std::unique_ptr<Source> source_of(StreamReader reader);

/// A stream's writer as a sink: its end is FLAG_FIN, its break RST_STREAM behind what was written;
/// both are over when they are with the transport. The break waits for a peer that takes nothing no
/// longer than session::Options::break_off_timeout. A writer of no stream makes a sink of nothing.
/// `pool`, which may be null and is shared, has blocks for bytes that
/// are borrowed.
UVSPDY_EXPORT std::unique_ptr<Sink> sink_of(StreamWriter writer,
                                            std::shared_ptr<BufferPool> pool = nullptr);

}  // namespace uvspdy::httpstream
