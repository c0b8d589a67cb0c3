#pragma once

#include <uv.h>

#include <memory>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// The stop of an object that must wait until all that it has under way is over. Keeps the handlers
/// of those who asked to stop, and runs each once, from the loop.
class Stopping {
 public:
  explicit Stopping(uv_loop_t* loop);
  Stopping(const Stopping&) = delete;
  Stopping& operator=(const Stopping&) = delete;

  /// Notes a call of stop(); `done`, which may be empty, runs when all is over.
  void begin(OnceCallback<void()> done);

  bool has_begun() const { return begun_; }

  /// To be called whenever nothing is under way, stopped or not: runs the handlers of `begin` from
  /// the loop, and keeps `owner` alive until then.
  void nothing_is_left(std::shared_ptr<void> owner);

 private:
  bool begun_ = false;
  std::vector<OnceCallback<void()>> asked_;
  std::shared_ptr<void> owner_;  // until the handlers have run
  net::Wakeup told_;
};

}  // namespace uvspdy::kube
