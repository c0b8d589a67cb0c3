#include "uvspdy/httpstream/http_client.h"

#include <utility>

#include "httpstream/http_round_trip.h"
#include "httpstream/response_reader.h"
#include "httpstream/server_route.h"

namespace uvspdy::httpstream {

HttpClient::HttpClient(uv_loop_t* loop, Options options)
    : loop_(loop), options_(std::move(options)) {}

net::Attempt HttpClient::get(const Url& url, Headers headers, Handler handler) const {
  HttpRequest request{"GET", url.target, std::move(headers)};
  request.headers.set("Host", url.host_header());
  request.headers.set("Connection", "close");
  return round_trip(loop_, route_to(url, options_, default_tls_), request,
                    ResponseReader(ResponseReader::Switch::kNever, options_.max_body),
                    options_.response_timeout,
                    [handler = std::move(handler)](Result<HttpAnswer> answer) {
                      if (!answer) return handler(answer.error());
                      if (answer->incomplete) return handler(answer->incomplete);
                      handler(std::move(answer->response));
                    });
}

}  // namespace uvspdy::httpstream
