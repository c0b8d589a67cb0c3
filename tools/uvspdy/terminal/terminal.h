#pragma once

#include <termios.h>
#include <uv.h>

#include <optional>

#include "signal_watch.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::command {

/// The local terminal of a person. In raw mode it passes on each key as it is, Ctrl-C too, and
/// echoes nothing, since the remote terminal does these things. It is restored by `restore`, by the
/// destructor, and while the process is stopped (SIGTSTP). Code that ends the process otherwise
/// must call `restore` first.
class Terminal {
 public:
  Terminal(uv_loop_t* loop, uv_file input, uv_file output)
      : loop_(loop), input_(input), output_(output) {}
  ~Terminal() { restore(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Whether a descriptor is a terminal.
  static bool is_terminal(uv_file fd);

  /// The terminal's size now; 0 x 0 if it is not known.
  kube::TerminalSize size() const;

  /// Sets, once, a handler that is called from the loop whenever the size may have changed. Neither
  /// this nor make_raw keeps the loop alive. Errors: libuv's.
  Error watch_size(Callback<void()> on_resize);

  /// Sets raw mode. From then on, stopping the process restores the terminal, and continuing it
  /// sets raw mode again. Errors: libuv's.
  Error make_raw();

  /// Restores the mode before make_raw, but not while another job is in the foreground.
  void restore();

 private:
  bool is_ours() const;
  bool set(const termios& mode) const;
  void stop_process();
  void continued();

  uv_loop_t* loop_;
  uv_file input_;
  uv_file output_;
  Callback<void()> on_resize_;
  std::optional<termios> before_;  // the mode to restore; empty before make_raw and after restore
  bool raw_ = false;
  SignalWatch size_changes_;
  SignalWatch stops_;
  SignalWatch continues_;
};

}  // namespace uvspdy::command
