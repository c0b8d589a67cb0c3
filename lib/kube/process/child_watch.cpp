#include "kube/process/child_watch.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "uvspdy/kube/process/exit_code.h"
#include "uvspdy/net/error.h"

namespace uvspdy::kube {

ChildWatch::ChildWatch(int pid, net::Descriptor pidfd, ExitHandler handler)
    : pid_(pid), handler_(std::move(handler)), pidfd_(std::move(pidfd)) {}

Result<std::unique_ptr<ChildWatch>> ChildWatch::start(uv_loop_t* loop, int pid,
                                                      ExitHandler handler) {
  // As a raw system call, since C libraries before glibc 2.36 have no function for it.
  net::Descriptor pidfd(static_cast<uv_file>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return net::uv_error(uv_translate_sys_error(errno), "pidfd_open");
  auto watch = std::make_unique<ChildWatch>(pid, std::move(pidfd), std::move(handler));
  watch->poll_ = net::Handle<uv_poll_t>::make();
  int status = uv_poll_init(loop, watch->poll_.get(), watch->pidfd_.get());
  if (status < 0) {
    watch->poll_.forget();
    return net::uv_error(status, "wait for a process");
  }
  watch->poll_->data = watch.get();
  status = uv_poll_start(watch->poll_.get(), UV_READABLE, [](uv_poll_t* poll, int, int) noexcept {
    static_cast<ChildWatch*>(poll->data)->collect();
  });
  if (status < 0) return net::uv_error(status, "wait for a process");
  return watch;
}

void ChildWatch::collect() {
  int status = 0;
  pid_t collected = 0;
  do {
    collected = waitpid(pid_, &status, WNOHANG);
  } while (collected < 0 && errno == EINTR);
  if (collected == 0) return;
  uv_poll_stop(poll_.get());
  int exit_code = -1;
  if (collected > 0) {
    exit_code = WIFSIGNALED(status) ? exit_code_of_signal(WTERMSIG(status)) : WEXITSTATUS(status);
  }
  handler_(exit_code);
}

}  // namespace uvspdy::kube
