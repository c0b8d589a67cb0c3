#pragma once

#include <string_view>

#include "uvspdy/httpstream/url.h"

namespace uvspdy::httpstream {

/// Whether a URL's server is reached without the environment's proxy: "localhost" and loopback
/// addresses always, and what the list in `no_proxy` names, by the rules of Go's
/// golang.org/x/net/http/httpproxy.
bool bypasses_proxy(const Url& url, std::string_view no_proxy);

}  // namespace uvspdy::httpstream
