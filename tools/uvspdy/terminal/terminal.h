#pragma once

#include <termios.h>
#include <uv.h>

#include <optional>

#include "signal_watch.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::command {

/// The terminal that a person sits at. In raw mode it sends each key as it is, Ctrl-C too, and
/// shows nothing by itself: all of that is the remote terminal's. It is restored by `restore`, by
/// the destructor, and while the process is stopped (SIGTSTP); whoever ends the process otherwise
/// calls `restore` first.
class Terminal {
 public:
  Terminal(uv_loop_t* loop, uv_file input, uv_file output)
      : loop_(loop), input_(input), output_(output) {}
  ~Terminal() { restore(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Whether a descriptor is a terminal.
  static bool is_terminal(uv_file fd);

  /// How large it is now; 0 x 0 if it does not say.
  kube::TerminalSize size() const;

  /// Calls a handler, from the loop, whenever the size may have changed; once. Nothing of this, nor
  /// of make_raw, keeps the loop alive. Errors: libuv's.
  Error watch_size(Callback<void()> on_resize);

  /// Sets raw mode, from when on stopping and continuing change it, too. Errors: libuv's, when it
  /// cannot be set.
  Error make_raw();

  /// Back to how it was before make_raw. Does nothing while the terminal is another job's.
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
  std::optional<termios> before_;  // while it is raw, or will be when the process continues
  bool raw_ = false;
  SignalWatch size_changes_;
  SignalWatch stops_;
  SignalWatch continues_;
};

}  // namespace uvspdy::command
