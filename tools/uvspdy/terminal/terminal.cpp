#include "terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::command {
namespace {

Error not_raw() {
  return net::uv_error(uv_translate_sys_error(errno), "the terminal cannot be set to raw mode");
}

}  // namespace

Error Terminal::watch_size(Callback<void()> on_resize) {
  on_resize_ = std::move(on_resize);
  return size_changes_.start(loop_, SIGWINCH, [this](int) { on_resize_(); });
}

bool Terminal::is_terminal(uv_file fd) { return isatty(fd) == 1; }

kube::TerminalSize Terminal::size() const {
  for (const uv_file fd : {output_, input_}) {
    winsize found{};
    if (ioctl(fd, TIOCGWINSZ, &found) == 0) return {found.ws_col, found.ws_row};
  }
  return {};
}

Error Terminal::make_raw() {
  termios now{};
  if (tcgetattr(input_, &now) != 0) return not_raw();
  before_ = now;
  struct sigaction stopping {};
  // If SIGTSTP is ignored, no shell would continue this process: it stays ignored.
  if (sigaction(SIGTSTP, nullptr, &stopping) == 0 && stopping.sa_handler != SIG_IGN) {
    if (Error error = stops_.start(loop_, SIGTSTP, [this](int) { stop_process(); })) return error;
  }
  if (Error error = continues_.start(loop_, SIGCONT, [this](int) { continued(); })) return error;
  cfmakeraw(&now);
  errno = ENOTTY;  // if another job is in the foreground
  raw_ = is_ours() && set(now);
  return raw_ ? Error() : not_raw();
}

void Terminal::restore() {
  if (raw_ && is_ours()) set(*before_);
  raw_ = false;
  before_.reset();
}

// While this process is in the background, the shell has set the terminal's mode for itself.
bool Terminal::is_ours() const {
  const pid_t foreground = tcgetpgrp(input_);
  return foreground < 0 || foreground == getpgrp();
}

bool Terminal::set(const termios& mode) const {
  // Blocks SIGTTOU, which would stop this process here if another job came to the foreground now.
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const bool done = tcsetattr(input_, TCSANOW, &mode) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return done;
}

void Terminal::stop_process() {
  if (raw_ && is_ours()) set(*before_);
  raw_ = false;
  std::raise(SIGSTOP);
}

void Terminal::continued() {
  if (!before_ || !is_ours()) return;  // restored for good, or still in the background
  termios mode = *before_;
  cfmakeraw(&mode);
  raw_ = set(mode);
  on_resize_();
}

}  // namespace uvspdy::command
