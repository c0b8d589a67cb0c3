#pragma once

#include <cstdint>
#include <string>

#include "serve/replace_file.h"
#include "serve/server_security.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// What `serve --kubeconfig-out FILE` writes: a kubeconfig by which kubectl and uvspdy get in at
/// once, from this machine.
class KubeconfigOut {
 public:
  /// Whether the server makes certificates for itself and its clients, as it does when no flag
  /// says anything about TLS.
  static bool makes_certificates(const std::string& file, const ServerSecurityFlags& flags) {
    return !file.empty() && !flags.has_tls() && !flags.authenticates();
  }

  /// Finds out how clients of a server that listens on `host`, an address, get in. Makes
  /// certificates for them if there are none, and has `security` demand them; else they get the
  /// first bearer token, and trust the server's own certificate and those that come with it.
  /// Errors: bad_flags for no host (kubectl knows no local sockets) and for client certificates
  /// demanded that only somebody else can sign; certificates that nobody could verify.
  static Result<KubeconfigOut> prepare(std::string file, const std::string& host,
                                       const ServerSecurityFlags& flags, ServerSecurity& security);

  /// Writes the file, for its owner alone; it is there, all at once, when the result is put in
  /// place. The pod's name becomes the context's. Errors: those of FileReplacement::write.
  Result<FileReplacement> write(std::uint16_t port, const std::string& pod) const;

 private:
  KubeconfigOut() = default;
  Error make_certificates(const std::string& host, ServerSecurity& security);
  Error use_certificate(const std::string& cert_file);
  std::string text(std::uint16_t port, const std::string& pod) const;

  std::string file_;
  std::string host_;  // as clients reach it
  std::string ca_;    // PEM, as are the next two
  std::string client_certificate_;
  std::string client_key_;
  std::string tls_server_name_;  // where the certificate is not for the host
  std::string token_;
};

}  // namespace uvspdy::command
