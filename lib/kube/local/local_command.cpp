#include "kube/local/local_command.h"

#include <csignal>
#include <utility>

#include "kube/local/window_size.h"
#include "kube/protocol/log_line.h"
#include "uvspdy/session/error.h"

namespace uvspdy::kube {

LocalCommand::LocalCommand(uv_loop_t* loop, std::vector<std::string> command,
                           std::shared_ptr<RemoteCommandSession> session,
                           const LocalRuntime::Options& options, std::shared_ptr<BufferPool> pool,
                           OverHandler on_over)
    : loop_(loop),
      command_(std::move(command)),
      session_(std::move(session)),
      options_(options),
      pool_(std::move(pool)),
      stdin_(session_->standard_input()),
      output_timer_(loop, [this] { limit_output(); }),
      over_(loop, [this, on_over = std::move(on_over)] { on_over(shared_from_this()); }) {
  output_of(Process::Output::kStdout).stream = session_->standard_output();
  output_of(Process::Output::kStderr).stream = session_->standard_error();
}

void LocalCommand::log(const std::string& line) const {
  if (options_.log) options_.log(log_line(session_->peer(), line));
}

void LocalCommand::start() {
  process_ = std::make_unique<Process>(loop_, pool_, process_handlers());
  termination_.emplace(loop_, *process_, [this] { check_over(); });
  Process::Options options;
  options.command = command_;
  options.tty = session_->tty();
  options.use_stdin = stdin_ != nullptr;
  options.use_stdout = output_of(Process::Output::kStdout).stream != nullptr;
  options.use_stderr = output_of(Process::Output::kStderr).stream != nullptr;
  if (Error error = process_->start(options)) {
    log(error.message());
    finish(exit_status(shell_exit_code(error), error.message()));
    return check_over();
  }
  log("running '" + command_text(command_) + "'");
  session_->on_gone([self = shared_from_this()] {
    self->finished_ = true;
    self->output_timer_.stop();
    self->terminate();
    if (self->session_->tty()) self->process_->close_output(Process::Output::kStdout);
    self->check_over();
  });
  if (session_->tty()) {
    session_->on_resize([self = shared_from_this()](TerminalSize size) {
      self->process_->resize(window_size(size));
    });
  }
  connect_stdin();
  for (OutputStream& output : outputs_) connect_output(output);
}

// The process belongs to this object, so its handlers end with it.
Process::Handlers LocalCommand::process_handlers() {
  Process::Handlers handlers;
  handlers.on_output = [this](Process::Output output, Buffer buffer) {
    take_output(output_of(output), std::move(buffer));
  };
  handlers.on_output_end = [this](Process::Output output) { end_output(output_of(output)); };
  handlers.on_stdin_drained = [this] { stdin_->resume(); };
  handlers.on_exit = [this] { exited(); };
  return handlers;
}

void LocalCommand::connect_stdin() {
  if (!stdin_) return;
  const auto self = shared_from_this();
  stdin_->on_data([self](Bytes bytes) {
    if (!self->process_->write_stdin(bytes)) self->stdin_->pause();
  });
  stdin_->on_end([self] { self->process_->close_stdin(); });
  stdin_->on_close([self](const Error&) { self->process_->close_stdin(); });
  // Told before there was anybody to hear of it.
  if (stdin_->has_ended() || stdin_->is_closed()) process_->close_stdin();
}

void LocalCommand::connect_output(OutputStream& output) {
  if (!output.stream) return;
  output.done = false;
  const auto self = shared_from_this();
  output.stream->on_writable([self, &output] { self->process_->resume(output.output); });
  output.stream->on_close([self, &output](const Error& error) {
    // In v1 nothing else tells that the client has gone, while stdin is paused.
    if (error.code() == session::Errc::kConnectionLost) self->drop_stdin();
    self->output_done(output);
  });
  if (output.stream->is_closed()) output_done(output);
}

void LocalCommand::take_output(OutputStream& output, Buffer buffer) {
  if (output.stream->write(std::move(buffer))) return output_done(output);
  if (!output.stream->writable()) process_->pause(output.output);
}

void LocalCommand::end_output(OutputStream& output) {
  if (!output.done) (void)output.stream->close();
  output_done(output);
}

// Nothing more of this output goes to its stream, in order or because the client took it away.
void LocalCommand::output_done(OutputStream& output) {
  if (std::exchange(output.done, true)) return;
  process_->close_output(output.output);
  maybe_finish();
}

void LocalCommand::exited() {
  log("'" + command_text(command_) + "' exited with " + std::to_string(process_->exit_code()));
  drop_stdin();
  if (!finished_) output_timer_.start(options_.output_grace);
  maybe_finish();
  check_over();
}

// Left paused, what it holds would keep the connection from ending.
void LocalCommand::drop_stdin() {
  if (!stdin_ || finished_) return;
  stdin_->on_data([](Bytes) {});
  stdin_->resume();
  process_->close_stdin();
}

// The process itself has exited and what it wrote is in the pipes. Their end may never come, when
// it has left something running that holds them open: then what is in them now is the end.
void LocalCommand::limit_output() {
  bool open = false;
  bool stuck = false;
  for (const OutputStream& output : outputs_) {
    if (output.done || !process_->is_open(output.output)) continue;
    process_->end_output(output.output);
    open = true;
    stuck = stuck || !output.stream->writable();
  }
  if (!open || !stopping_) return;
  // A client that does not read does not hold up the end of a command that was told to go.
  if (!stuck) return output_timer_.start(options_.output_grace);
  finish(failure_status(503, "ServiceUnavailable",
                        "the server is stopping: the command's output was cut off"));
  check_over();
}

void LocalCommand::maybe_finish() {
  if (process_->running() || !outputs_[0].done || !outputs_[1].done) return;
  const Error& lost = process_->output_error();
  if (lost) log(lost.message());
  finish(lost ? failure_status(500, "InternalError", lost.message())
              : exit_status(process_->exit_code()));
  check_over();
}

void LocalCommand::finish(const Status& status) {
  if (std::exchange(finished_, true)) return;
  output_timer_.stop();
  for (OutputStream& output : outputs_) {
    output.done = true;
    process_->close_output(output.output);
  }
  session_->finish(status);
}

// ---- told to go

void LocalCommand::stop() {
  stopping_ = true;
  if (!process_->running() && !finished_) output_timer_.start(options_.output_grace);
  terminate();
}

void LocalCommand::terminate() { termination_->begin(SIGHUP, options_.termination_grace); }

// A command that was told to go is gone when its whole group is.
void LocalCommand::check_over() {
  if (!finished_ || process_->running() || termination_->is_under_way()) return;
  over_.schedule();
}

}  // namespace uvspdy::kube
