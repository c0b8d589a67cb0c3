#include "uvspdy/kube/client/remote_command_client.h"

#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "kube/client/remote_command_end.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

using StreamPtr = std::shared_ptr<httpstream::Stream>;

// How long the GOAWAY may stay away behind the end of all streams, where it is what tells an end in
// order.
constexpr auto kGoAwayTimeout = std::chrono::seconds(3);

/// One exec or attach on the client. The dial's, the connection's and the streams' handlers keep it
/// alive; they are freed when the connection closes.
class RemoteCommandClient final : public net::Cancellable,
                                  public std::enable_shared_from_this<RemoteCommandClient> {
 public:
  RemoteCommandClient(const char* verb, RequestedStreams requested, RemoteCommandHandlers handlers,
                      TerminalSize size)
      : verb_(verb), requested_(requested), handlers_(std::move(handlers)), size_(size) {}

  void start(ApiServer& server, const std::string& target) {
    dial_ = server.dial(target,
                        {std::string(kProtocolV4), std::string(kProtocolV3),
                         std::string(kProtocolV2), std::string(kProtocolV1)},
                        [self = shared_from_this()](Result<httpstream::Dialed> dialed) {
                          if (!dialed) return self->finish(dialed.error());
                          self->dialed(std::move(*dialed));
                        });
  }

  void cancel() override {
    if (finished_ || std::exchange(cancelled_, true)) return;
    if (!connection_) return dial_.cancel();
    connection_->close();
    // Not with the connection's end, which a slow peer can put off.
    finishing_.emplace(connection_->loop(), [self = shared_from_this()] {
      self->finish(net::uv_error(UV_ECANCELED, self->verb_));
    });
    finishing_->schedule();
  }

 private:
  struct Wanted {
    std::string_view type;
    StreamPtr* place;
  };

  void dialed(httpstream::Dialed dialed) {
    connection_ = std::move(dialed.connection);
    if (cancelled_) return finish(net::uv_error(UV_ECANCELED, verb_));
    streams_.protocol = std::move(dialed.protocol);
    end_.emplace(streams_.protocol);
    connection_->on_close(
        [self = shared_from_this()](const Error& error) { self->connection_ended(error); });
    connection_->on_goaway([self = shared_from_this()](const wire::GoAwayFrame& frame) {
      if (frame.status == wire::GoAwayStatus::kOk) self->end_->note_goaway();
      if (self->waits_for_goaway_) self->conclude();
    });
    const bool resizes = requested_.terminal && end_->version() >= 3;
    // The terminal's size first, unlike Go's client: a server starts the command once it has all
    // streams, and the first size, which leaves behind the next stream's SYN_STREAM, is to be there
    // by then.
    if (resizes) wanted_.push_back({kStreamTypeResize, &streams_.terminal_resize});
    wanted_.push_back({kStreamTypeError, &error_});
    if (requested_.standard_input) wanted_.push_back({kStreamTypeStdin, &streams_.standard_input});
    if (requested_.standard_output)
      wanted_.push_back({kStreamTypeStdout, &streams_.standard_output});
    if (requested_.standard_error) {
      wanted_.push_back({kStreamTypeStderr, &streams_.standard_error});
    }
    create_next();
  }

  // One after another, each with its reply, as servers know it from Go's client.
  void create_next() {
    if (cancelled_ || finished_) return;
    if (wanted_.empty()) return started();
    const Wanted next = wanted_.front();
    wanted_.pop_front();
    connection_->create_stream(
        {{kStreamType, next.type}}, [self = shared_from_this(), next](Result<StreamPtr> stream) {
          if (!stream) return self->finish(stream.error());
          *next.place = std::move(*stream);
          self->created(*next.place);
          if (next.place == &self->streams_.terminal_resize && self->size_ != TerminalSize()) {
            self->streams_.resize(self->size_);
          }
          self->create_next();
        });
  }

  // At once: a server may end a stream before it has answered the next one.
  void created(const StreamPtr& stream) {
    const auto self = shared_from_this();
    if (stream == error_) {
      error_->on_data([self](Bytes bytes) {
        if (Error error = self->end_->take_status(bytes)) self->finish(std::move(error));
      });
      watch(error_, [self](const Error& how) { self->end_->status_ended(how); });
    } else if (stream == streams_.standard_input) {
      stream->on_data([](Bytes) {});
      // Its end from there says that nobody reads it any more; in v1 it comes at once and says
      // nothing.
      if (end_->version() > 1) stream->on_end([input = stream.get()] { (void)input->close(); });
    } else if (stream == streams_.terminal_resize) {
      stream->on_data([](Bytes) {});
    } else {
      watch(stream, [self](const Error& how) { self->end_->output_ended(how); });
    }
  }

  // Nothing more is sent than what the command is to have: Go's servers close the socket as the
  // command ends, and an API server in front that cannot pass on what we sent gives up, output
  // included. Hence no FIN for the error stream, either.
  void started() {
    if (handlers_.on_started) handlers_.on_started(streams_);
    one_over();  // the creation of the streams
  }

  // The command is over when all streams have been created, and the error stream and both outputs
  // are over, to the last byte. A server may end them with FIN, with a reset, or with the
  // connection.
  void watch(const StreamPtr& stream, std::function<void(const Error&)> note) {
    ++unfinished_;
    const auto ended = [self = shared_from_this(), note = std::move(note),
                        done = std::make_shared<bool>(false)](const Error& how) {
      if (std::exchange(*done, true)) return;
      note(how);
      self->one_over();
    };
    stream->on_end([ended] { ended({}); });
    stream->on_close(ended);
  }

  void one_over() {
    if (--unfinished_ == 0) conclude();
  }

  void conclude() {
    if (finished_) return;
    std::optional<Result<ExitStatus>> outcome = end_->outcome();
    if (outcome) return finish(std::move(*outcome));
    if (std::exchange(waits_for_goaway_, true)) return finish(end_->unknown(kNoGoAway));
    goaway_timer_.emplace(connection_->loop(), [self = shared_from_this()] {
      self->finish(self->end_->unknown(kNoGoAway));
    });
    goaway_timer_->start(kGoAwayTimeout);
  }

  void connection_ended(const Error& error) {
    finish(end_->unknown(error ? error.message() : "the server closed the connection"));
  }

  void finish(Result<ExitStatus> result) {
    if (std::exchange(finished_, true)) return;
    const auto self = shared_from_this();
    finishing_.reset();
    goaway_timer_.reset();
    if (connection_) connection_->close();
    if (!result) ignore_output();
    const RemoteCommandHandlers handlers = std::exchange(handlers_, {});
    if (!handlers.on_exit) return;
    handlers.on_exit(cancelled_ ? net::uv_error(UV_ECANCELED, verb_) : std::move(result));
  }

  // on_exit is the last call, and a reader that has paused may not put off the connection's end.
  void ignore_output() {
    for (const StreamPtr& output : {streams_.standard_output, streams_.standard_error}) {
      if (!output) continue;
      output->on_data([](Bytes) {});
      output->resume();
    }
  }

  static constexpr const char* kNoGoAway = "the server reset the command's streams without GOAWAY";

  const char* verb_;
  RequestedStreams requested_;
  RemoteCommandHandlers handlers_;
  TerminalSize size_;
  net::Attempt dial_;
  std::shared_ptr<httpstream::Connection> connection_;
  std::deque<Wanted> wanted_;
  StreamPtr error_;
  RemoteCommandStreams streams_;
  std::optional<RemoteCommandEnd> end_;
  int unfinished_ = 1;  // the streams' creation is one
  bool waits_for_goaway_ = false;
  std::optional<net::Timer> goaway_timer_;
  bool finished_ = false;
  bool cancelled_ = false;
  std::optional<net::Wakeup> finishing_;  // when given up
};

