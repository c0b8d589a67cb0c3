#include "uvspdy/kube/exec_client.h"

#include <deque>
#include <optional>
#include <utility>

#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/error.h"
#include "uvspdy/kube/status.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

// What a server may say on the error stream; a Status is a few hundred bytes.
constexpr std::size_t kMaxStatus = 64 * 1024;

/// One exec on the client. The dial's, the connection's and the streams' handlers keep it alive;
/// they are freed when the connection closes.
class ExecClient final : public net::Cancellable, public std::enable_shared_from_this<ExecClient> {
 public:
  ExecClient(ExecRequest request, ExecHandlers handlers)
      : request_(std::move(request)), handlers_(std::move(handlers)) {}

  void start(ApiServer& server) {
    dial_ = server.dial(exec_target(request_), {std::string(kProtocolV4)},
                        [self = shared_from_this()](Result<httpstream::Dialed> dialed) {
                          if (!dialed) return self->finish(dialed.error());
                          self->dialed(std::move(dialed->connection));
                        });
  }

  void cancel() override {
    if (finished_ || std::exchange(cancelled_, true)) return;
    if (!connection_) return dial_.cancel();
    connection_->close();
    // Not with the connection's end, which a slow peer can put off.
    finishing_.emplace(connection_->loop(), [self = shared_from_this()] {
      self->finish(net::uv_error(UV_ECANCELED, "exec"));
    });
    finishing_->schedule();
  }

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  struct Wanted {
    std::string_view type;
    StreamPtr* place;
  };

  void dialed(std::shared_ptr<httpstream::Connection> connection) {
    connection_ = std::move(connection);
    if (cancelled_) return finish(net::uv_error(UV_ECANCELED, "exec"));
    connection_->on_close(
        [self = shared_from_this()](const Error& error) { self->connection_ended(error); });
    wanted_.push_back({kStreamTypeError, &error_});
    if (request_.use_stdin) wanted_.push_back({kStreamTypeStdin, &streams_.standard_input});
    if (request_.use_stdout) wanted_.push_back({kStreamTypeStdout, &streams_.standard_output});
    if (request_.use_stderr) wanted_.push_back({kStreamTypeStderr, &streams_.standard_error});
    create_next();
  }

  // One after another, each with its reply: the order that servers know from Go's client.
  void create_next() {
    if (cancelled_) return;
    if (wanted_.empty()) return started();
    const Wanted next = wanted_.front();
    wanted_.pop_front();
    connection_->create_stream(
        {{kStreamType, next.type}},
        [self = shared_from_this(), place = next.place](Result<StreamPtr> stream) {
          if (!stream) return self->fail(stream.error());
          *place = std::move(*stream);
          self->create_next();
        });
  }

  void started() {
    const auto self = shared_from_this();
    error_->on_data([self](Bytes bytes) {
      if (self->status_.size() + bytes.size() > kMaxStatus) {
        return self->fail(Error(Errc::kBadStatus, "the server's status is longer than " +
                                                      std::to_string(kMaxStatus) + " bytes"));
      }
      self->status_ += text_of(bytes);
    });
    watch(error_);
    (void)error_->close();
    for (const StreamPtr& output : {streams_.standard_output, streams_.standard_error}) {
      if (output) watch(output);
    }
    if (handlers_.on_started) handlers_.on_started(streams_);
  }

  // The command is over when the error stream and both outputs are, to the last byte. A server may
  // end them with FIN, with a reset, or with the connection; the status alone tells how it went.
  void watch(const StreamPtr& stream) {
    ++unfinished_;
    const auto ended = [self = shared_from_this(), done = std::make_shared<bool>(false)] {
      if (std::exchange(*done, true) || --self->unfinished_ > 0) return;
      self->command_ended();
    };
    stream->on_end(ended);
    stream->on_close([self = shared_from_this(), ended](const Error& error) {
      if (error && !may_end_output(error)) self->lost_ = error;
      ended();
    });
  }

  // A reset, or GOAWAY, is how some servers end an output; a connection that breaks is not.
  static bool may_end_output(const Error& error) {
    return error.code() == session::Errc::kStreamReset ||
           error.code() == session::Errc::kResetHere ||
           error.code() == session::Errc::kConnectionClosed;
  }

  void command_ended() {
    if (status_.empty()) {
      return fail(no_status(lost_ ? lost_.message() : "the server ended the command's streams"));
    }
    if (lost_) {
      return fail(Error(Errc::kNoStatus, "the command's output was cut off: " + lost_.message()));
    }
    const Result<Status> status = parse_status(status_);
    if (!status) return fail(status.error());
    const Result<int> code = exit_code(*status);
    if (!code) return fail(code.error());
    finish(ExitStatus{*code, status->message});
  }

  void connection_ended(const Error& error) {
    finish(no_status(error ? error.message() : "the server closed the connection"));
  }

  static Error no_status(const std::string& why) {
    return Error(Errc::kNoStatus,
                 "the command's exit status is unknown: " + why + " before it was sent");
  }

  void fail(const Error& error) { finish(error); }

  void finish(Result<ExitStatus> result) {
    if (std::exchange(finished_, true)) return;
    const auto self = shared_from_this();
    finishing_.reset();
    if (connection_) connection_->close();
    if (!result) ignore_output();
    const ExecHandlers handlers = std::exchange(handlers_, {});
    if (!handlers.on_exit) return;
    handlers.on_exit(cancelled_ ? net::uv_error(UV_ECANCELED, "exec") : std::move(result));
  }

  // on_exit is the last call, and a reader that has paused may not put off the connection's end.
  void ignore_output() {
    for (const StreamPtr& output : {streams_.standard_output, streams_.standard_error}) {
      if (!output) continue;
      output->on_data([](Bytes) {});
      output->resume();
    }
  }

  ExecRequest request_;
  ExecHandlers handlers_;
  net::Attempt dial_;
  std::shared_ptr<httpstream::Connection> connection_;
  std::deque<Wanted> wanted_;
  StreamPtr error_;
  ExecStreams streams_;
  std::string status_;
  Error lost_;  // an output that ended with the connection
  int unfinished_ = 0;
  bool finished_ = false;
  bool cancelled_ = false;
  std::optional<net::Wakeup> finishing_;  // when given up
};

}  // namespace

net::Attempt exec(ApiServer& server, ExecRequest request, ExecHandlers handlers) {
  const auto client = std::make_shared<ExecClient>(std::move(request), std::move(handlers));
  client->start(server);
  return net::Attempt(client);
}

std::string describe(const Error& error) {
  if (const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(error)) {
    const Result<Status> status = parse_status(failure->body);
    if (status && !status->message.empty()) {
      return "the server refused (" + std::to_string(failure->status) + "): " + status->message;
    }
  }
  return error.message();
}

}  // namespace uvspdy::kube
