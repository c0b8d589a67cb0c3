#include "httpstream/http_round_trip.h"

#include <string>
#include <utility>

#include "httpstream/write_all.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

using Handler = OnceCallback<void(Result<HttpAnswer>)>;

/// One request and its answer, from connecting on. It keeps itself alive until the handler has been
/// called.
class RoundTrip final : public net::Cancellable, public std::enable_shared_from_this<RoundTrip> {
 public:
  RoundTrip(uv_loop_t* loop, ResponseReader reader, std::chrono::milliseconds timeout,
            Handler handler)
      : loop_(loop),
        timeout_(timeout),
        handler_(std::move(handler)),
        reader_(std::move(reader)),
        timer_(loop, [this] { time_out(); }),
        failed_early_(loop, [this] { finish(early_error_); }) {}

  void start(Route route, std::string head) {
    self_ = shared_from_this();
    server_ = route.url.origin();
    deadline_ = route.deadline;
    connecting_ = connect_server(
        loop_, std::move(route),
        [self = self_, head = std::move(head)](Result<std::unique_ptr<net::Transport>> transport) {
          self->is_connecting_ = false;
          if (!transport) return self->finish(transport.error());
          self->send(std::move(*transport), head);
        });
    is_connecting_ = true;
  }

  /// Ends with an error, in the loop's next turn.
  void fail(Error error) {
    self_ = shared_from_this();
    early_error_ = std::move(error);
    failed_early_.schedule();
  }

  void cancel() override {
    if (!self_) return;
    if (is_connecting_) return connecting_.cancel();
    timer_.stop();
    transport_.reset();
    fail(net::uv_error(UV_ECANCELED, "request to " + server_));
  }

 private:
  void send(std::unique_ptr<net::Transport> transport, const std::string& head) {
    transport_ = std::move(transport);
    timeout_ = limited_by(deadline_, timeout_);
    timer_.start(timeout_);
    transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                  [this](const Error& error) { ended(error); });
    transport_->start_reading();
    // If writing fails, the reader gets the error, perhaps after an answer.
    write_all(*transport_, Buffer(head), [this](const Error&) {
      const auto keep = shared_from_this();
      request_sent_ = true;
      if (reader_.switched()) hand_over();
    });
  }

  void read(Bytes bytes) {
    const auto keep = shared_from_this();
    const Result<bool> complete = reader_.take(bytes);
    if (!complete) {
      return finish(Error(complete.error().code(),
                          server_ + " did not answer in HTTP/1.1: " + complete.error().message()));
    }
    if (!*complete) return;
    if (!reader_.switched()) return finish(answer(reader_.incomplete()));
    transport_->stop_reading();
    already_read_ = Buffer::copy_of(bytes);
    if (request_sent_) hand_over();
  }

  // Waits until the request is sent, because a transport has one writer at a time.
  void hand_over() {
    transport_->set_read_handlers({}, {});
    HttpAnswer switched = answer({});
    switched.transport = std::move(transport_);
    switched.already_read = std::move(already_read_);
    finish(std::move(switched));
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    if (reader_.head_complete()) {
      // A body without a length ends with the connection.
      if (!error && reader_.ends_with_connection()) return finish(answer(reader_.incomplete()));
      return finish(answer(Error(Errc::kConnectionLost,
                                 server_ + " closed the connection in the middle of its answer" +
                                     (error ? ": " + error.message() : std::string()))));
    }
    finish(Error(Errc::kConnectionLost, server_ + " closed the connection without an answer" +
                                            (error ? ": " + error.message() : std::string())));
  }

  void time_out() {
    const auto keep = shared_from_this();
    const std::string time = " within " + std::to_string(timeout_.count()) + " ms";
    if (reader_.head_complete() && !reader_.switched()) {
      return finish(answer(Error(Errc::kTimeout, "not all of the answer from " + server_ + time)));
    }
    finish(Error(Errc::kTimeout, "no answer from " + server_ + time));
  }

  HttpAnswer answer(Error incomplete) {
    return {std::move(reader_.response()), std::move(incomplete), {}, {}};
  }

  void finish(Result<HttpAnswer> result) {
    const auto keep = std::exchange(self_, {});
    timer_.stop();
    failed_early_.cancel();
    if (transport_) transport_->close({});
    handler_(std::move(result));
  }

  uv_loop_t* loop_;
  std::string server_ = "the server";
  std::chrono::milliseconds timeout_;  // of the answer
  std::chrono::steady_clock::time_point deadline_{};
  Handler handler_;
  ResponseReader reader_;
  net::Timer timer_;
  net::Wakeup failed_early_;
  Error early_error_;
  std::shared_ptr<RoundTrip> self_;
  bool is_connecting_ = false;
  net::Attempt connecting_;
  std::unique_ptr<net::Transport> transport_;
  bool request_sent_ = false;
  Buffer already_read_;
};

}  // namespace

net::Attempt round_trip(uv_loop_t* loop, Result<Route> route, const HttpRequest& request,
                        ResponseReader reader, std::chrono::milliseconds timeout, Handler handler) {
  const auto trip =
      std::make_shared<RoundTrip>(loop, std::move(reader), timeout, std::move(handler));
  Result<std::string> head = format_request_head(request);
  if (!head) {
    trip->fail(head.error());
  } else if (!route) {
    trip->fail(route.error());
  } else {
    trip->start(std::move(*route), std::move(*head));
  }
  return net::Attempt(trip);
}

}  // namespace uvspdy::httpstream
