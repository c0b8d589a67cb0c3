#include "uvspdy/httpstream/dialer.h"

#include <algorithm>
#include <utility>

#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"

namespace uvspdy::httpstream {

class UVSPDY_LOCAL Dialer::Impl {
 public:
  Url url;
  std::string method;
  Headers headers;
  UpgradeRoundTripper round_tripper;
};

Dialer::Dialer(uv_loop_t* loop, Url url, DialerOptions options)
    : impl_(std::make_shared<const Impl>(Impl{
          .url = std::move(url),
          .method = std::move(options.method),
          .headers = std::move(options.headers),
          .round_tripper = UpgradeRoundTripper(
              loop, {.route = std::move(options.route), .connection = options.connection}),
      })) {}

net::Attempt Dialer::dial(std::vector<std::string> protocols, Handler handler) const {
  HttpRequest request{.method = impl_->method, .headers = impl_->headers};
  for (const std::string& protocol : protocols) {
    request.headers.add(kHeaderProtocolVersion, protocol);
  }
  return impl_->round_tripper.round_trip(
      impl_->url, std::move(request),
      [impl = impl_, protocols = std::move(protocols),
       handler = std::move(handler)](Result<UpgradeResponse> answer) mutable {
        if (!answer) return handler(answer.error());
        const std::string protocol(
            answer->response.headers.get(kHeaderProtocolVersion).value_or(""));
        Result<std::shared_ptr<Connection>> connection =
            impl->round_tripper.new_connection(std::move(*answer));
        if (!connection) return handler(connection.error());
        if (std::find(protocols.begin(), protocols.end(), protocol) == protocols.end()) {
          (*connection)->close();
          return handler(
              Error(Errc::kUpgradeFailed, "unable to upgrade: the server chose the protocol '" +
                                              protocol + "', which was not offered"));
        }
        if (!handler) return (*connection)->close();
        handler(Dialed{std::move(*connection), protocol});
      });
}

}  // namespace uvspdy::httpstream
