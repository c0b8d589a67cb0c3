#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/server/request_authenticator.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/tls.h"

namespace CLI {
class App;
}

namespace uvspdy::command {

/// The flags that say how a server proves who it is, and whom it lets in. Their names are
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

/// How a file stood at some time: another of either means another content.
struct FileState {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;

  bool operator==(const FileState&) const = default;
};

/// What the files behind the flags hold.
struct ServerSecurity {
  std::shared_ptr<net::TlsServerContext> tls;  ///< null without TLS
  std::vector<FileState> certificate_files;    ///< as they stood before they were read
  bool authenticates = false;
  std::vector<kube::BearerToken> tokens;
};

/// Flags that do not go together, whatever is in the files: kube::Errc::kBadRequest.
Error bad_flags(std::string text);

/// Reads the files. Errors: bad_flags, and what is wrong with which file.
Result<ServerSecurity> read_server_security(const ServerSecurityFlags& flags);

/// Looks at the certificate files once a second, and has new connections use what is in them when
/// they have changed. Files that cannot be used, half written perhaps, are told and left alone.
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
