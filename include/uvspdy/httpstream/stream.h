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

/// A bidirectional stream of a Connection: a reader and a writer together, as in Go's
/// httpstream.Stream.
///
/// The Stream holds both halves until somebody takes one (take_reader, take_writer). Its functions
/// for reading and writing use the halves that it still holds, and have no effect on one that was
/// taken: only the holder of a half can set its handlers. From docs/examples/echo.cpp:
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
/// When the last pointer to a Stream is dropped, the halves that it holds are dropped: the reader
/// discards, and a writer that has not ended resets the stream after what was written
/// (StreamWriter). The Stream's own handlers (on_headers, on_received, on_sent, on_close) are still
/// called. If both halves are dropped after `end`, the stream goes on until the peer ends its
/// direction, and discards what arrives; `reset` ends it sooner.
///
/// Handlers are called from the loop, never inside a call of a function of the stream, and must not
/// throw. A handler of an end that is set after the end is called in the loop's next turn. A Stream
/// belongs to the thread of its connection's loop.
///
/// When both directions break off at once, handlers run in this order: the writer's on_sent, the
/// Stream's on_sent, on_writable for the last time, on_data with buffered bytes, the reader's
/// on_end, the Stream's on_received, on_close.
class UVSPDY_EXPORT Stream {
  struct Private {};

 public:
  using DataHandler = StreamReader::DataHandler;
  using EndHandler = StreamReader::EndHandler;
  using WritableHandler = StreamWriter::WritableHandler;
  using SentHandler = StreamWriter::SentHandler;
  using CloseHandler = OnceCallback<void(const Error&)>;
  using HeadersHandler = Callback<void(const Headers&)>;

  Stream(Private, detail::Counted<StreamCore> core);  // made by Connection
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // ---- the stream

  /// The headers of the SYN_STREAM that created the stream, whichever side sent it.
  const Headers& headers() const;

  /// The SPDY stream id.
  std::uint32_t identifier() const;

  /// Moves a half to the caller. If it was taken before, the result is a half of no stream.
  StreamReader take_reader() { return std::move(reader_); }
  StreamWriter take_writer() { return std::move(writer_); }

  /// Ends both directions at once by RST_STREAM; queued and buffered bytes are dropped. Holders of
  /// halves get session::Errc::kResetHere. No effect on a stream that is over.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel);

  /// Sets the handler for HEADERS frames (section 2.6.7) that arrive from now on. They are
  /// delivered at once, ahead of bytes buffered for a paused reader.
  void on_headers(HeadersHandler handler);

  // Observers: they stay with the Stream when its halves are held by others.

  /// Sets the handler for the end of the peer's direction. It is called after the reader's on_end,
  /// with the same errors.
  void on_received(EndHandler handler);

  /// Sets the handler for the end of our direction. It is called after the writer's on_sent, with
  /// the same errors.
  void on_sent(SentHandler handler);

  /// Sets the handler for the end of both directions: success when both ended in order, else the
  /// first error. It is the stream's last call; all handlers are freed.
  void on_close(CloseHandler handler);

  /// Whether the handler of on_close has been called, or would have been if there were one.
  bool is_closed() const;

  /// Windows, buffered and queued bytes, for diagnosis; nullopt once the stream is closed.
  std::optional<session::StreamStats> stats() const;

  // ---- its halves, while it holds them

  StreamReader& reader() { return reader_; }
  StreamWriter& writer() { return writer_; }

  void on_data(DataHandler handler) { reader_.on_data(std::move(handler)); }
  void on_end(EndHandler handler) { reader_.on_end(std::move(handler)); }
  void pause() { reader_.pause(); }
  void resume() { reader_.resume(); }

  Error write(Buffer buffer) { return writer_.write(std::move(buffer)); }
  bool writable() const { return writer_.writable(); }
  void on_writable(WritableHandler handler) { writer_.on_writable(std::move(handler)); }
  void on_writable_change(WritableHandler handler) {
    writer_.on_writable_change(std::move(handler));
  }

  /// Half-closes by StreamWriter::end (section 2.3.6). Reading goes on.
  void close() { writer_.end(); }

 private:
  friend class StreamCore;

  detail::Counted<StreamCore> core_;
  StreamReader reader_;
  StreamWriter writer_;
};

}  // namespace uvspdy::httpstream
