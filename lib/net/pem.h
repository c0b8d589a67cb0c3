#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/openssl.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::net {

/// The certificates of `pem`, at least one. `what` names the option in error texts: "certificate",
/// "CA". Errors: kTlsConfig.
Result<std::vector<X509Ptr>> load_certificates(const Pem& pem, std::string_view what);

/// The private key of a pair. Never asks for a password on the terminal. Errors: kTlsConfig.
Result<PkeyPtr> load_key(const TlsKeyPair& pair);

}  // namespace uvspdy::net
