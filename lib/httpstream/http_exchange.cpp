#include "uvspdy/httpstream/http_exchange.h"

#include <chrono>
#include <utility>

#include "httpstream/write_all.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

// Without progress, and in all.
constexpr std::chrono::seconds kResponseTimeout{10};
constexpr std::chrono::minutes kLongestResponse{2};

/// Sends a last response over a connection and closes it in order: shut down, read until the
/// client's end, close. A close while the client's bytes are unread would become a TCP reset that
/// destroys the response on its way. Keeps itself alive until then.
class LastResponse : public std::enable_shared_from_this<LastResponse> {
 public:
  explicit LastResponse(std::unique_ptr<net::Transport> transport)
      : transport_(std::move(transport)),
        timer_(transport_->loop(), [this] { time_out(); }),
        deadline_(transport_->loop(), [this] { close(); }) {}

  void send(const HttpResponse& response) {
    self_ = shared_from_this();
    timer_.start(kResponseTimeout);
    deadline_.start(kLongestResponse);
    transport_->set_read_handlers([](Bytes) {}, [this](const Error& error) { ended(error); });
    transport_->start_reading();
    HttpResponse last = response;
    last.headers.set("Connection", "close");
    Result<std::string> text = format_response(last);
    if (!text) text = format_response({500, {}, {{"Connection", "close"}}, {}});
    write_all(
        *transport_, Buffer(std::move(*text)), [this](const Error& error) { written(error); },
        [this] { timer_.start(kResponseTimeout); });
  }

 private:
  void written(const Error& error) {
    if (error) return close();
    transport_->shutdown([this](const Error&) {
      shut_down_ = true;
      if (client_ended_) close();
    });
  }

  // A client may end its side behind the request and still read.
  void ended(const Error& error) {
    client_ended_ = true;
    if (error || shut_down_) close();
  }

  // No progress that we see; the client may still be taking what the kernel has for it.
  void time_out() {
    const std::size_t unacknowledged = transport_->unacknowledged();
    if (unacknowledged == std::exchange(unacknowledged_, unacknowledged)) return close();
    timer_.start(kResponseTimeout);
  }

  void close() {
    timer_.stop();
    deadline_.stop();
    transport_->close([self = std::exchange(self_, {})] {});
  }

  std::unique_ptr<net::Transport> transport_;
  net::Timer timer_;
  net::Timer deadline_;
  std::shared_ptr<LastResponse> self_;
  bool shut_down_ = false;  // all of it has left, and the end behind it
  bool client_ended_ = false;
  std::size_t unacknowledged_ = 0;
};

void respond_last(std::unique_ptr<net::Transport> transport, const HttpResponse& response) {
  std::make_shared<LastResponse>(std::move(transport))->send(response);
}

}  // namespace

std::shared_ptr<HttpExchange> HttpExchange::create(std::unique_ptr<net::Transport> transport,
                                                   HttpRequest request, Buffer already_read) {
  return std::make_shared<HttpExchange>(Private{}, std::move(transport), std::move(request),
                                        std::move(already_read));
}

HttpExchange::HttpExchange(Private, std::unique_ptr<net::Transport> transport, HttpRequest request,
                           Buffer already_read)
    : transport_(std::move(transport)),
      request_(std::move(request)),
      already_read_(std::move(already_read)),
      peer_(transport_->peer()) {}

HttpExchange::~HttpExchange() = default;

void HttpExchange::respond(HttpResponse response) {
  if (transport_) respond_last(std::move(transport_), response);
}

HttpExchange::Connected HttpExchange::take_over() {
  return {std::move(transport_), std::move(already_read_)};
}

}  // namespace uvspdy::httpstream
