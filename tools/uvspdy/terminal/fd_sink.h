#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/sink.h"

namespace uvspdy::command {

/// A file descriptor as a sink, written by libuv's thread pool. That works for files, pipes and
/// terminals alike, and does not change O_NONBLOCK, which other processes share.
///
/// It buffers bytes that are not written yet. Past 256 KiB it has no room until all are written.
/// Neither an end nor a break closes the descriptor, and both wait until all is written, however
/// long that takes: the reader may be a pager. A write that is under way keeps the loop alive and
/// cannot be cancelled.
class FdSink final : public httpstream::Sink {
 public:
  using FailureHandler = OnceCallback<void(const Error&)>;

  /// `what` names the descriptor in errors. `on_failure` is called before on_over when the
  /// descriptor cannot be written.
  FdSink(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure = {});
  ~FdSink() override;
  FdSink(const FdSink&) = delete;
  FdSink& operator=(const FdSink&) = delete;

  void start(RoomHandler on_room, OverHandler on_over) override;
  bool write(httpstream::Piece piece) override;
  void end() override;
  void break_off(const Error& why) override;

 private:
  class Writing;
  std::shared_ptr<Writing> writing_;
};

}  // namespace uvspdy::command
