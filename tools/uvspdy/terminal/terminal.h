#pragma once

#include <termios.h>
#include <uv.h>

#include <array>
#include <functional>
#include <optional>

#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/handle.h"

/// The terminal that a person sits at. In raw mode it sends each key as it is, Ctrl-C too, and
/// shows nothing by itself: all of that is the remote terminal's. It is restored by `restore`, by
/// the destructor, and while the process is stopped (SIGTSTP); whoever ends the process otherwise
/// calls `restore` first.
class Terminal {
 public:
  /// `on_resize` is called, from the loop, when the size may have changed. Nothing of this keeps
  /// the loop alive.
  Terminal(uv_loop_t* loop, uv_file input, uv_file output, std::function<void()> on_resize);
  ~Terminal() { restore(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Whether a descriptor is a terminal.
  static bool is_terminal(uv_file fd);

  /// How large it is now; 0 x 0 if it does not say.
  uvspdy::kube::TerminalSize size() const;

  /// Sets raw mode, from when on stopping and continuing change it, too. False: it cannot be set.
  bool make_raw();

  /// Back to how it was before make_raw. Does nothing while the terminal is another job's.
  void restore();

 private:
  bool is_ours() const;
  bool set(const termios& mode) const;
  void watch(std::size_t place, int signal, uv_signal_cb callback);
  void stop_process();
  void continued();

  uv_loop_t* loop_;
  uv_file input_;
  uv_file output_;
  std::function<void()> on_resize_;
  std::optional<termios> before_;  // while it is raw, or will be when the process continues
  bool raw_ = false;
  std::array<uvspdy::net::Handle<uv_signal_t>, 3> signals_;
};
