#pragma once

#include <sys/ioctl.h>
#include <uv.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "kube/process/child_watch.h"
#include "kube/process/descriptor_stream.h"
#include "kube/process/pseudo_terminal.h"
#include "net/handle.h"
#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// A local command with pipes, by default in a session and process group of its own. Real pipes,
/// not libuv's socket pairs: a command may open /dev/stdout again, as it can in a container. Or
/// with a terminal, which is its session's controlling one, so that job control works on it.
///
/// Its stdin and its outputs are taken and pumped by whoever wants them, and live on without it.
/// Destroying it leaves the command running, without a terminal; `signal_group` ends it.
class Process {
 public:
  enum class Output { kStdout, kStderr };
  static constexpr std::array kOutputs = {Output::kStdout, Output::kStderr};

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

  /// `on_exit` is called from the loop, once, and not after the Process is destroyed.
  using ExitHandler = OnceCallback<void()>;

  /// Output is read into blocks of `pool`, of DescriptorStream::kBlockSize bytes each.
  Process(uv_loop_t* loop, std::shared_ptr<BufferPool> pool, ExitHandler on_exit);
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

  /// The command's stdin, once; null unless asked for. Its end ends what the command reads, but for
  /// a terminal, which has no such end: the command goes on (Ctrl-D is a byte), as in Docker and
  /// containerd. It is over when the command closes its stdin.
  std::unique_ptr<httpstream::Sink> take_stdin();

  /// What the command writes, once; null unless asked for. Discarded or destroyed before its end,
  /// it closes: the command gets SIGPIPE when it writes more, or its terminal hangs up, and the
  /// session on that gets SIGHUP.
  std::unique_ptr<httpstream::Source> take_output(Output output);

  /// Hangs the terminal up, if there is one.
  void hang_up();

  /// Gives the terminal a new size; the foreground process group gets SIGWINCH.
  void resize(winsize size);

  /// Has an output end behind what the command has written to it until now.
  void end_output(Output output);

  /// Whether an output was asked for and has neither ended nor been given up.
  bool is_open(Output output) const {
    const auto& stream = outputs_[static_cast<std::size_t>(output)];
    return stream && stream->is_open();
  }

  /// Bytes of an output, not a terminal's, that wait to be read.
  std::size_t unread(Output output) const;

  bool running() const { return pid_ != 0 && !exited_; }

  /// Once it does not run any more: what it exited with, or 128 and the signal that ended it.
  int exit_code() const { return exit_code_; }

  /// Why some of its output could not be read: what came is not the whole. Success if it could.
  Error output_error() const;

  /// Sends a signal to the command, and all it has started if it has a group; on a terminal to the
  /// foreground group, too. Returns whether there was anybody left to get it. A group that is found
  /// gone, also at the command's exit, gets no more of them: its number may be another's by then.
  bool signal_group(int signal);

 private:
  Error start_with_pipes(const Options& options);
  Error start_on_terminal(const Options& options);
  void remember_foreground();
  void exited(int exit_code);
  std::shared_ptr<DescriptorStream>& stream_of(Output output) {
    return outputs_[static_cast<std::size_t>(output)];
  }

  uv_loop_t* loop_;
  std::shared_ptr<BufferPool> pool_;
  ExitHandler on_exit_;
  net::Handle<uv_process_t> process_;
  int pid_ = 0;
  int group_ = 0;  // its own, until that is gone
  bool exited_ = false;
  int exit_code_ = 0;
  std::shared_ptr<DescriptorStream> stdin_;
  std::array<std::shared_ptr<DescriptorStream>, 2> outputs_;  // those that were asked for
  std::unique_ptr<PseudoTerminal> terminal_;
  std::unique_ptr<ChildWatch> watch_;  // with a terminal, in place of process_
  int foreground_group_ = 0;           // of the terminal, as last known, until it is gone
};

/// What a shell exits with when it cannot run a command: 127 if there is none of that name, 126 if
/// it may not or cannot be run.
int shell_exit_code(const Error& error);

}  // namespace uvspdy::kube
