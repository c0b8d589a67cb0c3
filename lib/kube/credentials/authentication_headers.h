#pragma once

#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/kube/config/client_config.h"

namespace uvspdy::kube {

/// Authorization and Impersonate-* of what needs no credential plugin; reads the token file.
/// Errors: kCredentials.
Result<Headers> authentication_headers(const Credentials& credentials);

}  // namespace uvspdy::kube
