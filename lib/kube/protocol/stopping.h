#pragma once

#include <uv.h>

#include <memory>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// The stop of something that has to wait until what it has under way is over: who has asked for
/// it, and is told from the loop, once.
class Stopping {
 public:
  explicit Stopping(uv_loop_t* loop);
  Stopping(const Stopping&) = delete;
  Stopping& operator=(const Stopping&) = delete;

  /// It is stopped; `done`, which may be empty, hears when all is over.
  void begin(OnceCallback<void()> done);

  bool has_begun() const { return begun_; }

  /// Nothing is under way, now that `owner` has been stopped or not. It is kept until those who
  /// have asked are told.
  void nothing_is_left(std::shared_ptr<void> owner);

 private:
  bool begun_ = false;
  std::vector<OnceCallback<void()>> asked_;
  std::shared_ptr<void> owner_;  // until they are told
  net::Wakeup told_;
};

}  // namespace uvspdy::kube
