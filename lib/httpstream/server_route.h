#pragma once

#include <memory>

#include "httpstream/server_connector.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/route_options.h"
#include "uvspdy/httpstream/url.h"

namespace uvspdy::httpstream {

/// The route to a URL's server. If TLS is needed and the options name no context, the route uses
/// `default_tls`, which is made if it is null. Errors: kBadUrl; those of TlsClientContext::create.
Result<Route> route_to(const Url& url, const RouteOptions& options,
                       std::shared_ptr<const net::TlsClientContext>& default_tls);

}  // namespace uvspdy::httpstream
