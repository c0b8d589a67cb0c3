#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

struct RelayOptions {
  /// Blocks for what is read from the transport, shared with other relays; null: each read is
  /// copied into memory of its own.
  std::shared_ptr<BufferPool> pool;

  /// How long the transport may take nothing once the stream is over, until what is left for it
  /// is given up; twice as long if the stream held bytes when it ended.
  std::chrono::milliseconds flush_timeout = std::chrono::minutes(2);
};

/// Joins a stream with a transport: what comes from one goes to the other, both ways, until both
/// directions have ended.
///
///     Relay::start(std::move(stream), std::move(transport), [](const Error& error) { ... });
///
/// A slow transport pauses the stream, a slow peer of the stream stops the reading of the
/// transport. An end of one direction is passed on behind what came before it, and the other
/// direction goes on.
///
/// When the transport breaks, what it gave before still goes to the stream, which then ends with a
/// reset in place of a FIN. When only writing to it fails, it is first read to its end: a server
/// that refuses an upload answers before it closes. What still comes on the stream is dropped. When
/// the stream is reset or lost, what came before is still written, and the transport is closed.
///
/// Memory: what the stream queues (Limits::write_high_water and one read) and what it holds while
/// it is paused.
///
/// It lives until it is over, whoever has dropped it, on the thread of the transport's loop.
class Relay : public std::enable_shared_from_this<Relay> {
  struct Private {};

 public:
  /// Success: both directions have ended in order, and the transport has taken everything. Else
  /// what ended it: the transport's error, the stream's (see Stream::on_close), or
  /// session::Errc::kResetHere after `reset`.
  using DoneHandler = std::function<void(const Error&)>;

  /// Takes over both. The stream's handlers are the relay's from here on; it may have ended, or
  /// been closed, before. `done` runs once, from the loop, when the transport is closed and the
  /// stream is over or has been given its end.
  static std::shared_ptr<Relay> start(std::shared_ptr<Stream> stream,
                                      std::unique_ptr<net::Transport> transport, DoneHandler done,
                                      RelayOptions options = {});

  Relay(Private, std::shared_ptr<Stream> stream, std::unique_ptr<net::Transport> transport,
        DoneHandler done, RelayOptions options);  // use `start`
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// The peer takes no more of what the transport gives: once its own direction has ended, and is
  /// written, the relay is over, in order. A Go peer whose reader has gone stops its other streams
  /// when more comes for it.
  void end_with_stream();

  /// Resets the stream and closes the transport at once. Harmless when it is over.
  void reset();

 private:
  void begin();
  void read(Bytes bytes);
  void read_ended(const Error& error);
  void stream_data(Bytes bytes);
  void stream_ended();
  void stream_closed(const Error& error);
  void write_rest();
  void written(const Result<std::size_t>& result);
  void write_failed(const Error& error);
  void shut_down();
  void give_up_transport();
  void note(const Error& error);
  void finish_when_flushed();
  void start_flush_timer();
  void flush_is_late();
  void finish();

  std::shared_ptr<Relay> self_;  // until it is over
  std::shared_ptr<Stream> stream_;
  std::unique_ptr<net::Transport> transport_;  // null once it is given up
  DoneHandler done_;
  RelayOptions options_;
  uv_loop_t* loop_;
  std::string peer_;  // the transport's
  Error error_;       // what went wrong first
  Buffer rest_;       // what the transport has still to take, while the stream is paused
  bool ends_with_stream_ = false;
  bool read_ended_ = false;
  bool end_sent_ = false;
  bool stream_ended_ = false;
  bool stream_closed_ = false;
  bool stream_over_ = false;  // perhaps untold, as far as the flush timer knows
  bool write_failed_ = false;
  bool shut_down_ = false;
  std::optional<net::Timer> flush_timer_;  // while the transport has something to take
  std::optional<net::Wakeup> finish_later_;
};

}  // namespace uvspdy::httpstream
