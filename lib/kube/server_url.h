#pragma once

#include <string>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/url.h"

namespace uvspdy::kube {

/// Reads the URL of an API server. Errors: httpstream's kBadUrl.
Result<httpstream::Url> parse_server_url(const std::string& text);

}  // namespace uvspdy::kube
