#include "kube/server/command_connection.h"

#include <algorithm>
#include <utility>

#include "kube/protocol/log_line.h"
#include "uvspdy/session/error.h"

namespace uvspdy::kube {
namespace {

// The text of the error stream; empty for a success before v4.
std::string error_stream_text(std::string_view protocol, const Status& status) {
  if (protocol == kProtocolV4) return to_json(status);
  if (status.success) return {};
  // Not empty: an empty text would report success.
  return status.message.empty() ? "the command failed" : status.message;
}

// Whether a stream has ended with its connection, not by a reset of its own.
bool is_with_connection(const Error& how) {
  return how && how.code() != session::Errc::kStreamReset &&
         how.code() != session::Errc::kResetHere;
}

}  // namespace

/// The ServedCommand that the Runtime holds.
class CommandConnection::Command final : public ServedCommand {
 public:
  explicit Command(std::shared_ptr<CommandConnection> connection)
      : connection_(std::move(connection)) {}
  ~Command() override {
    finish(failure_status(500, "InternalError",
                          "Internal error occurred: the runtime has dropped the command without a "
                          "status"));
  }

  httpstream::StreamReader take_standard_input() override {
    return connection_->stdin_ ? connection_->stdin_->take_reader() : httpstream::StreamReader();
  }
  httpstream::StreamWriter take_standard_output() override {
    return take(connection_->outputs_[0]);
  }
  httpstream::StreamWriter take_standard_error() override { return take(connection_->outputs_[1]); }

  bool tty() const override { return connection_->tty_; }
  TerminalSize terminal_size() const override {
    return connection_->size_.value_or(TerminalSize());
  }
  std::string peer() const override { return connection_->peer_; }
  const std::string& protocol() const override { return connection_->protocol_; }

  void on_resize(ResizeHandler handler) override {
    if (connection_->finished()) return;
    std::swap(connection_->on_resize_, handler);  // the old handler is destroyed last
    if (connection_->size_untold_) connection_->turn_.schedule();
  }

  void on_gone(GoneHandler handler) override {
    const Gone gone = connection_->gone_;
    if (gone == Gone::kTold || (connection_->finished() && gone == Gone::kNo)) return;
    std::swap(connection_->on_gone_, handler);
    if (gone == Gone::kUntold) connection_->turn_.schedule();
  }

  void finish(const Status& status) override { connection_->finish(status); }

 private:
  static httpstream::StreamWriter take(const StreamPtr& output) {
    return output ? output->take_writer() : httpstream::StreamWriter();
  }

