#pragma once

#include <string>

#include "net/openssl.h"
#include "net/tls_link.h"
#include "uvspdy/error.h"

namespace uvspdy::net {

/// Options, a certificate or a key that cannot be used: kTlsConfig.
Error tls_config_error(std::string text);

/// Whether a client has sent a plain HTTP request where TLS was expected.
bool is_plain_http(const OpensslError& cause, Bytes first_bytes);

/// Why a handshake failed. `first_bytes`: what came first from the other side.
Error handshake_failure(const TlsLink::Facts& facts, const OpensslError& cause, Bytes first_bytes);

/// Why an established connection failed. A server's refusal of our certificate comes this late
/// in TLS 1.3, and is told as the handshake's.
Error connection_failure(const TlsLink::Facts& facts, const OpensslError& cause);

}  // namespace uvspdy::net
