#include "uvspdy/httpstream/http_exchange.h"

#include <utility>

#include "httpstream/last_response.h"

namespace uvspdy::httpstream {

class UVSPDY_LOCAL HttpExchange::Impl {
 public:
  std::unique_ptr<net::Transport> transport;  // null once answered
  HttpRequest request;
  Buffer already_read;
  std::string peer;
};

std::shared_ptr<HttpExchange> HttpExchange::create(std::unique_ptr<net::Transport> transport,
                                                   HttpRequest request, Buffer already_read) {
  std::string peer = transport ? transport->peer() : std::string();
  return std::make_shared<HttpExchange>(
      Private{}, std::make_unique<Impl>(Impl{std::move(transport), std::move(request),
                                             std::move(already_read), std::move(peer)}));
}

HttpExchange::HttpExchange(Private, std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpExchange::~HttpExchange() = default;

const HttpRequest& HttpExchange::request() const { return impl_->request; }

std::string HttpExchange::peer() const { return impl_->peer; }

const net::TlsInfo* HttpExchange::tls() const {
  return impl_->transport ? impl_->transport->tls() : nullptr;
}

void HttpExchange::respond(const HttpResponse& response) {
  if (!impl_->transport) return;
  LastResponse::send(std::move(impl_->transport), response, impl_->request.method);
}

HttpExchange::Connected HttpExchange::take_over() {
  return {std::move(impl_->transport), std::move(impl_->already_read)};
}

}  // namespace uvspdy::httpstream
