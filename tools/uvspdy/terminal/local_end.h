#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "flags/pod_flags.h"
#include "stop_signals.h"
#include "terminal/limited_sink.h"
#include "terminal/terminal.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {

/// The local end of a remote command: this process's standard streams, terminal, signals and exit
/// code. It ends the process, after restoring the terminal: with the command's exit code, with 1
/// and a line on stderr (also past --max-output), or by the signal that the process got (for a
/// shell 130 after Ctrl-C).
class LocalEnd {
 public:
  /// Starts the remote command, with the terminal's first size, if there is a terminal.
  using Start = std::function<net::Attempt(kube::RemoteCommandHandlers, kube::TerminalSize)>;

  LocalEnd(uv_loop_t* loop, const PodFlags& flags);

  /// Whether to use a terminal: with -t and -i, if standard input is a terminal; prints a message
  /// if it is not.
  static bool wants_terminal(const PodFlags& flags);

  /// `redraw`: sends two sizes, so that a program that runs already redraws its screen.
  void run(const Start& start, bool tty, bool redraw);

 private:
  using PumpPtr = std::shared_ptr<httpstream::Pump>;

  void started(kube::RemoteCommandStreams streams);
  void pump_input(httpstream::StreamWriter stream);
  void pump_output(PumpPtr& pump, httpstream::StreamReader stream, uv_file fd);
  void too_much_output();
  void input_failed(const Error& error);
  [[noreturn]] void output_failed(const Error& error);
  void send_size();
  void end_by(int signal);
  void maybe_exit();
  [[noreturn]] void leave(int exit_code);
  [[noreturn]] void end_as(int signal);

  uv_loop_t* loop_;
  std::string name_;
  PumpPtr input_;
  PumpPtr output_;  // like error_output_, until all of it is written
  PumpPtr error_output_;
  net::Wakeup output_limit_;
  std::shared_ptr<OutputAllowance> allowance_;  // null: as much as comes
  kube::TerminalResize resize_;
  std::optional<Terminal> terminal_;
  kube::TerminalSize told_;  // the size that was sent last
  net::Attempt attempt_;
  std::optional<Result<kube::ExitStatus>> status_;
  int signal_ = 0;  // the signal that ends this process
  net::Timer give_up_;
  StopSignals signals_;
};

}  // namespace uvspdy::command
