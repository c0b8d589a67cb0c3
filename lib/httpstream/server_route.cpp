#include "httpstream/server_route.h"

#include <chrono>
#include <utility>

#include "core/moment_after.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

using TlsContext = std::shared_ptr<const net::TlsClientContext>;

Result<TlsContext> or_default(const TlsContext& context, TlsContext& default_tls) {
  if (context) return context;
  if (!default_tls) {
    Result<std::shared_ptr<net::TlsClientContext>> made = net::TlsClientContext::create({});
    if (!made) return made.error();
    default_tls = std::move(*made);
  }
  return default_tls;
}

}  // namespace

Result<Route> route_to(const Url& url, const RouteOptions& options, TlsContext& default_tls) {
  Route route{.url = url,
              .connect_timeout = options.connect_timeout,
              .tls_timeout = options.tls_timeout,
              .proxy_timeout = options.proxy_timeout,
              .deadline = moment_after(std::chrono::steady_clock::now(), options.total_timeout)};
  if (url.scheme == "unix") return route;
  if (url.scheme != "http" && url.scheme != "https") {
    return Error(Errc::kBadUrl,
                 "the scheme is '" + url.scheme + "', only http, https and unix are known");
  }
  route.proxy = options.proxy;
  if (url.scheme == "https") {
    Result<TlsContext> tls = or_default(options.tls, default_tls);
    if (!tls) return tls.error();
    route.tls = std::move(*tls);
  }
  if (route.proxy && route.proxy->scheme == Proxy::Scheme::kHttps) {
    Result<TlsContext> tls = or_default(route.proxy->tls, default_tls);
    if (!tls) return tls.error();
    route.proxy->tls = std::move(*tls);
  }
  return route;
}

}  // namespace uvspdy::httpstream
