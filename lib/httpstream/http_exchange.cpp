#include "uvspdy/httpstream/http_exchange.h"

#include <utility>

#include "httpstream/last_response.h"

namespace uvspdy::httpstream {
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
  if (transport_) LastResponse::send(std::move(transport_), response);
}

HttpExchange::Connected HttpExchange::take_over() {
  return {std::move(transport_), std::move(already_read_)};
}

}  // namespace uvspdy::httpstream
