#include "uvspdy/httpstream/upgrade_round_tripper.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "httpstream/write_all.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

/// One request and its answer over one connection. The transport's handlers keep it alive until
/// `finish`.
class RoundTrip : public std::enable_shared_from_this<RoundTrip> {
 public:
  RoundTrip(uv_loop_t* loop, std::string url, UpgradeRoundTripper::Handler handler)
      : url_(std::move(url)), handler_(std::move(handler)), timer_(loop, [this] {
          finish(Error(Errc::kTimeout, "no answer from " + url_ + " in time"));
        }) {}

  void start(std::unique_ptr<net::Transport> transport, std::string head,
             std::chrono::milliseconds timeout) {
    transport_ = std::move(transport);
    self_ = shared_from_this();
    timer_.start(timeout);
    transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                  [this](const Error& error) { ended(error); });
    transport_->start_reading();
    // If writing fails the reader hears of it, perhaps with an answer that came first.
    write_all(*transport_, Buffer(std::move(head)), [this](const Error&) {
      request_sent_ = true;
      if (upgraded_) hand_over();
    });
  }

 private:
  void read(Bytes bytes) {
    const auto keep = shared_from_this();
    if (!head_complete_) {
      const Result<bool> complete = collector_.take(bytes);
      if (!complete) return finish(complete.error());
      if (!*complete) return;
      head_complete_ = true;
      Result<HttpResponse> response = parse_response_head(collector_.head());
      if (!response) {
        return finish(Error(response.error().code(),
                            url_ + " did not answer in HTTP/1.1: " + response.error().message()));
      }
      answer_.response = std::move(*response);
      if (answer_.response.status == 101) {
        transport_->stop_reading();
        answer_.already_read = Buffer::copy_of(bytes);
        upgraded_ = true;
        if (request_sent_) hand_over();
        return;
      }
      body_size_ = body_size();
    }
    std::string& body = answer_.response.body;
    body += text_of(bytes).substr(0, body_size_ - body.size());
    if (body.size() == body_size_) finish(std::move(answer_));
  }

  // Not before the request is sent: the transport has one writer at a time.
  void hand_over() {
    answer_.transport = std::move(transport_);
    finish(std::move(answer_));
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    // A body without a length ends with the connection.
    if (head_complete_) return finish(std::move(answer_));
    finish(Error(Errc::kConnectionLost, url_ + " closed the connection without an answer" +
                                            (error ? ": " + error.message() : std::string())));
  }

  std::size_t body_size() const {
    const auto length = answer_.response.headers.get("Content-Length");
    std::size_t size = kMaxErrorBody;
    if (length) std::from_chars(length->data(), length->data() + length->size(), size);
    return std::min(size, kMaxErrorBody);
  }

  void finish(Result<UpgradeResponse> result) {
    const auto keep = std::exchange(self_, {});
    timer_.stop();
    if (transport_) transport_->close({});
    const UpgradeRoundTripper::Handler handler = std::exchange(handler_, {});
    if (handler) handler(std::move(result));
  }

  std::string url_;
  UpgradeRoundTripper::Handler handler_;
  net::Timer timer_;
  std::shared_ptr<RoundTrip> self_;
  std::unique_ptr<net::Transport> transport_;
  HttpHeadCollector collector_;
  bool request_sent_ = false;
  bool head_complete_ = false;
  bool upgraded_ = false;
  std::size_t body_size_ = 0;
  UpgradeResponse answer_;
};

// The line of a refusal that people read.
std::string summary(const HttpResponse& response) {
  std::string text = response.body.substr(0, response.body.find_first_of("\r\n"));
  constexpr std::size_t kShown = 512;
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  return std::to_string(response.status) + " " + response.reason +
         (text.empty() ? std::string() : ": " + text);
}

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

void UpgradeRoundTripper::round_trip(const Url& url, HttpRequest request, Handler handler) const {
  request.target = url.target;
  request.headers.set("Host", url.authority());
  request.headers.set(kHeaderConnection, kHeaderUpgrade);
  request.headers.set(kHeaderUpgrade, kSpdy31);
  if (request.method == "POST") request.headers.set("Content-Length", "0");

  auto trip = std::make_shared<RoundTrip>(loop_, "http://" + url.authority(), handler);
  net::connect_tcp(
      loop_, url.host, url.port, options_.connect_timeout,
      [trip, request = std::move(request), handler = std::move(handler),
       timeout = options_.response_timeout](Result<std::unique_ptr<net::Transport>> transport) {
        if (!transport) return handler(transport.error());
        Result<std::string> head = format_request_head(request);
        if (!head) return handler(head.error());
        trip->start(std::move(*transport), std::move(*head), timeout);
      });
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
                   "unable to upgrade: the server's 101 does not say 'Upgrade: SPDY/3.1'");
  }
  return Connection::create(std::move(answer.transport), session::Role::kClient,
                            options_.connection, {}, std::move(answer.already_read));
}

}  // namespace uvspdy::httpstream
