#include "uvspdy/httpstream/upgrade_round_tripper.h"

#include <utility>

#include "httpstream/http_round_trip.h"
#include "httpstream/response_reader.h"
#include "httpstream/server_route.h"
#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::httpstream {
namespace {

Error failure(const HttpResponse& response, const std::string& what) {
  auto detail = std::make_shared<UpgradeFailure>();
  detail->status = response.status;
  detail->reason = response.reason;
  detail->headers = response.headers;
  detail->body = response.body;
  return Error(Errc::kUpgradeFailed, what, std::move(detail));
}

}  // namespace

class UVSPDY_LOCAL UpgradeRoundTripper::Impl {
 public:
  uv_loop_t* loop;
  UpgradeRoundTripperOptions options;
  std::shared_ptr<const net::TlsClientContext> default_tls{};
};

UpgradeRoundTripper::UpgradeRoundTripper(uv_loop_t* loop, UpgradeRoundTripperOptions options)
    : impl_(std::make_shared<Impl>(Impl{loop, std::move(options)})) {}

net::Attempt UpgradeRoundTripper::round_trip(const Url& url, HttpRequest request,
                                             Handler handler) const {
  request.target = url.target;
  request.headers.set("Host", url.host_header());
  request.headers.set(kHeaderConnection, kHeaderUpgrade);
  request.headers.set(kHeaderUpgrade, kSpdy31);
  if (request.method == "POST") request.headers.set("Content-Length", "0");

  const RouteOptions& route = impl_->options.route;
  return httpstream::round_trip(
      impl_->loop, route_to(url, route, impl_->default_tls), request,
      ResponseReader(ResponseReader::Switch::k101), route.response_timeout,
      // Of a refusal's body, the part that has arrived is enough.
      [handler = std::move(handler)](Result<HttpAnswer> answer) mutable {
        if (!answer) return handler(answer.error());
        handler(UpgradeResponse{std::move(answer->response), std::move(answer->transport),
                                std::move(answer->already_read)});
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
                   "unable to upgrade: the server's 101 does not say 'Connection: Upgrade' and "
                   "'Upgrade: SPDY/3.1'");
  }
  return Connection::create(std::move(answer.transport), session::Role::kClient,
                            impl_->options.connection,
                            {.already_read = std::move(answer.already_read)});
}

}  // namespace uvspdy::httpstream
