#include "uvspdy/httpstream/upgrade_round_tripper.h"

#include <utility>

#include "httpstream/response_reader.h"
#include "httpstream/server_connector.h"
#include "httpstream/write_all.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

/// One request and its answer, from the connecting on. It keeps itself alive until the handler has
/// been called.
class RoundTrip final : public net::Cancellable, public std::enable_shared_from_this<RoundTrip> {
 public:
  RoundTrip(uv_loop_t* loop, std::string server, std::chrono::milliseconds timeout,
            UpgradeRoundTripper::Handler handler)
      : loop_(loop),
        server_(std::move(server)),
        timeout_(timeout),
        handler_(std::move(handler)),
        timer_(loop, [this] { time_out(); }),
        failed_early_(loop, [this] { finish(early_error_); }) {}

  void start(Route route, std::string head) {
    self_ = shared_from_this();
    connecting_ = connect_server(
        loop_, std::move(route),
        [self = self_, head = std::move(head)](Result<std::unique_ptr<net::Transport>> transport) {
          self->is_connecting_ = false;
          if (!transport) return self->finish(transport.error());
          self->send(std::move(*transport), head);
        });
    is_connecting_ = true;
  }

  /// Ends it with an error, later.
  void fail(Error error) {
    self_ = shared_from_this();
    early_error_ = std::move(error);
    failed_early_.schedule();
  }

  void cancel() override {
    if (!handler_) return;
    if (is_connecting_) return connecting_.cancel();
    timer_.stop();
    transport_.reset();
    fail(net::uv_error(UV_ECANCELED, "upgrade at " + server_));
  }

 private:
  void send(std::unique_ptr<net::Transport> transport, const std::string& head) {
    transport_ = std::move(transport);
    timer_.start(timeout_);
    transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                  [this](const Error& error) { ended(error); });
    transport_->start_reading();
    // If writing fails the reader hears of it, perhaps with an answer that came first.
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
    if (!reader_.switched()) return finish(UpgradeResponse{std::move(reader_.response()), {}, {}});
    transport_->stop_reading();
    already_read_ = Buffer::copy_of(bytes);
    if (request_sent_) hand_over();
  }

  // Not before the request is sent: the transport has one writer at a time.
  void hand_over() {
    finish(UpgradeResponse{std::move(reader_.response()), std::move(transport_),
                           std::move(already_read_)});
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    // A body without a length ends with the connection.
    if (reader_.head_complete()) {
      return finish(UpgradeResponse{std::move(reader_.response()), {}, {}});
    }
    finish(Error(Errc::kConnectionLost, server_ + " closed the connection without an answer" +
                                            (error ? ": " + error.message() : std::string())));
  }

  void time_out() {
    const auto keep = shared_from_this();
    // A refusal whose body does not end says enough.
    if (reader_.head_complete() && !reader_.switched()) {
      return finish(UpgradeResponse{std::move(reader_.response()), {}, {}});
    }
    finish(Error(Errc::kTimeout, "no answer from " + server_ + " within " +
                                     std::to_string(timeout_.count()) + " ms"));
  }

  void finish(Result<UpgradeResponse> result) {
    const auto keep = std::exchange(self_, {});
    timer_.stop();
    failed_early_.cancel();
    if (transport_) transport_->close({});
    const UpgradeRoundTripper::Handler handler = std::exchange(handler_, {});
    if (handler) handler(std::move(result));
  }

  uv_loop_t* loop_;
  std::string server_;
  std::chrono::milliseconds timeout_;
  UpgradeRoundTripper::Handler handler_;
  net::Timer timer_;
  net::Wakeup failed_early_;
  Error early_error_;
  std::shared_ptr<RoundTrip> self_;
  bool is_connecting_ = false;
  net::Attempt connecting_;
  std::unique_ptr<net::Transport> transport_;
  ResponseReader reader_{ResponseReader::Switch::k101};
  bool request_sent_ = false;
  Buffer already_read_;
};

Error failure(const HttpResponse& response, const std::string& what) {
  auto detail = std::make_shared<UpgradeFailure>();
  detail->status = response.status;
  detail->reason = response.reason;
  detail->headers = response.headers;
  detail->body = response.body;
  return Error(Errc::kUpgradeFailed, what, std::move(detail));
}

}  // namespace

UpgradeRoundTripper::UpgradeRoundTripper(uv_loop_t* loop, Options options)
    : loop_(loop), options_(std::move(options)) {}

net::Attempt UpgradeRoundTripper::round_trip(const Url& url, HttpRequest request,
                                             Handler handler) const {
  request.target = url.target;
  request.headers.set("Host", url.host_header());
  request.headers.set(kHeaderConnection, kHeaderUpgrade);
  request.headers.set(kHeaderUpgrade, kSpdy31);
  if (request.method == "POST") request.headers.set("Content-Length", "0");

  const auto trip = std::make_shared<RoundTrip>(loop_, url.origin(), options_.response_timeout,
                                                std::move(handler));
  Result<std::string> head = format_request_head(request);
  Result<Route> route = route_to(url);
  if (!head) {
    trip->fail(head.error());
  } else if (!route) {
    trip->fail(route.error());
  } else {
    trip->start(std::move(*route), std::move(*head));
  }
  return net::Attempt(trip);
}

Result<Route> UpgradeRoundTripper::route_to(const Url& url) const {
  Route route{url, {}, {}, options_.connect_timeout, options_.tls_timeout, options_.proxy_timeout};
  if (url.scheme == "unix") return route;
  if (url.scheme != "http" && url.scheme != "https") {
    return Error(Errc::kBadUrl,
                 "the scheme is '" + url.scheme + "', only http, https and unix are known");
  }
  route.proxy = options_.proxy;
  if (url.scheme == "https") {
    Result<TlsContext> tls = or_default(options_.tls);
    if (!tls) return tls.error();
    route.tls = std::move(*tls);
  }
  if (route.proxy && route.proxy->scheme == Proxy::Scheme::kHttps) {
    Result<TlsContext> tls = or_default(route.proxy->tls);
    if (!tls) return tls.error();
    route.proxy->tls = std::move(*tls);
  }
  return route;
}

Result<UpgradeRoundTripper::TlsContext> UpgradeRoundTripper::or_default(
    const TlsContext& context) const {
  if (context) return context;
  if (!default_tls_) {
    Result<std::shared_ptr<net::TlsClientContext>> made = net::TlsClientContext::create({});
    if (!made) return made.error();
    default_tls_ = std::move(*made);
  }
  return default_tls_;
}

Result<std::shared_ptr<Connection>> UpgradeRoundTripper::new_connection(
    UpgradeResponse answer) const {
  const HttpResponse& response = answer.response;
  if (!answer.transport) {
    return failure(response, "unable to upgrade: the server answered " + summary(response));
  }
  const HttpRequest as_request{{}, {}, response.headers};
  if (!is_spdy_upgrade_request(as_request)) {
    return failure(response,
                   "unable to upgrade: the server's 101 does not say 'Connection: Upgrade' and "
                   "'Upgrade: SPDY/3.1'");
  }
  return Connection::create(std::move(answer.transport), session::Role::kClient,
                            options_.connection, {}, std::move(answer.already_read));
}

}  // namespace uvspdy::httpstream
