#pragma once

#include <sys/ioctl.h>
#include <uv.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/process/child_watch.h"
#include "kube/process/process_pipe.h"
#include "kube/process/pseudo_terminal.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/net/handle.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// A local command with pipes, by default in a session and process group of its own. Real pipes,
/// not libuv's socket pairs: a command may open /dev/stdout again, as it can in a container. Or
/// with a terminal, which is its session's controlling one, so that job control works on it.
///
/// Handlers are called from the loop and not after the Process is destroyed, which leaves the
/// command running; `terminate` ends it.
class Process {
 public:
  enum class Output { kStdout, kStderr };

  struct Options {
    std::vector<std::string> command;
    bool use_stdin = false;  // otherwise /dev/null, as for the others
    bool use_stdout = true;
    bool use_stderr = true;
    std::vector<std::string> environment;  // "NAME=VALUE", all of it; empty: ours
    bool inherit_stdin = false;            // in place of use_stdin
    bool own_group = true;                 // not for a command that asks people at our terminal
    bool tty = false;                      // one terminal in place of pipes, always with own_group
    winsize size{};                        // of the terminal, 0 by 0 if it comes later
  };

  struct Handlers {
    std::function<void(Output, Buffer)> on_output;
    std::function<void(Output)> on_output_end;
    std::function<void()> on_stdin_drained;
    std::function<void()> on_exit;
  };

  /// Output is read into blocks of `pool`, of ProcessPipe::kBlockSize bytes each.
  Process(uv_loop_t* loop, std::shared_ptr<BufferPool> pool, Handlers handlers);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Starts the command, once. Errors: libuv's, with a text that names the command, UV_EINVAL for
  /// one without a word; see shell_exit_code.
  ///
  /// With a terminal all output is kStdout's; it is read also if nobody wants it, since nobody
  /// could go on otherwise. The command has TERM=xterm if its environment has no TERM, as in
  /// containers.
  Error start(const Options& options);

  /// Writes to the command's stdin. Returns whether more is welcome: if not, on_stdin_drained
  /// says when it is. What comes after the command has closed its stdin is dropped.
  bool write_stdin(Bytes bytes);

  /// Ends the command's stdin behind what was written. A terminal has no such end: only what is
  /// written later is dropped, and the command goes on (Ctrl-D is a byte), as in Docker and
  /// containerd.
  void close_stdin();

  /// Gives the terminal a new size; the foreground process group gets SIGWINCH.
  void resize(winsize size);

  void pause(Output output);
  void resume(Output output);

  /// Reads no more of an output: the command gets SIGPIPE when it writes to it. No on_output_end.
  /// A terminal hangs up: its session gets SIGHUP.
  void close_output(Output output);

  /// Reads what the command has written to an output until now, and no more than that;
  /// on_output_end follows behind it.
  void end_output(Output output);

  /// Whether an output has neither ended nor been closed.
  bool is_open(Output output) const {
    return (terminal_ && output == Output::kStdout) ||
           outputs_[static_cast<std::size_t>(output)] != nullptr;
  }

  /// Bytes of an output, not a terminal's, that wait to be read.
  std::size_t unread(Output output) const;

  bool running() const { return pid_ != 0 && !exited_; }

  /// Once it does not run any more: what it exited with, or 128 and the signal that ended it.
  int exit_code() const { return exit_code_; }

  /// Why some of its output could not be read: what came is not the whole. Success if it could.
  const Error& output_error() const { return output_error_; }

  /// Sends a signal to the command, and all it has started if it has a group; on a terminal to the
  /// foreground group, too. Returns whether there was anybody left to get it. A group that is found
  /// gone, also at the command's exit, gets no more of them: its number may be another's by then.
  bool signal_group(int signal);

 private:
  Error start_with_pipes(const Options& options);
  Error start_on_terminal(const Options& options);
  void hang_up();
  void remember_foreground();
  void stdin_drained();
  void output_ended(Output output, const Error& error);
  void exited(int exit_code);
  std::unique_ptr<ProcessPipe>& pipe(Output output) {
    return outputs_[static_cast<std::size_t>(output)];
  }

  uv_loop_t* loop_;
  std::shared_ptr<BufferPool> pool_;
  Handlers handlers_;
  net::Handle<uv_process_t> process_;
  int pid_ = 0;
  int group_ = 0;  // its own, until that is gone
  bool exited_ = false;
  int exit_code_ = 0;
  std::unique_ptr<ProcessPipe> stdin_;
  bool stdin_busy_ = false;
  bool stdin_ends_ = false;
  std::array<std::unique_ptr<ProcessPipe>, 2> outputs_;
  std::unique_ptr<PseudoTerminal> terminal_;
  std::unique_ptr<ChildWatch> watch_;  // with a terminal, in place of process_
  int foreground_group_ = 0;           // of the terminal, as last known, until it is gone
  Error output_error_;
};

/// What a shell exits with when it cannot run a command: 127 if there is none of that name, 126 if
/// it may not or cannot be run.
int shell_exit_code(const Error& error);

}  // namespace uvspdy::kube
