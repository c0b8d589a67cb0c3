#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/source.h"

namespace uvspdy::command {

/// A file descriptor as a source, read by libuv's thread pool. That works for files, pipes and
/// terminals alike, and does not change O_NONBLOCK, which other processes share.
///
/// It reads one piece at a time, the next after the last was taken, unless it is paused. A read
/// that is under way keeps the loop alive and cannot be cancelled: its bytes are delivered after a
/// pause, and are lost after `discard` or the destructor. After `discard` no more is read.
class FdSource final : public httpstream::Source {
 public:
  using FailureHandler = OnceCallback<void(const Error&)>;

  /// `what` names the descriptor in errors. `on_failure` is called before on_end when the
  /// descriptor cannot be read.
  FdSource(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure = {});
  ~FdSource() override;
  FdSource(const FdSource&) = delete;
  FdSource& operator=(const FdSource&) = delete;

  void start(DataHandler on_data, EndHandler on_end) override;
  void pause() override;
  void resume() override;
  void discard() override;

 private:
  class Reading;
  std::shared_ptr<Reading> reading_;
};

}  // namespace uvspdy::command
