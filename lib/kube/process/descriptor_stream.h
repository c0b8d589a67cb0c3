#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "net/descriptor.h"
#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/net/handle.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// A descriptor that is read and written by hand, when the loop says that it can be: an end of a
/// pipe, a terminal's master, a socket. Not libuv's stream: for one of those a hang-up is the end,
/// and output that is still in a terminal would be lost.
///
/// A reader and a writer have it, both or one: see descriptor_ends.h. Handlers are called from the
/// loop, never inside a call of these functions, and may do anything.
class DescriptorStream : public std::enable_shared_from_this<DescriptorStream> {
  struct Private {};

 public:
  using DataHandler = httpstream::Source::DataHandler;
  using EndHandler = httpstream::Source::EndHandler;
  using RoomHandler = httpstream::Sink::RoomHandler;
  using OverHandler = httpstream::Sink::OverHandler;

  static constexpr std::size_t kBlockSize = 64 * 1024;

  /// Takes over a descriptor, which does not block any more; on an error, too. What is read into
  /// `pool`'s blocks is handed on in them, or in copies if it is little; null: a pool of its own.
  /// Errors: libuv's, UV_EPERM for what cannot be waited for, as a file on a disk.
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

  /// Called right before the descriptor is closed, by whoever: it can still be asked then.
  void on_closing(OnceCallback<void()> handler) { on_closing_ = std::move(handler); }

  /// Closes it at once. Reader and writer hear of `why`, if they have not heard of an end before.
  void close(const Error& why);

  // The reader's.

  /// Starts reading, once. `on_end` runs behind the last byte, and when the descriptor is closed.
  void start_reading(DataHandler on_data, EndHandler on_end);

  /// Stops, and restarts, both handlers.
  void pause();
  void resume();

  /// The reader has gone: its handlers are freed.
  void forget_reader();

  /// Reads what there is now, `at_most` bytes, and on_end follows behind it.
  void end_behind(std::size_t at_most);

  /// Bytes that wait to be read, in a pipe.
  std::size_t unread() const;

  /// Why it could not be read to its end; success if it could, or has not ended.
  const Error& read_error() const { return read_error_; }

  // The writer's: as Sink has them.

  void start_writing(RoomHandler on_room, OverHandler on_over);
  bool write(const httpstream::Piece& piece);

  /// Takes nothing more; on_over follows behind what was written. The descriptor stays open.
  void end_writing();

  /// What has not left is dropped; on_over follows with `why`.
  void give_up_writing(const Error& why);

  /// The writer has gone: its handlers are freed, and what has not left is dropped.
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
  // The handle goes first: libuv must not poll what is closed.
  net::Descriptor fd_;
  net::Handle<uv_poll_t> poll_;
  std::optional<net::Wakeup> later_;
  OnceCallback<void()> on_closing_;

  bool reading_ = false;
  std::optional<std::size_t> left_;  // how much is still read before the end
  std::optional<Error> read_end_;    // not told yet
  Error read_error_;
  DataHandler on_data_;
  EndHandler on_end_;

  Writing writing_ = Writing::kOpen;
  std::vector<Buffer> queue_;  // what could not be written at once
  std::optional<Error> over_;  // not told yet
  RoomHandler on_room_;
  OverHandler on_over_;
};

}  // namespace uvspdy::kube
