#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flags/cli_app.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/server/request_authenticator.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::command {

/// The flags for the server's certificate and for the authentication of clients. Their names are
/// kube-apiserver's.
struct ServerSecurityFlags {
  std::string tls_cert_file;
  std::string tls_private_key_file;
  std::string client_ca_file;
  std::string token_auth_file;

  bool has_tls() const { return !tls_cert_file.empty() || !tls_private_key_file.empty(); }
  bool authenticates() const { return !client_ca_file.empty() || !token_auth_file.empty(); }
};

void add_server_security(CLI::App& command, ServerSecurityFlags& flags);

/// The state of a file at some time; another state means that the content may have changed.
struct FileState {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;

  bool operator==(const FileState&) const = default;
};

/// The content of the files that the flags name.
struct ServerSecurity {
  std::shared_ptr<net::TlsServerContext> tls;  ///< null without TLS
  std::vector<FileState> certificate_files;    ///< their states before they were read
  bool authenticates = false;
  std::vector<kube::BearerToken> tokens;
};

/// The error kube::Errc::kBadRequest for flags that contradict each other.
Error bad_flags(std::string text);

/// Reads the files. Errors: bad_flags; kube::Errc::kBadTokenFile; net::Errc::kTlsConfig.
Result<ServerSecurity> read_server_security(const ServerSecurityFlags& flags);

/// Checks the certificate files once a second; when they have changed, new connections use the new
/// ones. Files that cannot be used (incomplete ones, say) are logged, and the old ones stay in use.
class CertificateReloader {
 public:
  using LogHandler = Callback<void(std::string_view)>;

  CertificateReloader(uv_loop_t* loop, const ServerSecurityFlags& flags,
                      const ServerSecurity& security, LogHandler log);
  CertificateReloader(const CertificateReloader&) = delete;
  CertificateReloader& operator=(const CertificateReloader&) = delete;

 private:
  void look();

  ServerSecurityFlags flags_;
  std::shared_ptr<net::TlsServerContext> tls_;
  LogHandler log_;
  std::vector<FileState> seen_;
  net::Timer timer_;
};

}  // namespace uvspdy::command
