#pragma once

#include <uv.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "flags/pod_flags.h"
#include "signal_watch.h"
#include "terminal/terminal.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/net/timer.h"

/// A remote command between this process's standard streams, which ends the process: with the
/// command's exit code, with 1 and a line on stderr, or by the signal that it was told to end with
/// (130 for a shell, if that was Ctrl-C). The terminal is restored first.
class RemoteCommand {
 public:
  /// Starts it, with the first size of the terminal, if it has one.
  using Start = std::function<uvspdy::net::Attempt(uvspdy::kube::RemoteCommandHandlers,
                                                   uvspdy::kube::TerminalSize)>;

  /// `name` is the command's own, for messages.
  RemoteCommand(uv_loop_t* loop, const char* name);

  /// Whether a terminal is to be used: -t together with -i, where standard input is one. Says so
  /// where it is not.
  static bool wants_terminal(const PodFlags& flags);

  /// `redraw`: what runs already is to draw its screen anew, so it is told of two sizes.
  void run(const Start& start, bool tty, bool redraw);

  /// Ends the process with this line and 1.
  [[noreturn]] void fail(const std::string& line);

 private:
  using PumpPtr = std::shared_ptr<uvspdy::httpstream::Pump>;

  void started(uvspdy::kube::RemoteCommandStreams streams);
  void pump_input(uvspdy::httpstream::StreamWriter stream);
  void pump_output(PumpPtr& pump, uvspdy::httpstream::StreamReader stream, uv_file fd);
  void input_failed(const uvspdy::Error& error);
  [[noreturn]] void output_failed(const uvspdy::Error& error);
  void send_size();
  uvspdy::Error watch_signals();
  void end_by(int signal);
  void maybe_exit();
  [[noreturn]] void leave(int exit_code);
  [[noreturn]] void die_of(int signal);

  uv_loop_t* loop_;
  std::string name_;
  PumpPtr input_;
  PumpPtr output_;  // until all of it is with our own reader, as is this:
  PumpPtr error_output_;
  uvspdy::kube::TerminalResize resize_;
  std::optional<Terminal> terminal_;
  uvspdy::kube::TerminalSize told_;  // the size that the other side knows
  uvspdy::net::Attempt attempt_;
  std::optional<uvspdy::Result<uvspdy::kube::ExitStatus>> status_;
  int signal_ = 0;  // that ends us
  uvspdy::net::Timer give_up_;
  std::array<SignalWatch, 4> signals_;
};
