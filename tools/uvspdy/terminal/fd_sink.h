#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/sink.h"

/// A file descriptor as a sink, through libuv's thread pool: that works for files, pipes and
/// terminals alike, and leaves their O_NONBLOCK, which other processes share, alone.
///
/// It keeps what is not written yet, and has no room for more past 256 KiB of that, until all is
/// written. Neither end nor break closes the descriptor, and both wait until all is written,
/// however long that takes: whoever reads may be a pager. A write that is under way keeps the loop
/// alive and cannot be taken back.
class FdSink final : public uvspdy::httpstream::Sink {
 public:
  using FailureHandler = uvspdy::OnceCallback<void(const uvspdy::Error&)>;

  /// `what` names the descriptor in errors. `on_failure` hears that it cannot be written, ahead of
  /// on_over.
  FdSink(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure = {});
  ~FdSink() override;
  FdSink(const FdSink&) = delete;
  FdSink& operator=(const FdSink&) = delete;

  void start(RoomHandler on_room, OverHandler on_over) override;
  bool write(uvspdy::httpstream::Piece piece) override;
  void end() override;
  void break_off(const uvspdy::Error& why) override;

 private:
  class Writing;
  std::shared_ptr<Writing> writing_;
};
