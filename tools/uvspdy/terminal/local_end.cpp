#include "terminal/local_end.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "report.h"
#include "stop_signals.h"
#include "uvspdy/kube/process/exit_code.h"

namespace uvspdy::command {
namespace {

// What we keep of an output that is slower than the connection before its stream is paused.
constexpr std::size_t kOutputHighWater = 256 * 1024;

// How long the connection may take to end in order once a signal ends us.
constexpr auto kGoodbye = std::chrono::seconds(1);

}  // namespace

LocalEnd::LocalEnd(uv_loop_t* loop, const char* name)
    : loop_(loop),
      name_(name),
      input_(loop, STDIN_FILENO, [this](Result<Buffer> piece) { send_input(std::move(piece)); }),
      output_(loop, STDOUT_FILENO, writer_handlers(streams_.standard_output)),
      error_output_(loop, STDERR_FILENO, writer_handlers(streams_.standard_error)),
      give_up_(loop, [this] { die_of(signal_); }) {}

bool LocalEnd::wants_terminal(const PodFlags& flags) {
  if (!flags.tty || !flags.use_stdin) return false;
  if (Terminal::is_terminal(STDIN_FILENO)) return true;
  if (!flags.quiet) {
    report_line("Unable to use a TTY - input is not a terminal or the right kind of file");
  }
  return false;
}

void LocalEnd::run(const Start& start, bool tty, bool redraw) {
  Error error = watch_signals();
  kube::TerminalSize first;
  if (tty) {
    terminal_.emplace(loop_, STDIN_FILENO, STDOUT_FILENO);
    if (!error) error = terminal_->watch_size([this] { send_size(); });
    first = terminal_->size();
    // A size that changes makes programs draw, so the right one comes second.
    if (redraw && first != kube::TerminalSize()) {
      ++first.width;
      ++first.height;
    }
    told_ = first;
  }
  if (error) leave(report_error(name_, error.message()));
  attempt_ = start({[this](const kube::RemoteCommandStreams& streams) { started(streams); },
                    [this](Result<kube::ExitStatus> status) {
                      status_ = std::move(status);
                      maybe_exit();
                    }},
                   first);
}

FdWriter::Handlers LocalEnd::writer_handlers(StreamPtr& stream) {
  return {[this, &stream] {
            if (stream) stream->resume();
            maybe_exit();
          },
          [this](const Error& error) {
            // As a program ends whose reader has gone, so that `uvspdy exec ... | head` is quiet.
            if (error.code().value() == UV_EPIPE) die_of(SIGPIPE);
            leave(report_error(name_, error.message()));
          }};
}

void LocalEnd::started(const kube::RemoteCommandStreams& streams) {
  streams_ = streams;
  connect(streams_.standard_output, output_);
  connect(streams_.standard_error, error_output_);
  if (terminal_) {
    // Not earlier, so that Ctrl-C ends the attempt to connect.
    if (const Error error = terminal_->make_raw()) leave(report_error(name_, error.message()));
    send_size();
  }
  if (!streams_.standard_input) return;
  streams_.standard_input->on_writable([this] { input_.read(); });
  input_.read();
}

void LocalEnd::connect(const StreamPtr& stream, FdWriter& writer) {
  if (!stream) return;
  stream->on_data([&stream, &writer](Bytes bytes) {
    writer.write(bytes);
    if (writer.pending() > kOutputHighWater) stream->pause();
  });
}

void LocalEnd::send_input(Result<Buffer> piece) {
  // A terminal that has hung up cannot be read: for the other side that is the end of it.
  if (!piece && !terminal_) leave(report_error(name_, piece.error().message()));
  const StreamPtr& stream = streams_.standard_input;
  if (!piece || piece->empty()) {
    (void)stream->close();
    return;
  }
  if (stream->write(std::move(*piece))) return;  // the command takes no more
  if (stream->writable()) input_.read();
}

void LocalEnd::send_size() {
  if (!streams_.terminal_resize) return;
  const kube::TerminalSize size = terminal_->size();
  if (size == told_ || size == kube::TerminalSize()) return;
  told_ = size;
  streams_.resize(size);
}

Error LocalEnd::watch_signals() {
  constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    // What whoever started us has us ignore, as nohup does, is ignored.
    if (StopSignals::is_ignored(kSignals[i])) continue;
    Error error = signals_[i].start(loop_, kSignals[i], [this](int signal) { end_by(signal); });
    if (error) return error;
    signals_[i].unref();
  }
  return {};
}

// The other side hears of it in order, if it can soon. A second signal does not wait for that.
void LocalEnd::end_by(int signal) {
  if (terminal_) terminal_->restore();
  if (std::exchange(signal_, signal) != 0) die_of(signal);
  attempt_.cancel();
  give_up_.start(kGoodbye);
}

// When the command is over and its output is with our own readers. A read of stdin may still be
// under way, perhaps for ever, so this does not wait for the loop to run out.
void LocalEnd::maybe_exit() {
  if (!status_) return;
  if (signal_ != 0) die_of(signal_);
  if (output_.pending() > 0 || error_output_.pending() > 0) return;
  if (terminal_) terminal_->restore();
  if (!*status_) leave(report_error(name_, kube::describe(status_->error())));
  const kube::ExitStatus& status = **status_;
  const std::string said = "command terminated with exit code " + std::to_string(status.code);
  if (status.code != 0) report_error(name_, status.message.empty() ? said : status.message);
  // The shell sees the last 8 bits: a failure is never to look like none.
  const bool looks_like_none = status.code != 0 && (status.code & 0xff) == 0;
  leave(looks_like_none ? 1 : status.code);
}

void LocalEnd::fail(const std::string& line) {
  if (terminal_) terminal_->restore();
  report_line(line);
  leave(1);
}

void LocalEnd::leave(int exit_code) {
  if (terminal_) terminal_->restore();
  std::fflush(nullptr);
  std::_Exit(exit_code);
}

void LocalEnd::die_of(int signal) {
  if (terminal_) terminal_->restore();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::_Exit(kube::exit_code_of_signal(signal));
}

}  // namespace uvspdy::command
