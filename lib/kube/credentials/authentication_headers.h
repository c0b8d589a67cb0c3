#pragma once

#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/kube/config/client_config.h"

namespace uvspdy::kube {

/// Makes the headers Authorization and Impersonate-* of credentials other than the plugin's; reads
/// the token file. Errors: kCredentials (an unusable token file, a control character in a value).
Result<Headers> authentication_headers(const Credentials& credentials);

}  // namespace uvspdy::kube
