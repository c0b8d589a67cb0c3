#include "kube/server/remote_command_session.h"

#include <algorithm>
#include <utility>

#include "kube/protocol/log_line.h"
#include "uvspdy/session/error.h"

namespace uvspdy::kube {
namespace {

// What the error stream carries; nothing on success before v4.
std::string error_stream_text(std::string_view protocol, const Status& status) {
  if (protocol == kProtocolV4) return to_json(status);
  if (status.success) return {};
  // Nothing at all would be a success.
  return status.message.empty() ? "the command failed" : status.message;
}

}  // namespace

RemoteCommandSession::Impl::Impl(uv_loop_t* loop, RequestedStreams streams, std::string protocol,
                                 std::string peer, const StreamingServer::Options& options,
                                 ReadyHandler on_ready, OverHandler on_over)
    : loop_(loop),
      use_stdin_(streams.standard_input),
      use_stdout_(streams.standard_output),
      use_stderr_(streams.standard_error),
      tty_(streams.terminal),
      protocol_(std::move(protocol)),
      peer_(std::move(peer)),
      stream_creation_timeout_(options.stream_creation_timeout),
      stream_idle_timeout_(options.stream_idle_timeout),
      close_grace_(options.close_grace),
      slow_reader_timeout_(options.connection.slow_reader_timeout),
      log_(options.log),
      on_ready_(std::move(on_ready)),
      stream_timer_(loop,
                    [this] {
                      const Status status = failure_status(
                          0, "Timeout", "timed out waiting for client to create streams");
                      log(status.message);
                      refuse(status);
                      if (!error_) connection_->close();
                    }),
      close_timer_(loop, [this] { close_is_late(); }),
      telling_(loop, [this] { tell(); }),
      over_(loop, [this, on_over = std::move(on_over)] { on_over(shared_from_this()); }) {}

void RemoteCommandSession::Impl::log(std::string_view text) const {
  if (log_) log_(log_line(peer_, text));
}

// ---- streams

httpstream::NewStreamHandler RemoteCommandSession::Impl::new_stream_handler() {
  return [self = shared_from_this()](StreamPtr stream, httpstream::StreamDecision decision) {
    self->new_stream(std::move(stream), std::move(decision));
  };
}

void RemoteCommandSession::Impl::start(std::shared_ptr<httpstream::Connection> connection) {
  connection_ = std::move(connection);
  connection_->on_close(
      [self = shared_from_this()](const Error& error) { self->connection_closed(error); });
  connection_->set_idle_timeout(stream_idle_timeout_);
  stream_timer_.start(stream_creation_timeout_);
}

RemoteCommandSession::Impl::StreamPtr* RemoteCommandSession::Impl::place_for(
    std::string_view type) {
  if (type == kStreamTypeError) return &error_;
  if (type == kStreamTypeStdin && use_stdin_) return &stdin_;
  if (type == kStreamTypeStdout && use_stdout_) return &outputs_[0];
  if (type == kStreamTypeStderr && use_stderr_) return &outputs_[1];
  if (type == kStreamTypeResize && tty_ && has_resize()) return &resize_;
  return nullptr;
}

void RemoteCommandSession::Impl::new_stream(StreamPtr stream, httpstream::StreamDecision decision) {
  const std::string type(stream->headers().get(kStreamType).value_or(""));
  StreamPtr* place = place_for(type);
  if (place == nullptr || *place) {
    const std::string why =
        place == nullptr ? "the request does not ask for it" : "it is there already";
    log("stream of type '" + type + "' refused: " + why);
    decision.reject();
    // Not what was asked for, so the command that was is not run either.
    return refuse(
        failure_status(400, "BadRequest", "unexpected stream type: \"" + type + "\": " + why));
  }
  if (phase_ != Phase::kWaiting) return decision.reject();  // its time is over
  *place = std::move(stream);
  decision.accept();
  // The client says nothing on the error stream, and takes it away only when it gives up.
  if (place == &error_) error_->on_data([](Bytes) {});
  if (status_ && error_) return send_status();
  if (!status_ && has_all_streams()) run();
}

bool RemoteCommandSession::Impl::has_all_streams() const {
  return error_ && (stdin_ || !use_stdin_) && (outputs_[0] || !use_stdout_) &&
         (outputs_[1] || !use_stderr_) && (resize_ || !tty_ || !has_resize());
}

// The error stream may still come, until the time for the streams is over.
void RemoteCommandSession::Impl::refuse(const Status& status) {
  if (phase_ != Phase::kWaiting || status_) return;
  status_ = status;
  if (error_) send_status();
}

void RemoteCommandSession::Impl::run() {
  stream_timer_.stop();
  // Its end may be known and not told yet.
  const auto stats = error_->stats();
  if (!stats || stats->state == session::StreamState::kClosed) {
    phase_ = Phase::kTold;
    on_ready_ = {};
    log("the command is not run: the client has taken its error stream away");
    return connection_->close();
  }
  phase_ = Phase::kRunning;
  if (protocol_ == kProtocolV1) {
    // What kubelets of 1.0 did, and what clients of v1 are made for.
    error_reset_ = true;
    error_->reset(wire::RstStatus::kCancel);
    if (stdin_) (void)stdin_->close();
  } else {
    error_->on_close([self = shared_from_this()](const Error& error) { self->gone(error); });
  }
  for (const StreamPtr& output : outputs_) {
    if (output) output->on_data([](Bytes) {});
  }
  if (resize_) {
    resize_->on_data([self = shared_from_this()](Bytes bytes) { self->resized(bytes); });
  }
  std::exchange(on_ready_, {})(std::make_shared<RemoteCommandSession>(shared_from_this()));
}

// ---- what the Runtime is told

void RemoteCommandSession::Impl::resized(Bytes bytes) {
  if (const Error error = size_reader_.take(bytes, size_)) log(error.message());
  if (on_resize_ && size_) tell();
}

void RemoteCommandSession::Impl::on_resize(std::function<void(TerminalSize)> handler) {
  if (finished()) return;
  on_resize_ = std::move(handler);
  if (size_) telling_.schedule();
}

void RemoteCommandSession::Impl::on_gone(std::function<void()> handler) {
  if (gone_told_ || (finished() && !gone_)) return;
  on_gone_ = std::move(handler);
  if (gone_) telling_.schedule();
}

// A handler may replace itself, finish the session, or drop it.
void RemoteCommandSession::Impl::tell() {
  const auto self = shared_from_this();
  if (on_resize_ && size_ && !finished()) {
    const auto handler = on_resize_;
    handler(*std::exchange(size_, std::nullopt));
  }
  if (gone_ && on_gone_) {
    gone_told_ = true;
    std::exchange(on_gone_, {})();
  }
}

// The client has given up, or the connection has gone under it.
void RemoteCommandSession::Impl::gone(const Error& error) {
  if (finished()) return;
  phase_ = Phase::kTold;
  gone_ = true;
  on_resize_ = {};
  drop_input();
  // A connection that is ending keeps its own reason.
  if (error.code() == session::Errc::kStreamReset) connection_->close();
  tell();
}

// Nobody reads stdin any more. Left paused, what it holds would keep the connection from ending.
void RemoteCommandSession::Impl::drop_input() {
  if (!stdin_) return;
  stdin_->on_end({});
  stdin_->on_writable({});
  stdin_->on_close({});
  stdin_->on_data([](Bytes) {});
  stdin_->resume();
}

// ---- the end

void RemoteCommandSession::Impl::finish(const Status& status) {
  if (finished()) return;
  phase_ = Phase::kFinishing;
  status_ = status;
  on_resize_ = {};
  on_gone_ = {};
  drop_input();
  if (stopping_) limit_close();
  open_outputs_ = 1;
  for (const StreamPtr& output : outputs_) end_output(output);
  output_ended();
}

void RemoteCommandSession::Impl::end_output(const StreamPtr& output) {
  if (!output || output->is_closed()) return;
  (void)output->close();  // perhaps done before, by the Runtime
  output->on_end({});
  output->on_writable({});
  output->on_data([](Bytes) {});
  output->resume();
  const auto stats = output->stats();
  const bool end_sent = !stats || stats->state == session::StreamState::kHalfClosedLocal ||
                        stats->state == session::StreamState::kClosed;
  if (end_sent) {
    output->on_end_sent({});
    output->on_close({});
    return;
  }
  ++open_outputs_;
  // One of the two, whichever comes first.
  const auto ended = [self = shared_from_this(), done = std::make_shared<bool>(false)] {
    if (!std::exchange(*done, true)) self->output_ended();
  };
  output->on_end_sent(ended);
  output->on_close([ended](const Error&) { ended(); });
}

void RemoteCommandSession::Impl::output_ended() {
  if (--open_outputs_ == 0 && phase_ == Phase::kFinishing) send_status();
}

void RemoteCommandSession::Impl::send_status() {
  phase_ = Phase::kTold;
  stream_timer_.stop();
  if (error_reset_) {
    if (!status_->success) log("v1 cannot tell the client: " + status_->message);
    return close_timer_.start(close_grace_);
  }
  // The client has its time from when the status is on its way. If it has gone there is nobody to
  // tell.
  std::string text = error_stream_text(protocol_, *status_);
  if (error_->is_closed() || (!text.empty() && error_->write(Buffer(std::move(text))))) {
    return connection_->close();
  }
  error_->on_close({});
  error_->on_end_sent(
      [self = shared_from_this()] { self->close_timer_.start(self->close_grace_); });
  (void)error_->close();
  // Nor does one that gives no window keep the connection.
  close_timer_.start(stopping_ ? close_grace_ : std::max(close_grace_, stream_creation_timeout_));
}

void RemoteCommandSession::Impl::stop() {
  stopping_ = true;
  if (phase_ == Phase::kFinishing) limit_close();
  if (phase_ == Phase::kWaiting) {
    phase_ = Phase::kTold;
    on_ready_ = {};
  }
  if (phase_ != Phase::kTold) return;
  connection_->close();
  close_soon();
}

// A server that stops does not wait for long.
void RemoteCommandSession::Impl::close_soon() {
  closing_ = true;
  limit_close();
}

void RemoteCommandSession::Impl::limit_close() {
  taken_ = taken();
  if (give_up_time_ == 0) {
    give_up_time_ = uv_now(loop_) + static_cast<std::uint64_t>(slow_reader_timeout_.count());
  }
  close_timer_.start(close_grace_);
}

// Bytes that the client's side has acknowledged, as far as that is known: no more than a measure of
// whether it reads, since TLS makes more of them on the way.
std::int64_t RemoteCommandSession::Impl::taken() const {
  return static_cast<std::int64_t>(connection_->stats().bytes_sent) -
         static_cast<std::int64_t>(connection_->unacknowledged());
}

void RemoteCommandSession::Impl::close_is_late() {
  if (phase_ != Phase::kFinishing && !closing_) {
    connection_->close();
    if (stopping_) close_soon();
    return;
  }
  // Whoever does not take what there is would not let a close come to its end.
  const bool takes_more = taken() > taken_;
  if (!takes_more || uv_now(loop_) >= give_up_time_) return connection_->abort();
  limit_close();
}

void RemoteCommandSession::Impl::connection_closed(const Error& error) {
  stream_timer_.stop();
  close_timer_.stop();
  // A client that has its status may leave as it likes; one that breaks the protocol is heard of.
  const bool early = phase_ < Phase::kTold || gone_;
  if (error && (early || error.code() != session::Errc::kConnectionLost)) log(error.message());
  gone(error);
  phase_ = Phase::kOver;
  over_.schedule();
}

// ---- what the Runtime holds

RemoteCommandSession::RemoteCommandSession(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

RemoteCommandSession::~RemoteCommandSession() {
  if (impl_->finished()) return;
  finish(failure_status(500, "InternalError",
                        "Internal error occurred: the runtime has ended the session without a "
                        "status"));
}

const std::shared_ptr<httpstream::Stream>& RemoteCommandSession::standard_input() const {
  return impl_->standard_input();
}
const std::shared_ptr<httpstream::Stream>& RemoteCommandSession::standard_output() const {
  return impl_->standard_output();
}
const std::shared_ptr<httpstream::Stream>& RemoteCommandSession::standard_error() const {
  return impl_->standard_error();
}
bool RemoteCommandSession::tty() const { return impl_->tty(); }
const std::string& RemoteCommandSession::peer() const { return impl_->peer(); }
const std::string& RemoteCommandSession::protocol() const { return impl_->protocol(); }
void RemoteCommandSession::on_resize(std::function<void(TerminalSize)> handler) {
  impl_->on_resize(std::move(handler));
}
void RemoteCommandSession::on_gone(std::function<void()> handler) {
  impl_->on_gone(std::move(handler));
}
void RemoteCommandSession::finish(const Status& status) { impl_->finish(status); }

}  // namespace uvspdy::kube
