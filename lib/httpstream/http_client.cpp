#include "uvspdy/httpstream/http_client.h"

#include <utility>

#include "httpstream/http_round_trip.h"
#include "httpstream/response_reader.h"
#include "httpstream/server_route.h"

namespace uvspdy::httpstream {

class UVSPDY_LOCAL HttpClient::Impl {
 public:
  uv_loop_t* loop;
  HttpClientOptions options;
  std::shared_ptr<const net::TlsClientContext> default_tls{};
};

HttpClient::HttpClient(uv_loop_t* loop, HttpClientOptions options)
    : impl_(std::make_shared<Impl>(Impl{loop, std::move(options)})) {}

net::Attempt HttpClient::get(const Url& url, Headers headers, Handler handler) const {
  HttpRequest request{"GET", url.target, std::move(headers)};
  request.headers.set("Host", url.host_header());
  request.headers.set("Connection", "close");
  const HttpClientOptions& options = impl_->options;
  return round_trip(impl_->loop, route_to(url, options.route, impl_->default_tls), request,
                    ResponseReader(ResponseReader::Switch::kNever, options.max_body),
                    options.route.response_timeout,
                    [handler = std::move(handler)](Result<HttpAnswer> answer) mutable {
                      if (!answer) return handler(answer.error());
                      if (answer->incomplete) return handler(answer->incomplete);
                      handler(std::move(answer->response));
                    });
}

}  // namespace uvspdy::httpstream
