#pragma once

#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// A certificate and its key, each in PEM.
struct PemPair {
  std::string certificate;
  std::string key;
};

/// The certificates and keys for TLS between one server and one user, in PEM. The CA's key is not
/// kept: it signs nothing else.
struct Certificates {
  std::string ca;
  PemPair server;
  PemPair client;
};

/// Makes a new CA and has it sign a certificate for a server of these `hosts` (names or addresses)
/// and one for a client, whose `user` is its common name, as Kubernetes reads it. Keys are P-256.
/// Errors: std::errc::invalid_argument, with OpenSSL's text, when it has no memory or random
/// numbers, or a host is too long for a certificate.
Result<Certificates> make_certificates(const std::vector<std::string>& hosts,
                                       const std::string& user);

}  // namespace uvspdy::command
