#include "uvspdy/kube/client/remote_command_client.h"

#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "kube/client/remote_command_end.h"
#include "kube/client/terminal_size_writer.h"
#include "kube/protocol/refusal_text.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

using StreamPtr = std::shared_ptr<httpstream::Stream>;

// How long to wait for a GOAWAY after all streams have ended, when only the GOAWAY can show that
// they ended in order.
constexpr auto kGoAwayTimeout = std::chrono::seconds(3);

/// One exec or attach on the client. The handlers of the dial, the connection and the streams keep
/// it alive; they are freed when the connection closes.
///
/// It is over when all streams have been created (one of the events that `awaited_` counts) and
/// the error stream and both outputs have been read to their ends. A server may end them with FIN,
/// with a reset, or with the connection; giving up ends them, too.
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
                          self->dialed(std::move(dialed));
                        });
  }

  void cancel() override {
    if (over_ || outcome_) return;
    give_up(net::uv_error(UV_ECANCELED, verb_));
    if (!connection_) return dial_.cancel();
    // Not when the connection has closed, which a slow peer can delay.
    if (goaway_timer_) goaway_timer_->start(std::chrono::milliseconds(0));
  }

 private:
  struct Wanted {
    std::string_view type;
    StreamPtr* place;
  };

  void dialed(Result<httpstream::Dialed> dialed) {
    if (!dialed) {
      give_up(dialed.error());
      return finish();
    }
    connection_ = std::move(dialed->connection);
    if (outcome_) return finish();
    protocol_ = std::move(dialed->protocol);
    end_.emplace(protocol_);
    connection_->on_close(
        [self = shared_from_this()](const Error& error) { self->connection_ended(error); });
    connection_->on_goaway([self = shared_from_this()](const wire::GoAwayFrame& frame) {
      if (frame.status == wire::GoAwayStatus::kOk) self->end_->note_goaway();
      if (self->goaway_timer_) self->conclude();
    });
    const bool resizes = requested_.terminal && end_->version() >= 3;
    // Unlike Go's client this creates the resize stream first. A server starts the command once it
    // has all streams. The first size leaves after the next stream's SYN_STREAM, so it arrives
    // before the last stream.
    if (resizes) wanted_.push_back({kStreamTypeResize, &resize_});
    wanted_.push_back({kStreamTypeError, &error_});
    if (requested_.standard_input) wanted_.push_back({kStreamTypeStdin, &input_});
    if (requested_.standard_output) wanted_.push_back({kStreamTypeStdout, &output_});
    if (requested_.standard_error) {
      wanted_.push_back({kStreamTypeStderr, &error_output_});
    }
    create_next();
  }

  // One after another, each after the reply to the one before, as Go's client creates them.
  void create_next() {
    if (outcome_) return one_over();
    if (wanted_.empty()) return started();
    const Wanted next = wanted_.front();
    wanted_.pop_front();
    connection_->create_stream({{kHeaderStreamType, next.type}},
                               [self = shared_from_this(), next](Result<StreamPtr> stream) {
                                 if (stream) {
                                   self->created(*next.place, std::move(*stream));
                                 } else {
                                   self->give_up(stream.error());
                                 }
                                 self->create_next();
                               });
  }

  // Sets handlers at once: a server may end this stream before it answers the next SYN_STREAM.
  void created(StreamPtr& place, StreamPtr stream) {
    const auto self = shared_from_this();
    place = std::move(stream);
    if (&place == &error_) {
      place->on_data([self](Bytes bytes) {
        if (Error error = self->end_->take_status(bytes)) self->give_up(std::move(error));
      });
      return watch(place, &RemoteCommandEnd::status_ended);
    }
    if (&place == &output_ || &place == &error_output_) {
      return watch(place, &RemoteCommandEnd::output_ended);
    }
    place->reader().discard();
    if (&place == &resize_) {
      size_writer_ = std::make_shared<TerminalSizeWriter>(place->take_writer());
      size_writer_->send(size_);  // 0 by 0 too: a server waits for a size
    } else if (end_->version() > 1) {
      // The server ends its direction of stdin when the command reads no more of it. In v1 that end
      // comes at once and means nothing.
      place->on_received([self](const Error& how) {
        if (!how) self->input_->reset();
      });
    }
  }

  void watch(const StreamPtr& stream, void (RemoteCommandEnd::*note)(const Error&)) {
    ++awaited_;
    stream->on_received([self = shared_from_this(), note](const Error& how) {
      ((*self->end_).*note)(how);
      self->one_over();
    });
  }

  // Sends nothing but the command's input: Go's servers close the socket when the command ends, and
  // an API server in front of them, when it cannot pass on what we sent, drops the output, too.
  // Hence no FIN on the error stream, either.
  void started() {
    RemoteCommandStreams streams;
    if (input_) streams.standard_input = input_->take_writer();
    if (output_) streams.standard_output = output_->take_reader();
    if (error_output_) streams.standard_error = error_output_->take_reader();
    streams.terminal_resize = TerminalResize(size_writer_);
    streams.protocol = protocol_;
    handlers_.on_started(std::move(streams));
    one_over();  // "all streams created" was one of the awaited events
  }

  void one_over() {
    if (--awaited_ == 0) conclude();
  }

  void conclude() {
    if (!outcome_) outcome_ = end_->outcome();
    if (outcome_) return finish();
    // If it has come, outcome() has already taken it into account.
    if (goaway_timer_) return goaway_is_late();
    goaway_timer_.emplace(connection_->loop(),
                          [self = shared_from_this()] { self->goaway_is_late(); });
    goaway_timer_->start(kGoAwayTimeout);
  }

  void goaway_is_late() {
    if (!outcome_)
      outcome_ = end_->unknown("the server reset the command's streams without GOAWAY");
    finish();
  }

  // By then all streams have reported their ends.
  void connection_ended(const Error& error) {
    if (!outcome_) {
      outcome_ = end_->unknown(error ? error.message() : "the server closed the connection");
    }
    finish();
  }

  // Closing the connection ends all awaited streams in the next turn: bytes that are buffered for a
  // paused reader are dropped.
  void give_up(Error why) {
    if (outcome_) return;
    outcome_ = std::move(why);
    if (connection_) connection_->close();
  }

  void finish() {
    if (std::exchange(over_, true)) return;
    const auto self = shared_from_this();
    goaway_timer_.reset();
    if (connection_) connection_->close();
    size_writer_.reset();
    RemoteCommandHandlers handlers = std::move(handlers_);
    handlers.on_exit(std::move(*outcome_));
  }

  const char* verb_;
  RequestedStreams requested_;
  RemoteCommandHandlers handlers_;
  TerminalSize size_;
  net::Attempt dial_;
  std::shared_ptr<httpstream::Connection> connection_;
  std::string protocol_;
  std::deque<Wanted> wanted_;
  StreamPtr error_;
  StreamPtr input_;
  StreamPtr output_;
  StreamPtr error_output_;
  StreamPtr resize_;
  std::shared_ptr<TerminalSizeWriter> size_writer_;
  std::optional<RemoteCommandEnd> end_;
  int awaited_ = 1;
  std::optional<Result<ExitStatus>> outcome_;
  std::optional<net::Timer> goaway_timer_;  // while only a GOAWAY can decide the outcome
  bool over_ = false;
};

net::Attempt run(const char* verb, ApiServer& server, const std::string& target,
                 RequestedStreams requested, RemoteCommandHandlers handlers, TerminalSize size) {
  const auto client =
      std::make_shared<RemoteCommandClient>(verb, requested, std::move(handlers), size);
  client->start(server, target);
  return net::Attempt(client);
}

}  // namespace

TerminalResize::TerminalResize(std::weak_ptr<TerminalSizeWriter> writer)
    : writer_(std::move(writer)) {}

void TerminalResize::send(TerminalSize size) const {
  if (const auto writer = writer_.lock()) writer->send(size);
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
      return refusal_text(failure->status, status->message);
    }
  }
  return error.message();
}

}  // namespace uvspdy::kube
