#pragma once

#include <uv.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/process_pipe.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/net/handle.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// A local command with pipes, by default in a session and process group of its own. Real pipes,
/// not libuv's socket pairs: a command may open /dev/stdout again, as it can in a container.
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

  /// Starts the command, once. Errors: libuv's, with a text that names the command; see
  /// shell_exit_code.
  Error start(const Options& options);

  /// Writes to the command's stdin. Returns whether more is welcome: if not, on_stdin_drained
  /// says when it is. What comes after the command has closed its stdin is dropped.
  bool write_stdin(Bytes bytes);

  /// Ends the command's stdin behind what was written.
  void close_stdin();

  void pause(Output output);
  void resume(Output output);

  /// Reads no more of an output: the command gets SIGPIPE when it writes to it. No on_output_end.
  void close_output(Output output);

  /// Whether an output has neither ended nor been closed.
  bool is_open(Output output) const {
    return outputs_[static_cast<std::size_t>(output)] != nullptr;
  }

  /// Bytes of an output that wait to be read.
  std::size_t unread(Output output) const;

  bool running() const { return pid_ != 0 && !exited_; }

  /// Once it does not run any more: what it exited with, or 128 and the signal that ended it.
  int exit_code() const { return exit_code_; }

  /// Sends a signal to the command, and all it has started if it has a group. Returns whether there
  /// was anybody left to get it.
  bool signal_group(int signal);

 private:
  std::unique_ptr<ProcessPipe>& pipe(Output output) {
    return outputs_[static_cast<std::size_t>(output)];
  }

  uv_loop_t* loop_;
  std::shared_ptr<BufferPool> pool_;
  Handlers handlers_;
  net::Handle<uv_process_t> process_;
  int pid_ = 0;
  bool own_group_ = true;
  bool exited_ = false;
  int exit_code_ = 0;
  std::unique_ptr<ProcessPipe> stdin_;
  bool stdin_busy_ = false;
  bool stdin_ends_ = false;
  std::array<std::unique_ptr<ProcessPipe>, 2> outputs_;
};

/// What a shell exits with when it cannot run a command: 127 if there is none of that name, 126 if
/// it may not or cannot be run.
int shell_exit_code(const Error& error);

}  // namespace uvspdy::kube
