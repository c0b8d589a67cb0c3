#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "net/descriptor.h"
#include "net/handle.h"
#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// A descriptor that is polled by the loop, and read and written here: an end of a pipe, a
/// terminal's master, a socket. It is not a uv_stream_t, which takes a hang-up for the end and
/// would lose the output that is still in a terminal.
///
/// It has a reader, a writer, or both: see descriptor_ends.h. Handlers are called from the loop,
/// never inside a call of these functions, and may call anything.
class DescriptorStream : public std::enable_shared_from_this<DescriptorStream> {
  struct Private {};

 public:
  using DataHandler = httpstream::Source::DataHandler;
  using EndHandler = httpstream::Source::EndHandler;
  using RoomHandler = httpstream::Sink::RoomHandler;
  using OverHandler = httpstream::Sink::OverHandler;

  static constexpr std::size_t kBlockSize = 64 * 1024;

  /// Takes over a descriptor, also on an error, and makes it non-blocking. Bytes are read into
  /// blocks of `pool` and passed on in them, or in copies if they are few; null: a pool of its own.
  /// Errors: libuv's, UV_EPERM for a descriptor that cannot be polled (a regular file).
  static Result<std::shared_ptr<DescriptorStream>> open(uv_loop_t* loop, net::Descriptor fd,
                                                        std::shared_ptr<BufferPool> pool);

  DescriptorStream(Private, uv_loop_t* loop, net::Descriptor fd,
                   std::shared_ptr<BufferPool> pool);  // use `open`
  ~DescriptorStream();
  DescriptorStream(const DescriptorStream&) = delete;
  DescriptorStream& operator=(const DescriptorStream&) = delete;

  uv_loop_t* loop() const { return loop_; }

  /// -1 once it is closed.
  int fd() const { return fd_.get(); }

  /// Neither closed nor read to its end.
  bool is_open() const { return static_cast<bool>(poll_); }

  /// Called right before the descriptor is closed, by whichever function: it can still be queried.
  void on_closing(OnceCallback<void()> handler) { on_closing_ = std::move(handler); }

  /// Closes the descriptor at once. Reader and writer get `why`, unless they got an end before.
  void close(const Error& why);

  // The reader's.

  /// Starts reading, once. `on_end` runs after the last byte, or when the descriptor is closed.
  void start_reading(DataHandler on_data, EndHandler on_end);

  /// Stop and restart both handlers.
  void pause();
  void resume();

  /// Frees the reader's handlers, and reads no more.
  void forget_reader();

  /// Reads the bytes that there are now, `at_most` bytes, after which on_end runs.
  void end_behind(std::size_t at_most);

  /// How many bytes a pipe holds.
  std::size_t unread() const;

  /// Why it could not be read to its end; success if it was, or is still read.
  const Error& read_error() const { return read_error_; }

  // The writer's functions, as Sink has them.

  void start_writing(RoomHandler on_room, OverHandler on_over);
  bool write(const httpstream::Piece& piece);

  /// Takes no more bytes; on_over follows after all were written. The descriptor stays open.
  void end_writing();

  /// Drops the bytes that have not left; on_over follows with `why`.
  void give_up_writing(const Error& why);

  /// Frees the writer's handlers, and drops the bytes that have not left.
  void forget_writer();

 private:
  enum class Writing { kOpen, kEnding, kOver };

  bool reads() const { return poll_ && reading_ && !read_end_; }
  void watch();
  void ready(int status, int events);
  void turn_later();
  void turn();
  void read();
  void tell_read_end();
  void write_queued();
  std::size_t write_some(Bytes bytes);
  void writing_is_over(const Error& how);
  void tell_over();
  void close_descriptor();

  uv_loop_t* loop_;
  std::shared_ptr<BufferPool> pool_;
  // Declared in this order so that the handle is closed before the descriptor that it polls.
  net::Descriptor fd_;
  net::Handle<uv_poll_t> poll_;
  std::optional<net::Wakeup> later_;
  OnceCallback<void()> on_closing_;

  bool reading_ = false;
  std::optional<std::size_t> left_;  // how much is still read before the end
  std::optional<Error> read_end_;    // until on_end_ has got it
  Error read_error_;
  DataHandler on_data_;
  EndHandler on_end_;

  Writing writing_ = Writing::kOpen;
  std::vector<Buffer> queue_;  // what could not be written at once
  std::optional<Error> over_;  // until on_over_ has got it
  RoomHandler on_room_;
  OverHandler on_over_;
};

}  // namespace uvspdy::kube
