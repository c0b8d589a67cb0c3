#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/net/handle.h"

namespace uvspdy::command {

// Standard input and output of a command, through libuv's thread pool: that works for files,
// pipes and terminals alike, and leaves their O_NONBLOCK, which other processes share, alone.

/// Waits, once at a time, until a descriptor that somebody else has made non-blocking is ready.
class FdReady {
 public:
  FdReady(uv_loop_t* loop, uv_file fd, int event, std::function<void()> handler);

  /// Errors: libuv's, for a descriptor that cannot be waited for; the handler is not called then.
  Error wait();

 private:
  uv_loop_t* loop_;
  uv_file fd_;
  int event_;
  std::function<void()> handler_;
  net::Handle<uv_poll_t> poll_;
};

/// Reads a file descriptor piece by piece, each when it is asked for. A read that is under way
/// keeps the loop alive and cannot be taken back.
class FdReader {
 public:
  /// Called with bytes, with an empty Buffer at the end, or with the error that ended reading.
  using Handler = std::function<void(Result<Buffer>)>;

  FdReader(uv_loop_t* loop, uv_file fd, Handler handler);

  /// Reads the next piece, if none is being read.
  void read();

 private:
  static constexpr std::size_t kBlockSize = 64 * 1024;

  void try_read();
  void finish(ssize_t count);

  uv_loop_t* loop_;
  uv_file fd_;
  Handler handler_;
  BufferPool pool_{kBlockSize};
  BufferPool::Block block_;
  uv_fs_t request_{};
  bool reading_ = false;
  FdReady readable_;
};

/// Writes to a file descriptor in the order given.
class FdWriter {
 public:
  struct Handlers {
    std::function<void()> on_drained;  // everything is written
    std::function<void(const Error&)> on_failure;
  };

  FdWriter(uv_loop_t* loop, uv_file fd, Handlers handlers);

  void write(Bytes bytes);

  /// Bytes that are not written yet.
  std::size_t pending() const { return waiting_.size() + writing_.size() - written_; }

 private:
  void write_next();
  void wrote(ssize_t count);
  void fail(ssize_t status);

  uv_loop_t* loop_;
  uv_file fd_;
  Handlers handlers_;
  std::vector<std::uint8_t> waiting_;
  std::vector<std::uint8_t> writing_;
  std::size_t written_ = 0;  // of writing_
  uv_fs_t request_{};
  FdReady writable_;
};

}  // namespace uvspdy::command