net::Attempt run(const char* verb, ApiServer& server, const std::string& target,
                 RequestedStreams requested, RemoteCommandHandlers handlers, TerminalSize size) {
  const auto client =
      std::make_shared<RemoteCommandClient>(verb, requested, std::move(handlers), size);
  client->start(server, target);
  return net::Attempt(client);
}

}  // namespace

void RemoteCommandStreams::resize(TerminalSize size) const {
  if (!terminal_resize || terminal_resize->is_closed()) return;
  if (terminal_resize->writable()) {
    terminal_resize->on_writable({});  // an older size must not come behind this one
    (void)terminal_resize->write(Buffer(to_json(size)));
    return;
  }
  terminal_resize->on_writable(
      [stream = terminal_resize.get(), size] { (void)stream->write(Buffer(to_json(size))); });
}

net::Attempt exec(ApiServer& server, const ExecRequest& request, RemoteCommandHandlers handlers,
                  TerminalSize size) {
  return run("exec", server, exec_target(request), requested_streams(request), std::move(handlers),
             size);
}

net::Attempt attach(ApiServer& server, const AttachRequest& request, RemoteCommandHandlers handlers,
                    TerminalSize size) {
  return run("attach", server, attach_target(request), requested_streams(request),
             std::move(handlers), size);
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
