#pragma once

#include <string_view>

#include "uvspdy/httpstream/url.h"

namespace uvspdy::httpstream {

/// Whether the proxy of the environment is not used for a URL: for "localhost" and loopback
/// addresses, and for servers in the list `no_proxy`, by the rules of Go's
/// golang.org/x/net/http/httpproxy.
bool bypasses_proxy(const Url& url, std::string_view no_proxy);

}  // namespace uvspdy::httpstream
