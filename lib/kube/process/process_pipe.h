#pragma once

#include <uv.h>

#include <functional>
#include <memory>

#include "net/descriptor.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"

namespace uvspdy::kube {

/// This side's end of a pipe to a process: either read from or written to. Destroying it closes
/// the pipe; no handler is called after that.
class ProcessPipe {
  struct State;
  struct Private {};

 public:
  struct Handlers {
    std::function<void(Buffer)> on_data;
    std::function<void(const Error&)> on_end;  // read to the end, or why no further
    std::function<void()> on_drained;          // what `write` had to keep has left
  };

  /// What is read into `pool`'s blocks, of kBlockSize each, is handed on in them.
  static constexpr std::size_t kBlockSize = 64 * 1024;

  /// Takes over a file descriptor. Errors: libuv's.
  static Result<std::unique_ptr<ProcessPipe>> open(uv_loop_t* loop, net::Descriptor fd,
                                                   std::shared_ptr<BufferPool> pool,
                                                   Handlers handlers);

  ProcessPipe(Private, std::unique_ptr<State> state);  // use `open`
  ~ProcessPipe();
  ProcessPipe(const ProcessPipe&) = delete;
  ProcessPipe& operator=(const ProcessPipe&) = delete;

  void start_reading();
  void stop_reading();

  /// Reads what is in the pipe now and no more than that; on_end follows behind it.
  void end_behind_held();

  /// Bytes that wait in the pipe to be read.
  std::size_t unread() const;

  /// Writes, and copies what cannot be written at once. Returns whether nothing had to be kept; if
  /// not, on_drained follows, and `write` is not to be called before. Once the reader has gone,
  /// bytes are dropped.
  bool write(Bytes bytes);

 private:
  std::unique_ptr<State> state_;
};

}  // namespace uvspdy::kube
