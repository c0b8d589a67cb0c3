#include "httpstream/server_connector.h"

#include <chrono>
#include <utility>

#include "httpstream/authority.h"
#include "httpstream/proxy_handshake.h"
#include "httpstream/proxy_tunnel.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/pipe.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

using Connected = Result<std::unique_ptr<net::Transport>>;

/// Takes the steps one by one; each ends with one call of the handler made by `then`, also when
/// cancelled. It keeps itself alive until its own handler has been called.
class ServerConnector final : public net::Cancellable,
                              public std::enable_shared_from_this<ServerConnector> {
 public:
  ServerConnector(uv_loop_t* loop, Route route, net::ConnectHandler handler)
      : loop_(loop),
        route_(std::move(route)),
        handler_(std::move(handler)),
        failed_early_(loop, [this] { finish(early_error_); }) {}

  void start() {
    self_ = shared_from_this();
    if (route_.proxy) {
      auto handshake = route_.proxy->scheme == Proxy::Scheme::kSocks5
                           ? socks5_connect(*route_.proxy, route_.url)
                           : http_connect(*route_.proxy, route_.url);
      if (!handshake) {
        early_error_ = handshake.error();
        return failed_early_.schedule();
      }
      handshake_ = std::move(*handshake);
      step_ =
          net::connect_tcp(loop_, route_.proxy->host, route_.proxy->effective_port(),
                           limited(route_.connect_timeout), then(&ServerConnector::proxy_reached));
    } else if (route_.url.scheme == "unix") {
      step_ = net::connect_pipe(loop_, route_.url.socket_path, limited(route_.connect_timeout),
                                then(&ServerConnector::server_reached));
    } else {
      step_ =
          net::connect_tcp(loop_, route_.url.host, route_.url.effective_port(),
                           limited(route_.connect_timeout), then(&ServerConnector::server_reached));
    }
  }

  // The current step calls its handler with UV_ECANCELED.
  void cancel() override {
    if (early_error_) early_error_ = net::uv_error(UV_ECANCELED, route_.url.origin());
    step_.cancel();
  }

 private:
  using Next = void (ServerConnector::*)(Connected);

  std::chrono::milliseconds limited(std::chrono::milliseconds timeout) const {
    return limited_by(route_.deadline, timeout);
  }

  net::ConnectHandler then(Next next) {
    return [self = shared_from_this(), next](Connected transport) {
      (self.get()->*next)(std::move(transport));
    };
  }

  void proxy_reached(Connected transport) {
    if (!transport) return proxy_failed(transport.error());
    if (route_.proxy->scheme != Proxy::Scheme::kHttps) return proxy_ready(std::move(transport));
    step_ = net::tls_connect(std::move(*transport), route_.proxy->tls,
                             std::string(without_zone(route_.proxy->host)),
                             limited(route_.tls_timeout), then(&ServerConnector::proxy_ready));
  }

  void proxy_ready(Connected transport) {
    if (!transport) return proxy_failed(transport.error());
    step_ = open_tunnel(std::move(*transport), std::move(handshake_),
                        to_string(*route_.proxy) + ", asked for " + route_.url.authority(),
                        limited(route_.proxy_timeout), then(&ServerConnector::server_reached));
  }

  void server_reached(Connected transport) {
    if (!transport || !route_.tls) return finish(std::move(transport));
    step_ = net::tls_connect(std::move(*transport), route_.tls,
                             std::string(without_zone(route_.url.host)),
                             limited(route_.tls_timeout), then(&ServerConnector::finish));
  }

  void proxy_failed(const Error& error) {
    finish(Error(error.code(),
                 "cannot reach the proxy " + to_string(*route_.proxy) + ": " + error.message(),
                 error.detail()));
  }

  void finish(Connected result) {
    const auto keep = std::exchange(self_, {});
    handler_(std::move(result));
  }

  uv_loop_t* loop_;
  Route route_;
  net::ConnectHandler handler_;
  net::Wakeup failed_early_;
  Error early_error_;
  std::shared_ptr<ServerConnector> self_;
  std::unique_ptr<ProxyHandshake> handshake_;
  net::Attempt step_;
};

}  // namespace

net::Attempt connect_server(uv_loop_t* loop, Route route, net::ConnectHandler handler) {
  const auto connector =
      std::make_shared<ServerConnector>(loop, std::move(route), std::move(handler));
  connector->start();
  return net::Attempt(connector);
}

}  // namespace uvspdy::httpstream
