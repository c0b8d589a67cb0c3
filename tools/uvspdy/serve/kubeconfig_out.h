#pragma once

#include <cstdint>
#include <string>

#include "serve/replace_file.h"
#include "serve/server_security.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// The file of `serve --kubeconfig-out FILE`: a kubeconfig with which kubectl and uvspdy can use
/// the server at once, from this machine.
class KubeconfigOut {
 public:
  /// Whether the server makes certificates for itself and its clients: with --kubeconfig-out and
  /// without any flag about TLS or tokens.
  static bool makes_certificates(const std::string& file, const ServerSecurityFlags& flags) {
    return !file.empty() && !flags.has_tls() && !flags.authenticates();
  }

  /// Chooses the clients' credentials for a server that listens on the address `host`. With
  /// makes_certificates it makes certificates, and sets `security` to use and require them. Else
  /// clients get the first bearer token, and trust the certificates in the server's file.
  /// Errors: bad_flags without a host (kubectl has no local sockets), and with --client-ca-file but
  /// no token, since it cannot sign certificates; a server certificate that cannot be verified.
  static Result<KubeconfigOut> prepare(std::string file, const std::string& host,
                                       const ServerSecurityFlags& flags, ServerSecurity& security);

  /// Writes the file under a temporary name, readable by its owner alone; put_in_place() of the
  /// result renames it. The context has the pod's name. Errors: those of FileReplacement::write.
  Result<FileReplacement> write(std::uint16_t port, const std::string& pod) const;

 private:
  KubeconfigOut() = default;
  Error make_certificates(const std::string& host, ServerSecurity& security);
  Error use_certificate(const std::string& cert_file);
  std::string text(std::uint16_t port, const std::string& pod) const;

  std::string file_;
  std::string host_;  // the address at which clients reach the server
  std::string ca_;    // PEM, as are the next two
  std::string client_certificate_;
  std::string client_key_;
  std::string tls_server_name_;  // set if the certificate is not for host_
  std::string token_;
};

}  // namespace uvspdy::command
