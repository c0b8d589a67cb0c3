#include "uvspdy/httpstream/dialer.h"

#include <algorithm>
#include <utility>

#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::httpstream {

Dialer::Dialer(uv_loop_t* loop, Url url, Options options)
    : url_(std::move(url)),
      options_(std::move(options)),
      round_tripper_(std::make_shared<const UpgradeRoundTripper>(loop, options_.round_tripper)) {}

net::Attempt Dialer::dial(std::vector<std::string> protocols, Handler handler) const {
  HttpRequest request;
  request.method = options_.method;
  request.headers = options_.headers;
  for (const std::string& protocol : protocols) {
    request.headers.add(kHeaderProtocolVersion, protocol);
  }
  return round_tripper_->round_trip(
      url_, std::move(request),
      [round_tripper = round_tripper_, protocols = std::move(protocols),
       handler = std::move(handler)](Result<UpgradeResponse> answer) {
        if (!answer) return handler(answer.error());
        const std::string protocol(
            answer->response.headers.get(kHeaderProtocolVersion).value_or(""));
        Result<std::shared_ptr<Connection>> connection =
            round_tripper->new_connection(std::move(*answer));
        if (!connection) return handler(connection.error());
        if (std::find(protocols.begin(), protocols.end(), protocol) == protocols.end()) {
          (*connection)->close();
          return handler(
              Error(Errc::kUpgradeFailed, "unable to upgrade: the server chose the protocol '" +
                                              protocol + "', which was not offered"));
        }
        handler(Dialed{std::move(*connection), protocol});
      });
}

}  // namespace uvspdy::httpstream
