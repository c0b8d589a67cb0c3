#pragma once

#include <uv.h>

#include <memory>

#include "net/descriptor.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/net/handle.h"

namespace uvspdy::kube {

/// Waits for one child process that was not started by libuv, by a pidfd (Linux 5.3): without
/// SIGCHLD, and without waiting for anybody else's children.
class ChildWatch {
 public:
  /// Called once, from the loop, when the child has ended and is collected, with what it exited
  /// with or 128 and the signal that ended it; -1 if somebody else has collected it. May destroy
  /// the watch.
  using ExitHandler = OnceCallback<void(int exit_code)>;

  /// Errors: UV_ENOSYS on kernels without pidfds.
  static Result<std::unique_ptr<ChildWatch>> start(uv_loop_t* loop, int pid, ExitHandler handler);

  ChildWatch(int pid, net::Descriptor pidfd, ExitHandler handler);
  /// Leaves a child that runs alone, and uncollected.
  ~ChildWatch() = default;
  ChildWatch(const ChildWatch&) = delete;
  ChildWatch& operator=(const ChildWatch&) = delete;

 private:
  void collect();

  int pid_;
  ExitHandler handler_;
  // The handle goes first: libuv must not poll what is closed.
  net::Descriptor pidfd_;
  net::Handle<uv_poll_t> poll_;
};

}  // namespace uvspdy::kube
