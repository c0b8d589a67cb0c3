#pragma once

#include <string>

#include "net/openssl.h"
#include "net/tls_link.h"
#include "uvspdy/error.h"

namespace uvspdy::net {

/// A kTlsConfig error: options, a certificate or a key that cannot be used.
Error tls_config_error(std::string text);

/// Whether a client has sent a plain HTTP request where TLS was expected.
bool is_plain_http(const OpensslError& cause, Bytes first_bytes);

/// The error of a failed handshake. `first_bytes`: the first bytes from the other side.
Error handshake_failure(const TlsLink::Facts& facts, const OpensslError& cause, Bytes first_bytes);

/// The error of an established connection. In TLS 1.3 a server rejects our certificate this late;
/// that is reported as a failed handshake.
Error connection_failure(const TlsLink::Facts& facts, const OpensslError& cause);

}  // namespace uvspdy::net
