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

/// A local command, by default in a session and process group of its own. It has pipes, not libuv's
/// socket pairs, so that it can open /dev/stdout again, as in a container; or a terminal, which is
/// the session's controlling terminal, so that job control works.
///
/// Its stdin and outputs are taken as Sink and Sources, which may outlive the Process. Destroying
/// the Process leaves the command running, without a terminal; `signal_group` ends the command.
class Process {
 public:
  enum class Output { kStdout, kStderr };
  static constexpr std::array kOutputs = {Output::kStdout, Output::kStderr};

  struct Options {
    std::vector<std::string> command;
    bool use_stdin = false;  // false: /dev/null, as for the outputs
    bool use_stdout = true;
    bool use_stderr = true;
    std::vector<std::string> environment;  // "NAME=VALUE"; empty: this process's
    bool inherit_stdin = false;            // in place of use_stdin
    bool own_group = true;                 // false for a command that asks at our terminal
    bool tty = false;                      // a terminal in place of pipes; always with own_group
    winsize size{};                        // of the terminal; 0 by 0: not known yet
  };

  /// `on_exit` is called from the loop, once, and not after the Process is destroyed.
  using ExitHandler = OnceCallback<void()>;

  /// Output is read into blocks of `pool`, of DescriptorStream::kBlockSize bytes each.
  Process(uv_loop_t* loop, std::shared_ptr<BufferPool> pool, ExitHandler on_exit);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Starts the command, once. Errors: libuv's, with a text that names the command; UV_EINVAL for
  /// an empty command; see shell_exit_code.
  ///
  /// With a terminal all output is kStdout's. It is read even if use_stdout is false, since the
  /// command could not go on otherwise. The command has TERM=xterm if its environment has no TERM,
  /// as in containers.
  Error start(const Options& options);

  /// Takes the command's stdin, once; null unless use_stdin. Its end() ends the command's input,
  /// except on a terminal, which has no such end (Ctrl-D is a byte), as in Docker and containerd.
  /// The sink is over when the command closes its stdin.
  std::unique_ptr<httpstream::Sink> take_stdin();

  /// Takes an output, once; null unless use_stdout or use_stderr. Discarding or destroying the
  /// source before its end closes the descriptor: the command gets SIGPIPE when it writes more, or
  /// its terminal hangs up, and the terminal's session gets SIGHUP.
  std::unique_ptr<httpstream::Source> take_output(Output output);

  /// Hangs the terminal up, if there is one.
  void hang_up();

  /// Gives the terminal a new size; the foreground process group gets SIGWINCH.
  void resize(winsize size);

  /// Ends an output after the bytes that the command has written to it until now.
  void end_output(Output output);

  /// Whether an output was asked for and is not closed: neither at its end nor given up.
  bool is_open(Output output) const {
    const auto& stream = outputs_[static_cast<std::size_t>(output)];
    return stream && stream->is_open();
  }

  /// How many bytes of an output wait in its pipe.
  std::size_t unread(Output output) const;

  /// The command's process id, also after its exit; 0 if it was not started.
  int pid() const { return pid_; }

  bool running() const { return pid_ != 0 && !exited_; }

  /// Once it does not run any more: its exit code, or 128 + the signal that ended it.
  int exit_code() const { return exit_code_; }

  /// Why an output could not be read to its end, so that it is incomplete; else success.
  Error output_error() const;

  /// Sends a signal to the command, or to its process group if it has its own; on a terminal to the
  /// foreground group, too. Returns whether any process got it. A group that was found gone, also
  /// at the command's exit, gets no more signals: its number may be another group's by then.
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
  int group_ = 0;  // its own process group, until that is gone
  bool exited_ = false;
  int exit_code_ = 0;
  std::shared_ptr<DescriptorStream> stdin_;
  std::array<std::shared_ptr<DescriptorStream>, 2> outputs_;  // those that were asked for
  std::unique_ptr<PseudoTerminal> terminal_;
  std::unique_ptr<ChildWatch> watch_;  // with a terminal, in place of process_
  int foreground_group_ = 0;           // the terminal's last known one, until it is gone
};

/// The exit code of a shell that cannot run a command: 127 if none has that name, 126 if it must
/// not or cannot be executed.
int shell_exit_code(const Error& error);

}  // namespace uvspdy::kube
