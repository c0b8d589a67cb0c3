#include "kube/local/local_command.h"

#include <csignal>
#include <utility>

#include "kube/local/process_end.h"
#include "kube/local/window_size.h"
#include "kube/protocol/log_line.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

/// A source that calls `on_ended` when it has ended, after its reader's on_end.
class WatchedSource final : public httpstream::Source {
 public:
  WatchedSource(std::unique_ptr<httpstream::Source> source, OnceCallback<void()> on_ended)
      : source_(std::move(source)), on_ended_(std::move(on_ended)) {}

  void start(DataHandler on_data, EndHandler on_end) override {
    source_->start(
        std::move(on_data),
        [on_end = std::move(on_end), on_ended = std::move(on_ended_)](const Error& error) mutable {
          on_end(error);
          on_ended();
        });
  }
  void pause() override { source_->pause(); }
  void resume() override { source_->resume(); }
  void discard() override { source_->discard(); }

 private:
  std::unique_ptr<httpstream::Source> source_;
  OnceCallback<void()> on_ended_;
};

/// A source that passes on its end, but reports its break to `on_break` alone: a pipe cannot show
/// a break to the process that reads it.
class UnbrokenSource final : public httpstream::Source {
 public:
  UnbrokenSource(std::unique_ptr<httpstream::Source> source,
                 OnceCallback<void(const Error&)> on_break)
      : source_(std::move(source)), on_break_(std::move(on_break)) {}

  void start(DataHandler on_data, EndHandler on_end) override {
    source_->start(std::move(on_data),
                   [on_end = std::move(on_end), on_break = std::move(on_break_)](
                       const Error& how) mutable { how ? on_break(how) : on_end(how); });
  }
  void pause() override { source_->pause(); }
  void resume() override { source_->resume(); }
  void discard() override { source_->discard(); }

 private:
  std::unique_ptr<httpstream::Source> source_;
  OnceCallback<void(const Error&)> on_break_;
};

}  // namespace

LocalCommand::LocalCommand(uv_loop_t* loop, std::vector<std::string> words,
                           std::shared_ptr<ServedCommand> client,
                           std::shared_ptr<const LocalRuntime::Options> options,
                           std::shared_ptr<BufferPool> pool, OverHandler on_over)
    : loop_(loop),
      words_(std::move(words)),
      client_(std::move(client)),
      options_(std::move(options)),
      pool_(std::move(pool)),
      on_over_(std::move(on_over)),
      output_timer_(loop, [this] { limit_output(); }),
      over_(loop, [this] { tell_over(); }) {}

void LocalCommand::log(const std::string& line) const {
  if (options_->log) options_->log(log_line(client_->peer(), line));
}

void LocalCommand::start() {
  const auto self = shared_from_this();
  httpstream::StreamReader input = client_->take_standard_input();
  httpstream::StreamWriter output = client_->take_standard_output();
  httpstream::StreamWriter error_output = client_->take_standard_error();
  // The process belongs to this object, so its handler cannot outlive it.
  process_ = std::make_unique<Process>(loop_, pool_, [this] { exited(); });
  termination_.emplace(loop_, *process_, [this] { check_over(); });
  Process::Options options;
  options.command = words_;
  options.tty = client_->tty();
  options.size = window_size(client_->terminal_size());
  options.use_stdin = static_cast<bool>(input);
  options.use_stdout = static_cast<bool>(output);
  options.use_stderr = static_cast<bool>(error_output);
  if (Error error = process_->start(options)) {
    log(error.message());
    output.end();
    error_output.end();
    finish(exit_status(shell_exit_code(error), error.message()));
    return check_over();
  }
  options_->on_process_started(process_->pid());
  log("running '" + command_text(words_) + "'");
  client_->on_gone([self] { self->client_gone(); });
  if (client_->tty()) {
    client_->on_resize([self](TerminalSize size) { self->process_->resize(window_size(size)); });
  }
  if (input) {
    auto source = std::make_unique<UnbrokenSource>(
        source_of(std::move(input)), [self](const Error& how) { self->input_broke(how); });
    input_ = httpstream::Pump::start(std::move(source), process_->take_stdin(), {});
  }
  pump_output(Process::Output::kStdout, std::move(output));
  pump_output(Process::Output::kStderr, std::move(error_output));
}

void LocalCommand::pump_output(Process::Output output, httpstream::StreamWriter writer) {
  if (!writer) return;
  const auto self = shared_from_this();
  // The command can finish once the output is read to its end, maybe long before the client has it.
  pump_of(output) = httpstream::Pump::start(
      std::make_unique<WatchedSource>(process_->take_output(output),
                                      [self] { self->maybe_finish(); }),
      sink_of(std::move(writer), pool_), [self](const Error&) { self->maybe_finish(); });
}

// The command's stdin stays open until it has exited: an end would look like the whole input.
void LocalCommand::input_broke(const Error& how) {
  if (finished_ || !process_->running()) return;
  input_error_ = Error(how.code(), "the command's stdin broke off: " + how.message());
  terminate();
}

void LocalCommand::client_gone() {
  finished_ = true;
  output_timer_.stop();
  terminate();
  process_->hang_up();
  check_over();
}

void LocalCommand::exited() {
  log("'" + command_text(words_) + "' exited with " + std::to_string(process_->exit_code()));
  if (input_) input_->give_up();  // the command reads no more of it
  if (!finished_) output_timer_.start(options_->output_grace);
  maybe_finish();
  check_over();
}

// The command has exited, and all that it wrote is in the pipes. A process that it has left running
// may hold a pipe open for ever: the output ends after the bytes that are in the pipe now.
void LocalCommand::limit_output() {
  bool open = false;
  bool stuck = false;
  for (const Process::Output output : Process::kOutputs) {
    if (!process_->is_open(output)) continue;
    process_->end_output(output);
    open = true;
    stuck = stuck || pump_of(output)->is_blocked();
  }
  if (!open || !stopping_) return;
  // A client that does not read must not delay the end of a command that is being ended.
  if (!stuck) return output_timer_.start(options_->output_grace);
  const Status status = failure_status(503, "ServiceUnavailable",
                                       "the server is stopping: the command's output was cut off");
  finish(status);
  for (const PumpPtr& pump : outputs_) {
    if (pump) pump->break_off(Error(Errc::kCommandFailed, status.message));
  }
  check_over();
}

void LocalCommand::maybe_finish() {
  if (finished_) return;
  const std::optional<ProcessEnd> end = end_of(*process_);
  if (!end) return;
  const Error& wrong = input_error_ ? input_error_ : end->lost;
  if (wrong) log(wrong.message());
  finish(wrong ? internal_failure(wrong) : end->status);
  check_over();
}

void LocalCommand::finish(const Status& status) {
  if (std::exchange(finished_, true)) return;
  output_timer_.stop();
  client_->finish(status);
}

// ---- being ended

void LocalCommand::stop() {
  stopping_ = true;
  if (!process_->running() && !finished_) output_timer_.start(options_->output_grace);
  terminate();
}

void LocalCommand::tell_over() {
  if (!on_over_) return;
  const auto self = shared_from_this();
  if (process_->pid() != 0) options_->on_process_over(process_->pid());
  on_over_(self);
}

void LocalCommand::terminate() { termination_->begin(SIGHUP, options_->termination_grace); }

// A command that was sent a signal is over when its whole process group is gone.
void LocalCommand::check_over() {
  if (!finished_ || process_->running() || termination_->is_under_way()) return;
  over_.schedule();
}

}  // namespace uvspdy::kube
