#include "uvspdy/kube/client/api_server.h"

#include <cstdint>
#include <utility>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::kube {
namespace {

constexpr int kUnauthorized = 401;

// For a server whose API has a path prefix. A query in that prefix is dropped, as by client-go.
std::string joined(const std::string& base, const std::string& target) {
  const std::string path = base.substr(0, base.find('?'));
  return path.ends_with('/') ? path.substr(0, path.size() - 1) + target : path + target;
}

bool same_texts(const net::TlsKeyPair& a, const net::TlsKeyPair& b) {
  return a.certificate.text == b.certificate.text && a.key.text == b.key.text;
}

Result<std::shared_ptr<const net::TlsClientContext>> tls_context(
    const net::TlsClientOptions& options) {
  auto context = net::TlsClientContext::create(options);
  if (!context) return context.error();
  return std::shared_ptr<const net::TlsClientContext>(std::move(*context));
}

}  // namespace

class UVSPDY_LOCAL ApiServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(uv_loop_t* loop, ClientConfig config, Options options)
      : loop_(loop),
        config_(config),
        round_tripper_(std::move(options.round_tripper)),
        authenticator_(loop, std::move(config), std::move(options.authenticator)),
        on_request_(std::move(options.on_request)),
        on_trace_(std::move(options.on_trace)) {}

  Error prepare(bool proxy_from_environment) {
    if (config_.server.scheme == "https") {
      auto tls = tls_context(config_.tls);
      if (!tls) return tls.error();
      round_tripper_.route.tls = std::move(*tls);
    }
    Result<std::optional<httpstream::Proxy>> proxy = find_proxy(proxy_from_environment);
    if (!proxy) return proxy.error();
    round_tripper_.route.proxy = std::move(*proxy);
    if (round_tripper_.route.proxy &&
        round_tripper_.route.proxy->scheme == httpstream::Proxy::Scheme::kHttps) {
      // As in client-go, the server's CAs also verify the proxy's certificate.
      auto tls = tls_context({.verify = config_.tls.verify, .ca = config_.tls.ca});
      if (!tls) return tls.error();
      round_tripper_.route.proxy->tls = std::move(*tls);
    }
    return {};
  }

  /// One request: cancel() gives up the step that is under way.
  template <class Handler>
  class Dial final : public net::Cancellable {
   public:
    explicit Dial(Handler to) : handler(std::move(to)) {}
    void cancel() override { step.cancel(); }
    Handler handler;
    net::Attempt step;
  };

  net::Attempt dial(const std::string& target, std::vector<std::string> protocols,
                    httpstream::Dialer::Handler handler) {
    auto dial = std::make_shared<Dial<httpstream::Dialer::Handler>>(std::move(handler));
    dial->step = authenticator_.authenticate([self = shared_from_this(), dial, target,
                                              protocols = std::move(protocols)](
                                                 Result<Authentication> shown) mutable {
      Result<Request> request = self->prepare_request(std::move(shown), target);
      if (!request) return dial->handler(request.error());
      httpstream::DialerOptions options;
      self->tell(options.method, *request, protocols);
      options.headers = std::move(request->headers);
      options.route = std::move(request->options.route);
      options.connection = request->options.connection;
      dial->step = httpstream::Dialer(self->loop_, request->url, std::move(options))
                       .dial(std::move(protocols), [self, dial, generation = request->generation](
                                                       Result<httpstream::Dialed> dialed) {
                         if (!dialed) self->note_refusal(dialed.error(), generation);
                         if (dialed) self->trace(*dialed->connection);
                         if (dialed && !dial->handler) return dialed->connection->close();
                         dial->handler(std::move(dialed));
                       });
    });
    return net::Attempt(dial);
  }

  net::Attempt get(const std::string& target, httpstream::HttpClient::Handler handler) {
    auto dial = std::make_shared<Dial<httpstream::HttpClient::Handler>>(std::move(handler));
    dial->step = authenticator_.authenticate([self = shared_from_this(), dial,
                                              target](Result<Authentication> shown) {
      Result<Request> request = self->prepare_request(std::move(shown), target);
      if (!request) return dial->handler(request.error());
      request->headers.set("Accept", "application/json");
      self->tell("GET", *request, {});
      dial->step = httpstream::HttpClient(self->loop_, {.route = std::move(request->options.route)})
                       .get(request->url, std::move(request->headers),
                            [self, dial, generation = request->generation](
                                Result<httpstream::HttpResponse> response) {
                              if (response && response->status == kUnauthorized) {
                                self->authenticator_.forget(generation);
                              }
                              dial->handler(std::move(response));
                            });
    });
    return net::Attempt(dial);
  }

 private:
  void trace(httpstream::Connection& connection) {
    if (!on_trace_) return;
    connection.on_trace(
        [self = shared_from_this()](const session::FrameTrace& frame) { self->on_trace_(frame); });
  }

  Result<std::optional<httpstream::Proxy>> find_proxy(bool from_environment) const {
    if (config_.proxy_url.empty()) {
      if (from_environment) return httpstream::proxy_from_environment(config_.server);
      return std::optional<httpstream::Proxy>();
    }
    Result<httpstream::Proxy> proxy = httpstream::parse_proxy(config_.proxy_url);
    if (!proxy) return proxy.error();
    return std::optional(std::move(*proxy));
  }

  /// The values that one request is made with.
  struct Request {
    httpstream::Url url;
    Headers headers;
    httpstream::UpgradeRoundTripperOptions options;
    std::uint64_t generation = 0;  // Authentication::generation
  };

  Result<Request> prepare_request(Result<Authentication> shown, const std::string& target) {
    if (!shown) return shown.error();
    Request request{config_.server, std::move(shown->headers), round_tripper_, shown->generation};
    if (shown->key_pair && config_.server.scheme == "https") {
      if (Error error = use_key_pair(std::move(*shown->key_pair))) return error;
      request.options.route.tls = plugin_tls_;
    }
    request.url.target = joined(request.url.target, target);
    return request;
  }

  void tell(const std::string& method, const Request& request,
            const std::vector<std::string>& protocols) const {
    if (!on_request_) return;
    httpstream::HttpRequest told{method, request.url.target, request.headers};
    if (const auto shown = told.headers.get("Authorization")) {
      const std::size_t space = shown->find(' ');
      const std::string scheme(shown->substr(0, space == std::string_view::npos ? 0 : space + 1));
      told.headers.set("Authorization", scheme + "<masked>");
    }
    for (const std::string& protocol : protocols) {
      told.headers.add(httpstream::kHeaderProtocolVersion, protocol);
    }
    on_request_(told);
  }

  // One context while the plugin issues the same certificate, since TLS sessions resume in it.
  Error use_key_pair(net::TlsKeyPair pair) {
    if (plugin_tls_ && same_texts(plugin_key_pair_, pair)) return {};
    net::TlsClientOptions with_certificate = config_.tls;
    with_certificate.key_pair = pair;
    auto tls = tls_context(with_certificate);
    if (!tls) return tls.error();
    plugin_tls_ = std::move(*tls);
    plugin_key_pair_ = std::move(pair);
    return {};
  }

  void note_refusal(const Error& error, std::uint64_t generation) {
    const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(error);
    if (failure != nullptr && failure->status == kUnauthorized) {
      authenticator_.forget(generation);
    }
  }

  uv_loop_t* loop_;
  ClientConfig config_;
  httpstream::UpgradeRoundTripperOptions round_tripper_;
  Authenticator authenticator_;
  Callback<void(const httpstream::HttpRequest&)> on_request_;
  session::TraceHandler on_trace_;
  net::TlsKeyPair plugin_key_pair_;
  std::shared_ptr<const net::TlsClientContext> plugin_tls_;  // with plugin_key_pair_
};

ApiServer::ApiServer(Private, std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::shared_ptr<ApiServer>> ApiServer::create(uv_loop_t* loop, ClientConfig config,
                                                     Options options) {
  const bool from_environment = options.proxy_from_environment;
  auto impl = std::make_shared<Impl>(loop, std::move(config), std::move(options));
  if (Error error = impl->prepare(from_environment)) return error;
  return std::make_shared<ApiServer>(Private{}, std::move(impl));
}

net::Attempt ApiServer::dial(const std::string& target, std::vector<std::string> protocols,
                             httpstream::Dialer::Handler handler) {
  return impl_->dial(target, std::move(protocols), std::move(handler));
}

net::Attempt ApiServer::get(const std::string& target, httpstream::HttpClient::Handler handler) {
  return impl_->get(target, std::move(handler));
}

}  // namespace uvspdy::kube