  std::shared_ptr<CommandConnection> connection_;
};

CommandConnection::CommandConnection(uv_loop_t* loop, RequestedStreams requested,
                                     std::string protocol, std::string peer,
                                     std::shared_ptr<const StreamingServer::Options> options,
                                     std::shared_ptr<CommandPlaces::Place> place,
                                     ReadyHandler on_ready, OverHandler on_over)
    : use_stdin_(requested.standard_input),
      use_stdout_(requested.standard_output),
      use_stderr_(requested.standard_error),
      tty_(requested.terminal),
      protocol_(std::move(protocol)),
      peer_(std::move(peer)),
      options_(std::move(options)),
      place_(std::move(place)),
      on_ready_(std::move(on_ready)),
      on_over_(std::move(on_over)),
      stream_timer_(loop, [this] { streams_are_late(); }),
      size_timer_(loop, [this] { no_size_comes(); }),
      close_timer_(loop, [this] { close_is_late(); }),
      close_limit_(loop, options_->close_grace, options_->connection.slow_reader_timeout),
      turn_(loop, [this] { turn(); }) {}

void CommandConnection::log(std::string_view text) const {
  if (options_->log) options_->log(log_line(peer_, text));
}

// ---- streams

httpstream::NewStreamHandler CommandConnection::new_stream_handler() {
  return [self = shared_from_this()](StreamPtr stream, httpstream::StreamDecision decision) {
    self->new_stream(std::move(stream), std::move(decision));
  };
}

void CommandConnection::start(std::shared_ptr<httpstream::Connection> connection) {
  connection_ = std::move(connection);
  connection_->on_close(
      [self = shared_from_this()](const Error& error) { self->connection_closed(error); });
  connection_->set_idle_timeout(options_->stream_idle_timeout);
  stream_timer_.start(options_->stream_creation_timeout);
}

CommandConnection::StreamPtr* CommandConnection::place_for(std::string_view type) {
  if (type == kStreamTypeError) return &error_;
  if (type == kStreamTypeStdin && use_stdin_) return &stdin_;
  if (type == kStreamTypeStdout && use_stdout_) return &outputs_[0];
  if (type == kStreamTypeStderr && use_stderr_) return &outputs_[1];
  if (type == kStreamTypeResize && tty_ && has_resize()) return &resize_;
  return nullptr;
}

void CommandConnection::new_stream(StreamPtr stream, httpstream::StreamDecision decision) {
  const std::string type(stream->headers().get(kHeaderStreamType).value_or(""));
  StreamPtr* place = place_for(type);
  if (place == nullptr || *place) {
    const std::string why =
        place == nullptr ? "the request does not ask for it" : "it is there already";
    log("stream of type '" + type + "' refused: " + why);
    decision.reject();
    // A client that creates other streams than its request names gets no command run.
    return refuse(
        failure_status(400, "BadRequest", "unexpected stream type: \"" + type + "\": " + why));
  }
  if (phase_ != Phase::kWaiting) return decision.reject();  // too late
  *place = std::move(stream);
  decision.accept();
  accepted(*place);
  if (status_ && error_) return send_status();
  if (has_all_streams()) streams_are_there();
}

// The client sends nothing on the error stream and the outputs.
void CommandConnection::accepted(StreamPtr& place) {
  const auto self = shared_from_this();
  if (&place == &resize_) {
    place->on_data([self](Bytes bytes) { self->sizes_received(bytes); });
    place->on_end([self](const Error&) { self->no_size_comes(); });
  } else if (&place == &error_) {
    place->reader().discard();
    place->on_sent([self](const Error& how) { self->error_stream_sent(how); });
  } else if (&place == &stdin_) {
    place->on_sent([self](const Error& how) { self->other_sent(how); });
  } else {
    place->reader().discard();
    ++open_outputs_;
    place->on_sent([self](const Error& how) { self->output_sent(how); });
  }
}

bool CommandConnection::has_all_streams() const {
  return error_ && (stdin_ || !use_stdin_) && (outputs_[0] || !use_stdout_) &&
         (outputs_[1] || !use_stderr_) && (resize_ || !tty_ || !has_resize());
}

// Runs the command in the next turn, when frames that came with the last stream were read, too.
void CommandConnection::streams_are_there() {
  stream_timer_.stop();
  if (awaits_size()) size_timer_.start(options_->terminal_size_timeout);
  turn_.schedule();
}

bool CommandConnection::awaits_size() const { return resize_ && !size_ && !no_size_comes_; }

void CommandConnection::no_size_comes() {
  no_size_comes_ = true;
  turn_.schedule();
}

// The failure is sent when the error stream is created, until stream_creation_timeout.
void CommandConnection::refuse(const Status& status) {
  if (phase_ != Phase::kWaiting || status_) return;
  status_ = status;
  if (error_) send_status();
}

void CommandConnection::streams_are_late() {
  const Status status =
      failure_status(0, "Timeout", "timed out waiting for client to create streams");
  log(status.message);
  refuse(status);
  if (!error_) connection_->close();
}

void CommandConnection::turn() {
  const auto self = shared_from_this();
  if (phase_ == Phase::kWaiting && !status_ && has_all_streams() && !awaits_size()) run();
  tell();
  if (phase_ == Phase::kOver) on_over_(self);
}

void CommandConnection::run() {
  size_timer_.stop();
  ReadyHandler on_ready = std::move(on_ready_);
  if (error_stream_over_) {
    phase_ = Phase::kTold;
    log("the command is not run: the client has taken its error stream away");
    return connection_->close();
  }
  phase_ = Phase::kRunning;
  if (protocol_ == kProtocolV1) {
    // As kubelets of Kubernetes 1.0 did, and as clients of v1 expect.
    error_->reset(wire::RstStatus::kCancel);
    // The streams that stay open show when the client goes.
    if (stdin_ && (use_stdout_ || use_stderr_)) stdin_->close();
  }
  on_ready(std::make_shared<Command>(shared_from_this()));
}

// ---- reports to the Runtime

void CommandConnection::sizes_received(Bytes bytes) {
  std::optional<TerminalSize> newest;
  const Error error = size_reader_.take(bytes, newest);
  if (error) log(error.message());
  // A client that does not know its terminal's size says 0; Kubernetes' runtimes take no such size.
  if (newest && newest->width > 0 && newest->height > 0) {
    size_ = newest;
    size_untold_ = true;
  } else if (newest || error) {
    no_size_comes_ = true;
  }
  if (phase_ == Phase::kWaiting) turn_.schedule();
  tell();
}

// A handler may replace itself, finish the command, or drop it.
void CommandConnection::tell() {
  const auto self = shared_from_this();
  if (phase_ == Phase::kRunning && on_resize_ && size_untold_) {
    size_untold_ = false;
    on_resize_(*size_);
  }
  if (gone_ == Gone::kUntold && on_gone_) {
    gone_ = Gone::kTold;
    on_gone_();
  }
}

// The client has given up, or its connection was lost. All halves report their ends in the next
// turn, so that no paused reader keeps the connection open.
void CommandConnection::gone() {
  if (finished()) return;
  phase_ = Phase::kTold;
  gone_ = Gone::kUntold;
  const ServedCommand::ResizeHandler no_sizes = std::move(on_resize_);
  if (stdin_) stdin_->reset();
  reset_outputs();
  connection_->close();
  tell();
}

// Bytes that are queued for a client that has gone would keep its connection open.
void CommandConnection::reset_outputs() {
  for (const StreamPtr& output : outputs_) {
    if (output) output->reset();
  }
}

// ---- the end

// Our direction of it ends when this side ends it, the client resets it, or the connection is lost.
void CommandConnection::error_stream_sent(const Error& how) {
  error_stream_over_ = true;
  if (phase_ == Phase::kRunning && protocol_ != kProtocolV1) return gone();
  // The client does not want the rest of the output.
  if (phase_ == Phase::kFinishing && protocol_ != kProtocolV1) reset_outputs();
  // The client's time to close starts when the status has been sent.
  if (phase_ == Phase::kTold && !how) close_timer_.start(options_->close_grace);
}

void CommandConnection::output_sent(const Error& how) {
  --open_outputs_;
  other_sent(how);
  if (phase_ == Phase::kFinishing && open_outputs_ == 0) send_status();
}

// In v1 no error stream shows that the client goes, so the other streams do.
void CommandConnection::other_sent(const Error& how) {
  if (phase_ == Phase::kRunning && protocol_ == kProtocolV1 && is_with_connection(how)) gone();
}

void CommandConnection::finish(const Status& status) {
  if (finished()) return;
  phase_ = Phase::kFinishing;
  status_ = status;
  const ServedCommand::ResizeHandler no_sizes = std::move(on_resize_);
  const ServedCommand::GoneHandler nobody_hears = std::move(on_gone_);
  // Ends the halves that were not taken.
  if (stdin_) stdin_->reader().discard();
  for (const StreamPtr& output : outputs_) {
    if (output) output->close();
  }
  if (stopping_) close_limit_.start(connection_);
  if (open_outputs_ == 0) send_status();
}

void CommandConnection::send_status() {
  const bool has_run = std::exchange(phase_, Phase::kTold) == Phase::kFinishing;
  stream_timer_.stop();
  size_timer_.stop();
  close_limit_.stop();
  if (protocol_ == kProtocolV1 && has_run) {
    if (!status_->success) log("v1 cannot tell the client: " + status_->message);
    return close_timer_.start(options_->close_grace);
  }
  // Sends no status to a client that has reset the error stream.
  std::string text = error_stream_text(protocol_, *status_);
  if (error_stream_over_ || (!text.empty() && error_->write(Buffer(std::move(text))))) {
    return connection_->close();
  }
  error_->close();
  // A client that gives no window for the status does not keep the connection open.
  close_timer_.start(stopping_
                         ? options_->close_grace
                         : std::max(options_->close_grace, options_->stream_creation_timeout));
}

void CommandConnection::stop() {
  stopping_ = true;
  if (phase_ == Phase::kFinishing) close_limit_.start(connection_);
  if (phase_ == Phase::kWaiting) {
    phase_ = Phase::kTold;
    size_timer_.stop();
    const ReadyHandler never = std::move(on_ready_);
  }
  if (phase_ != Phase::kTold) return;
  close_timer_.stop();
  connection_->close();
  close_limit_.start(connection_);
}

void CommandConnection::close_is_late() {
  connection_->close();
  if (stopping_) close_limit_.start(connection_);
}

void CommandConnection::connection_closed(const Error& error) {
  stream_timer_.stop();
  size_timer_.stop();
  close_timer_.stop();
  close_limit_.stop();
  // A client that has its status may close in any way; only broken SPDY is then logged.
  const bool early = phase_ < Phase::kTold || gone_ != Gone::kNo;
  if (error && (early || error.code() != session::Errc::kConnectionLost)) log(error.message());
  gone();
  phase_ = Phase::kOver;
  turn_.schedule();
}

}  // namespace uvspdy::kube
