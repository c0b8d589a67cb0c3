#include <algorithm>
#include <utility>

#include "core/control_character.h"
#include "httpstream/proxy_handshake.h"
#include "httpstream/response_reader.h"
#include "net/base64.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

class HttpConnect final : public ProxyHandshake {
 public:
  HttpConnect(std::string head, std::string proxy, std::string server, bool authenticated)
      : head_(std::move(head)),
        proxy_(std::move(proxy)),
        server_(std::move(server)),
        authenticated_(authenticated) {}

  std::string start() override { return std::move(head_); }

  Result<Step> take(Bytes input) override {
    const Result<bool> complete = reader_.take(input);
    if (!complete) {
      return Error(
          complete.error().code(),
          "the proxy " + proxy_ + " did not answer in HTTP/1.1: " + complete.error().message());
    }
    if (!*complete) return Step{};
    if (!reader_.switched()) return refusal();
    if (!input.empty()) {
      return Error(Errc::kProxy, "the proxy " + proxy_ + " sent " + std::to_string(input.size()) +
                                     " bytes behind its answer to CONNECT, before the server " +
                                     server_ + " can have been asked for anything");
    }
    return Step{{}, true};
  }

  Error refusal_so_far() override { return reader_.head_complete() ? refusal() : Error(); }

 private:
  Error refusal() {
    const HttpResponse& response = reader_.response();
    std::string why = "the proxy " + proxy_ + " refused to connect to " + server_ + ": ";
    // Some proxies answer a wrong password with 401, which is meant for servers.
    if (response.status == 407 || (response.status == 401 && authenticated_)) {
      why += authenticated_ ? "it does not accept the user name and password: "
                            : "it wants a user name and password: ";
    }
    return Error(Errc::kProxy, why + summary(response));
  }

  std::string head_;
  std::string proxy_;
  std::string server_;
  bool authenticated_;
  ResponseReader reader_{ResponseReader::Switch::k2xx};
};

}  // namespace

Result<std::unique_ptr<ProxyHandshake>> http_connect(const Proxy& proxy, const Url& url) {
  const std::string server = url.authority();
  HttpRequest request{"CONNECT", server, {{"Host", server}}};
  const bool authenticated = !proxy.username.empty() || !proxy.password.empty();
  if (authenticated) {
    const std::string pair = proxy.username + ":" + proxy.password;
    const bool control = std::any_of(pair.begin(), pair.end(), is_control);
    if (control || proxy.username.find(':') != std::string::npos) {
      return Error(Errc::kBadUrl,
                   "the user name or password for the proxy " + to_string(proxy) +
                       " is not usable: Basic authentication has no control characters, and no "
                       "colon in user names");
    }
    request.headers.add("Proxy-Authorization", "Basic " + net::base64_encode(pair));
  }
  Result<std::string> head = format_request_head(request);
  if (!head) return Error(Errc::kBadUrl, "'" + server + "': " + head.error().message());
  return std::unique_ptr<ProxyHandshake>(
      std::make_unique<HttpConnect>(std::move(*head), to_string(proxy), server, authenticated));
}

}  // namespace uvspdy::httpstream
