#include "terminal/local_end.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "exit_text.h"
#include "report.h"
#include "terminal/fd_sink.h"
#include "terminal/fd_source.h"
#include "uvspdy/net/error.h"

namespace uvspdy::command {
namespace {

// How long the connection may take to close in order after a signal that ends this process.
constexpr auto kGoodbye = std::chrono::seconds(1);

}  // namespace

LocalEnd::LocalEnd(uv_loop_t* loop, const PodFlags& flags)
    : loop_(loop),
      name_(flags.verb),
      output_limit_(loop, [this] { too_much_output(); }),
      give_up_(loop, [this] { end_as(signal_); }) {
  if (!flags.max_output) return;
  allowance_ =
      std::make_shared<OutputAllowance>(*flags.max_output, [this] { output_limit_.schedule(); });
}

bool LocalEnd::wants_terminal(const PodFlags& flags) {
  if (!flags.tty || !flags.use_stdin) return false;
  if (Terminal::is_terminal(STDIN_FILENO)) return true;
  if (!flags.quiet) {
    report_line("Unable to use a TTY - input is not a terminal or the right kind of file");
  }
  return false;
}

void LocalEnd::run(const Start& start, bool tty, bool redraw) {
  Error error = signals_.start(
      loop_, [this](int signal) { end_by(signal); }, StopSignals::kWithQuit);
  kube::TerminalSize first;
  if (tty) {
    terminal_.emplace(loop_, STDIN_FILENO, STDOUT_FILENO);
    if (!error) error = terminal_->watch_size([this] { send_size(); });
    first = terminal_->size();
    // Programs redraw when the size changes, so a wrong size is sent first, then the right one.
    if (redraw && first != kube::TerminalSize()) {
      ++first.width;
      ++first.height;
    }
    told_ = first;
  }
  if (error) leave(report_error(name_, error.message()));
  attempt_ = start({[this](kube::RemoteCommandStreams streams) { started(std::move(streams)); },
                    [this](Result<kube::ExitStatus> status) {
                      if (!status_) status_ = std::move(status);
                      maybe_exit();
                    }},
                   first);
}

void LocalEnd::started(kube::RemoteCommandStreams streams) {
  resize_ = std::move(streams.terminal_resize);
  pump_output(output_, std::move(streams.standard_output), STDOUT_FILENO);
  pump_output(error_output_, std::move(streams.standard_error), STDERR_FILENO);
  if (terminal_) {
    // Not earlier, so that Ctrl-C can end the attempt to connect.
    if (const Error error = terminal_->make_raw()) leave(report_error(name_, error.message()));
    send_size();
  }
  pump_input(std::move(streams.standard_input));
}

void LocalEnd::pump_input(httpstream::StreamWriter stream) {
  if (!stream) return;
  auto input = std::make_unique<FdSource>(loop_, STDIN_FILENO, "standard input",
                                          [this](const Error& error) { input_failed(error); });
  input_ = httpstream::Pump::start(std::move(input), httpstream::sink_of(std::move(stream)), {});
}

void LocalEnd::pump_output(PumpPtr& pump, httpstream::StreamReader stream, uv_file fd) {
  if (!stream) return;
  const char* what = fd == STDOUT_FILENO ? "standard output" : "standard error";
  std::unique_ptr<httpstream::Sink> output = std::make_unique<FdSink>(
      loop_, fd, what, [this](const Error& error) { output_failed(error); });
  if (allowance_) output = std::make_unique<LimitedSink>(std::move(output), allowance_);
  pump = httpstream::Pump::start(httpstream::source_of(std::move(stream)), std::move(output),
                                 [this, &pump](const Error&) {
                                   pump.reset();
                                   maybe_exit();
                                 });
}

// What is allowed is written before the process ends.
void LocalEnd::too_much_output() {
  if (signal_ != 0) return;
  status_ = Error(std::make_error_code(std::errc::file_too_large),
                  "more output came than --max-output allows; the command is left");
  attempt_.cancel();
  if (output_) output_->end();
  if (error_output_) error_output_->end();
  maybe_exit();
}

void LocalEnd::input_failed(const Error& error) {
  // A read of a terminal fails when it has hung up; the remote stdin then ends in order.
  if (terminal_) return input_->end();
  leave(report_error(name_, error.message()));
}

void LocalEnd::output_failed(const Error& error) {
  // Ends by SIGPIPE as other programs do, so that `uvspdy exec ... | head` prints no error.
  if (error.code() == std::error_code(UV_EPIPE, net::uv_category())) end_as(SIGPIPE);
  leave(report_error(name_, error.message()));
}

void LocalEnd::send_size() {
  if (!resize_) return;
  const kube::TerminalSize size = terminal_->size();
  if (size == told_ || size == kube::TerminalSize()) return;
  told_ = size;
  resize_.send(size);
}

// Closes the connection in order, for kGoodbye at most. A second signal ends the process at once.
void LocalEnd::end_by(int signal) {
  if (terminal_) terminal_->restore();
  if (std::exchange(signal_, signal) != 0) end_as(signal);
  attempt_.cancel();
  give_up_.start(kGoodbye);
}

// Exits when the command is over and all output is written. It does not wait for the loop to run
// out, because a read of stdin may be under way for ever.
void LocalEnd::maybe_exit() {
  if (!status_) return;
  if (signal_ != 0) end_as(signal_);
  if (output_ || error_output_) return;
  if (terminal_) terminal_->restore();
  if (!*status_) leave(report_error(name_, kube::describe(status_->error())));
  const kube::ExitStatus& status = **status_;
  if (status.code != 0) report_error(name_, exit_text(status));
  // A shell sees only the last 8 bits of the exit code: a failure must not look like success.
  const bool looks_like_none = status.code != 0 && (status.code & 0xff) == 0;
  leave(looks_like_none ? 1 : status.code);
}

void LocalEnd::leave(int exit_code) {
  if (terminal_) terminal_->restore();
  std::fflush(nullptr);
  std::_Exit(exit_code);
}

void LocalEnd::end_as(int signal) {
  if (terminal_) terminal_->restore();
  die_of(signal);
}

}  // namespace uvspdy::command
