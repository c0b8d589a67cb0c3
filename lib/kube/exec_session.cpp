#include "kube/exec_session.h"

#include <algorithm>
#include <csignal>
#include <utility>

namespace uvspdy::kube {
namespace {

// What a log line shows of a text that somebody else chose.
constexpr std::size_t kLogged = 512;

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace

ExecSession::ExecSession(uv_loop_t* loop, ExecRequest request, const ExecServer::Options& options,
                         std::shared_ptr<BufferPool> pool, std::string peer, OverHandler on_over)
    : loop_(loop),
      request_(std::move(request)),
      options_(options),
      pool_(std::move(pool)),
      peer_(std::move(peer)),
      stream_timer_(loop,
                    [this] {
                      send_status(failure_status(0, "Timeout",
                                                 "timed out waiting for client to create streams"));
                    }),
      output_timer_(loop, [this] { limit_output(); }),
      close_timer_(loop, [this] { terminating_ ? connection_->abort() : connection_->close(); }),
      kill_timer_(loop, [this] { kill(); }),
      over_(loop, [this, on_over = std::move(on_over)] { on_over(shared_from_this()); }) {
  stdout_.wanted = request_.use_stdout;
  stderr_.wanted = request_.use_stderr;
}

// One line, whatever a client has put into it.
void ExecSession::log(const std::string& line) const {
  if (!options_.log) return;
  std::string text = peer_ + ": " + line.substr(0, kLogged);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  options_.log(text);
}

// ---- streams

httpstream::NewStreamHandler ExecSession::new_stream_handler() {
  return [self = shared_from_this()](StreamPtr stream, httpstream::StreamDecision decision) {
    self->new_stream(std::move(stream), std::move(decision));
  };
}

void ExecSession::start(std::shared_ptr<httpstream::Connection> connection) {
  connection_ = std::move(connection);
  connection_->on_close(
      [self = shared_from_this()](const Error& error) { self->connection_closed(error); });
  stream_timer_.start(options_.stream_creation_timeout);
}

ExecSession::StreamPtr* ExecSession::place_for(std::string_view type) {
  if (type == kStreamTypeError) return &error_;
  if (type == kStreamTypeStdin && request_.use_stdin) return &stdin_;
  if (type == kStreamTypeStdout && stdout_.wanted) return &stdout_.stream;
  if (type == kStreamTypeStderr && stderr_.wanted) return &stderr_.stream;
  return nullptr;
}

void ExecSession::new_stream(StreamPtr stream, httpstream::StreamDecision decision) {
  const std::string type(stream->headers().get(kStreamType).value_or(""));
  StreamPtr* place = place_for(type);
  if (place == nullptr || *place) {
    log("stream of type '" + type + "' refused: " +
        (place == nullptr ? "the request does not ask for it" : "it is there already"));
    return decision.reject();
  }
  *place = std::move(stream);
  decision.accept();
  if (has_all_streams()) run();
}

bool ExecSession::has_all_streams() const {
  return error_ && (stdin_ || !request_.use_stdin) && (stdout_.stream || !stdout_.wanted) &&
         (stderr_.stream || !stderr_.wanted);
}

// ---- the command

void ExecSession::run() {
  if (std::exchange(started_, true) || status_sent_) return;
  stream_timer_.stop();
  // The client says nothing on the error stream, and takes it away only when it gives up.
  error_->on_data([](Bytes) {});
  error_->on_close([self = shared_from_this()](const Error&) {
    if (!self->status_sent_) self->terminate();
  });

  Process::Handlers handlers;
  handlers.on_output = [this](Process::Output output, Buffer buffer) {
    command_output(output_of(output), std::move(buffer));
  };
  handlers.on_output_end = [this](Process::Output output) {
    const auto& stream = output_of(output).stream;
    if (stream->close()) output_done(output_of(output));
  };
  handlers.on_stdin_drained = [this] { stdin_->resume(); };
  handlers.on_exit = [this] { command_exited(); };
  process_ = std::make_unique<Process>(loop_, pool_, std::move(handlers));

  Process::Options options;
  options.command = request_.command;
  options.use_stdin = request_.use_stdin;
  options.use_stdout = stdout_.wanted;
  options.use_stderr = stderr_.wanted;
  if (Error error = process_->start(options)) {
    log(error.message());
    process_.reset();
    if (stdin_) stdin_->on_data([](Bytes) {});
    for (OutputStream* output : {&stdout_, &stderr_}) {
      if (output->stream) (void)output->stream->close();
    }
    return send_status(exit_status(shell_exit_code(error), error.message()));
  }
  log("running '" + joined(request_.command) + "'");
  connect_stdin();
  for (OutputStream* output : {&stdout_, &stderr_}) connect_output(*output);
}

void ExecSession::connect_stdin() {
  if (!stdin_) return;
  stdin_->on_data([this](Bytes bytes) {
    if (!process_->write_stdin(bytes)) stdin_->pause();
  });
  stdin_->on_end([this] { process_->close_stdin(); });
  stdin_->on_close([this](const Error&) { process_->close_stdin(); });
}

void ExecSession::connect_output(OutputStream& output) {
  if (!output.stream) {
    output.done = true;
    return;
  }
  output.stream->on_data([](Bytes) {});
  output.stream->on_writable([this, &output] { process_->resume(output.output); });
  output.stream->on_end_sent([this, &output] { output_done(output); });
  output.stream->on_close([this, &output](const Error&) { output_done(output); });
}

void ExecSession::command_output(OutputStream& output, Buffer buffer) {
  bool last = false;
  if (output.left) {
    buffer = buffer.take_prefix(std::min(buffer.size(), *output.left));
    *output.left -= buffer.size();
    last = *output.left == 0;
  }
  if (output.stream->write(std::move(buffer))) return output_done(output);
  if (last) return finish_output(output);
  if (!output.stream->writable()) process_->pause(output.output);
}

// Nothing more of this output reaches the client, in order or because it has gone away.
void ExecSession::output_done(OutputStream& output) {
  if (std::exchange(output.done, true)) return;
  process_->close_output(output.output);
  maybe_send_status();
}

void ExecSession::command_exited() {
  log("'" + joined(request_.command) + "' exited with " + std::to_string(process_->exit_code()));
  if (stdin_) {
    stdin_->on_data([](Bytes) {});
    stdin_->resume();
    process_->close_stdin();
  }
  if (!status_sent_) output_timer_.start(options_.output_grace);
  // A client that does not read does not hold up the end of a command that was told to go.
  if (terminating_ && !connection_closed_) close_timer_.start(options_.close_grace);
  maybe_send_status();
  check_over();
}

// The command itself has exited and what it wrote is in the pipes. Their end may never come, when
// it has left something running that holds them open: then what is in them now is the end.
void ExecSession::limit_output() {
  for (OutputStream* output : {&stdout_, &stderr_}) {
    if (output->done || !process_->is_open(output->output)) continue;
    output->left = process_->unread(output->output);
    if (*output->left == 0) finish_output(*output);
  }
}

void ExecSession::finish_output(OutputStream& output) {
  process_->close_output(output.output);
  if (output.stream->close()) output_done(output);
}

// ---- the end

void ExecSession::maybe_send_status() {
  if (!process_ || process_->running() || !stdout_.done || !stderr_.done) return;
  send_status(exit_status(process_->exit_code()));
}

void ExecSession::send_status(const Status& status) {
  if (std::exchange(status_sent_, true)) return;
  stream_timer_.stop();
  output_timer_.stop();
  // The client has its time from when the status is on its way. If it has gone, or never made the
  // error stream, there is nobody to tell.
  if (!error_ || error_->write(Buffer(to_json(status)))) {
    connection_->close();
    return;
  }
  error_->on_end_sent([this] { close_timer_.start(options_.close_grace); });
  (void)error_->close();
}

void ExecSession::terminate() {
  if (process_ && !std::exchange(terminating_, true)) {
    process_->signal_group(SIGHUP);
    kill_timer_.start(options_.termination_grace);
  }
  if (!process_ || !process_->running()) connection_->close();
}

void ExecSession::kill() {
  killed_ = true;
  process_->signal_group(SIGKILL);
  check_over();
}

void ExecSession::connection_closed(const Error& error) {
  connection_closed_ = true;
  for (net::Timer* timer : {&stream_timer_, &output_timer_, &close_timer_}) timer->stop();
  const bool vanished = !std::exchange(status_sent_, true);
  // A client that has its status may leave as it likes; one that breaks the protocol is heard of.
  if (error && (vanished || error.code() != session::Errc::kConnectionLost)) log(error.message());
  if (vanished) terminate();
  check_over();
}

// A command that was told to go is gone when its whole group is.
void ExecSession::check_over() {
  if (!connection_closed_) return;
  if (process_ && process_->running()) return;
  if (terminating_ && !killed_) {
    if (process_->signal_group(0)) return;
    kill_timer_.stop();
  }
  over_.schedule();
}

}  // namespace uvspdy::kube
