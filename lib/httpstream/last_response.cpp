#include "httpstream/last_response.h"

#include <chrono>
#include <string>
#include <utility>

#include "httpstream/counted_transport.h"
#include "httpstream/write_all.h"

namespace uvspdy::httpstream {
namespace {

// Without progress, and in all.
constexpr std::chrono::seconds kResponseTimeout{10};
constexpr std::chrono::minutes kLongestResponse{2};

}  // namespace

std::shared_ptr<LastResponse> LastResponse::send(std::unique_ptr<net::Transport> transport,
                                                 const HttpResponse& response,
                                                 std::string_view method) {
  auto* counted = dynamic_cast<CountedTransport*>(transport.get());
  auto made = std::make_shared<LastResponse>(Private{}, std::move(transport));
  if (counted != nullptr && counted->entry() != nullptr) {
    counted->entry()->set_answered([weak = std::weak_ptr(made)](const Error&) {
      if (const auto sending = weak.lock()) sending->close();
    });
  }
  made->start(response, method);
  return made;
}

LastResponse::LastResponse(Private, std::unique_ptr<net::Transport> transport)
    : transport_(std::move(transport)),
      timer_(transport_->loop(), [this] { time_out(); }),
      deadline_(transport_->loop(), [this] { close(); }) {}

void LastResponse::start(const HttpResponse& response, std::string_view method) {
  self_ = shared_from_this();
  timer_.start(kResponseTimeout);
  deadline_.start(kLongestResponse);
  transport_->set_read_handlers({}, [this](const Error& error) { ended(error); });
  transport_->start_reading();
  HttpResponse last = response;
  last.headers.set("Connection", "close");
  Result<std::string> text = format_response(last);
  // A client would wait for another answer after an interim one.
  if (!text || last.status < 200) text = format_response({500, {}, {{"Connection", "close"}}, {}});
  if (method == "HEAD") text->resize(text->find("\r\n\r\n") + 4);
  write_all(
      *transport_, Buffer(std::move(*text)), [this](const Error& error) { written(error); },
      [this] { timer_.start(kResponseTimeout); });
}

void LastResponse::written(const Error& error) {
  if (error) return close();
  transport_->shutdown([this](const Error&) {
    shut_down_ = true;
    if (client_ended_) close();
  });
}

// A client may end its side after the request and still read.
void LastResponse::ended(const Error& error) {
  client_ended_ = true;
  if (error || shut_down_) close();
}

// No progress of our writes; the client may still be taking bytes from the kernel.
void LastResponse::time_out() {
  const std::size_t unacknowledged = transport_->unacknowledged();
  if (unacknowledged == std::exchange(unacknowledged_, unacknowledged)) return close();
  timer_.start(kResponseTimeout);
}

void LastResponse::close() {
  timer_.stop();
  deadline_.stop();
  transport_->close([self = std::exchange(self_, {})] {});
}

}  // namespace uvspdy::httpstream
