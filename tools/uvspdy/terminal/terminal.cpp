#include "terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <utility>

using namespace uvspdy;

Terminal::Terminal(uv_loop_t* loop, uv_file input, uv_file output, std::function<void()> on_resize)
    : loop_(loop), input_(input), output_(output), on_resize_(std::move(on_resize)) {
  watch(0, SIGWINCH,
        [](uv_signal_t* signal, int) { static_cast<Terminal*>(signal->data)->on_resize_(); });
}

bool Terminal::is_terminal(uv_file fd) { return isatty(fd) == 1; }

kube::TerminalSize Terminal::size() const {
  for (const uv_file fd : {output_, input_}) {
    winsize found{};
    if (ioctl(fd, TIOCGWINSZ, &found) == 0) return {found.ws_col, found.ws_row};
  }
  return {};
}

bool Terminal::make_raw() {
  termios now{};
  if (tcgetattr(input_, &now) != 0) return false;
  before_ = now;
  struct sigaction stopping {};
  // Where no shell would continue it, it is ignored.
  if (sigaction(SIGTSTP, nullptr, &stopping) == 0 && stopping.sa_handler != SIG_IGN) {
    watch(1, SIGTSTP,
          [](uv_signal_t* signal, int) { static_cast<Terminal*>(signal->data)->stop_process(); });
  }
  watch(2, SIGCONT,
        [](uv_signal_t* signal, int) { static_cast<Terminal*>(signal->data)->continued(); });
  cfmakeraw(&now);
  raw_ = is_ours() && set(now);
  return raw_;
}

void Terminal::restore() {
  if (raw_ && is_ours()) set(*before_);
  raw_ = false;
  before_.reset();
}

// In the background it is the shell's, which has set it for itself.
bool Terminal::is_ours() const {
  const pid_t foreground = tcgetpgrp(input_);
  return foreground < 0 || foreground == getpgrp();
}

bool Terminal::set(const termios& mode) const {
  // Would the terminal be taken from us in between, SIGTTOU would stop us in the middle of an end.
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const bool done = tcsetattr(input_, TCSANOW, &mode) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return done;
}

void Terminal::watch(std::size_t place, int signal, uv_signal_cb callback) {
  net::Handle<uv_signal_t>& handle = signals_[place];
  if (handle) return;
  handle = net::Handle<uv_signal_t>::make();
  uv_signal_init(loop_, handle.get());
  handle->data = this;
  uv_signal_start(handle.get(), callback, signal);
  uv_unref(handle.base());
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
