#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/counted.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/session/options.h"
#include "uvspdy/session/stats.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

/// A bidirectional stream of a Connection: a reader and a writer together, as Go's
/// httpstream.Stream is.
///
/// The Stream holds both halves until somebody takes one (take_reader, take_writer) and gives it to
/// whoever is to have it. What the Stream itself has for reading and writing is done with the
/// halves that it still holds; with one that was taken it does nothing. So nobody but the holder of
/// a half can set its handlers. From docs/examples/echo.cpp:
///
///     stream->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
///     // This handler holds the stream: one that nobody holds is reset.
///     stream->on_end([stream, connection](const Error& error) {
///       if (error) report(error);
///       connection->close();
///     });
///     if (Error error = stream->write(Buffer(std::string("hello, stream\n")))) report(error);
///     stream->close();
///
/// Dropping the last pointer drops the halves that it still holds: the reader discards, and a
/// writer that has not ended resets the stream behind what was written (StreamWriter). The Stream's
/// own handlers (on_headers, on_received, on_sent, on_close) still run. When both halves are
/// dropped and the writer had ended, the stream goes on, and throws away what comes, until the peer
/// ends its direction: `reset` ends it sooner.
///
/// Handlers are called from the loop, never from inside a call to the stream, and must not throw. A
/// handler of an end that is set behind the end is called in the loop's next turn. A Stream belongs
/// to the thread of its connection's loop.
///
/// When both directions break off at once, handlers run in this order: the writer's on_sent, the
/// Stream's on_sent, on_writable for the last time, on_data for what is held, the reader's on_end,
/// the Stream's on_received, on_close.
class UVSPDY_EXPORT Stream {
  struct Private {};

 public:
  using DataHandler = StreamReader::DataHandler;
  using EndHandler = StreamReader::EndHandler;
  using WritableHandler = StreamWriter::WritableHandler;
  using SentHandler = StreamWriter::SentHandler;
  using CloseHandler = OnceCallback<void(const Error&)>;
  using HeadersHandler = Callback<void(const Headers&)>;

  Stream(Private, detail::Counted<StreamCore> core);  // by Connection
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // ---- the stream

  /// The headers the stream was created with, by whichever side.
  const Headers& headers() const;

  /// The stream's SPDY id.
  std::uint32_t identifier() const;

  /// Takes a half away, to be held by somebody else. Taken before: a half of no stream.
  StreamReader take_reader() { return std::move(reader_); }
  StreamWriter take_writer() { return std::move(writer_); }

  /// Ends both directions at once; what was queued or held is dropped. Harmless on a stream that is
  /// over. Whoever holds a half hears session::Errc::kResetHere.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel);

  /// HEADERS frames in mid-stream, from when it is set. They are not held back for a paused reader.
  void on_headers(HeadersHandler handler);

  // What whoever has handed the halves to others may still hear of.

  /// The peer's direction is over, behind the reader's on_end, whoever holds the reader; errors as
  /// there.
  void on_received(EndHandler handler);

  /// Our direction is over, behind the writer's on_sent, whoever holds the writer; errors as there.
  void on_sent(SentHandler handler);

  /// Both directions are over: success when both ended in order, else what went wrong first. The
  /// last call of the stream; all handlers are freed.
  void on_close(CloseHandler handler);

  /// Whether on_close has been called, or would have been.
  bool is_closed() const;

  /// Its windows, and what it holds and queues, for diagnosis; nothing once it is closed.
  std::optional<session::StreamStats> stats() const;

  // ---- its halves, as long as they are here

  StreamReader& reader() { return reader_; }
  StreamWriter& writer() { return writer_; }

  void on_data(DataHandler handler) { reader_.on_data(std::move(handler)); }
  void on_end(EndHandler handler) { reader_.on_end(std::move(handler)); }
  void pause() { reader_.pause(); }
  void resume() { reader_.resume(); }

  Error write(Buffer buffer) { return writer_.write(std::move(buffer)); }
  bool writable() const { return writer_.writable(); }
  void on_writable(WritableHandler handler) { writer_.on_writable(std::move(handler)); }

  /// StreamWriter::end: half-closes. Reading goes on.
  void close() { writer_.end(); }

 private:
  friend class StreamCore;

  detail::Counted<StreamCore> core_;
  StreamReader reader_;
  StreamWriter writer_;
};

}  // namespace uvspdy::httpstream
