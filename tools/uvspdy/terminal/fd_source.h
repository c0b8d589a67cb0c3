#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/source.h"

/// A file descriptor as a source, through libuv's thread pool: that works for files, pipes and
/// terminals alike, and leaves their O_NONBLOCK, which other processes share, alone.
///
/// It reads piece by piece, the next one when the last was taken and nobody has paused. A read that
/// is under way keeps the loop alive and cannot be taken back: what it brings while the source is
/// paused is given once that resumes, and behind `discard`, or the destructor, it is lost.
/// Discarding means reading no more.
class FdSource final : public uvspdy::httpstream::Source {
 public:
  using FailureHandler = uvspdy::OnceCallback<void(const uvspdy::Error&)>;

  /// `what` names the descriptor in errors. `on_failure` hears that it cannot be read, ahead of
  /// on_end.
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
