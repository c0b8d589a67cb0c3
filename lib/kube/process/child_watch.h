#pragma once

#include <uv.h>

#include <memory>

#include "net/descriptor.h"
#include "net/handle.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::kube {

/// Waits for one child process that libuv has not started, by a pidfd (Linux 5.3): without SIGCHLD,
/// and without collecting other children of this process.
class ChildWatch {
 public:
  /// Called once, from the loop, when the child has ended and was collected, with its exit code, or
  /// 128 + the signal that ended it; -1 if other code has collected it. May destroy the
  /// ChildWatch.
  using ExitHandler = OnceCallback<void(int exit_code)>;

  /// Errors: UV_ENOSYS on kernels without pidfds.
  static Result<std::unique_ptr<ChildWatch>> start(uv_loop_t* loop, int pid, ExitHandler handler);

  ChildWatch(int pid, net::Descriptor pidfd, ExitHandler handler);
  /// Leaves a child that still runs uncollected.
  ~ChildWatch() = default;
  ChildWatch(const ChildWatch&) = delete;
  ChildWatch& operator=(const ChildWatch&) = delete;

 private:
  void collect();

  int pid_;
  ExitHandler handler_;
  // Declared in this order so that the handle is closed before the descriptor that it polls.
  net::Descriptor pidfd_;
  net::Handle<uv_poll_t> poll_;
};

}  // namespace uvspdy::kube
