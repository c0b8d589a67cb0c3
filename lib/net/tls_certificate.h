#pragma once

#include <string>

#include "net/openssl.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::net {

/// The contents of a certificate about its owner.
TlsCertificate describe(const X509& certificate, bool verified);

/// Why a chain was not accepted, as "the certificate 'CN=a' has expired on 2026-01-31 12:00:00
/// UTC". `expected` is the name that the certificate should be for.
std::string verify_failure(X509_STORE_CTX& failed, const std::string& expected);

}  // namespace uvspdy::net
