#include "server_security.h"

#include <system_error>
#include <utility>

using namespace uvspdy;

namespace {

constexpr unsigned kPollInterval = 1000;  // ms

net::TlsServerOptions tls_options(const ServerSecurityFlags& flags) {
  net::TlsServerOptions options;
  options.key_pair.certificate.file = flags.tls_cert_file;
  options.key_pair.key.file = flags.tls_private_key_file;
  if (!flags.client_ca_file.empty()) {
    // A client without one may still have a token, and is told so in HTTP.
    options.client_certificate = net::ClientCertificate::kOptional;
    options.client_ca.file = flags.client_ca_file;
  }
  return options;
}

Error bad_flags(std::string text) {
  return Error(std::make_error_code(std::errc::invalid_argument), std::move(text));
}

}  // namespace

void add_server_security(CLI::App& command, ServerSecurityFlags& flags) {
  command.add_option("--tls-cert-file", flags.tls_cert_file,
                     "PEM file with the server's certificate, then those that lead to its CA");
  command.add_option("--tls-private-key-file", flags.tls_private_key_file,
                     "PEM file with the certificate's key");
  command.add_option("--client-ca-file", flags.client_ca_file,
                     "PEM file with the CAs whose client certificates are let in");
  command.add_option("--token-auth-file", flags.token_auth_file,
                     "File with the bearer tokens that are let in: TOKEN,USER,UID[,\"GROUPS\"]");
}

Result<ServerSecurity> read_server_security(const ServerSecurityFlags& flags) {
  if (flags.tls_cert_file.empty() != flags.tls_private_key_file.empty()) {
    return bad_flags("--tls-cert-file and --tls-private-key-file go together: give both");
  }
  if (flags.authenticates() && !flags.has_tls()) {
    return bad_flags(
        "--client-ca-file and --token-auth-file need TLS: give --tls-cert-file and "
        "--tls-private-key-file, too");
  }
  ServerSecurity security;
  security.authenticates = flags.authenticates();
  if (!flags.token_auth_file.empty()) {
    auto tokens = kube::read_token_file(flags.token_auth_file);
    if (!tokens) return tokens.error();
    security.tokens = std::move(*tokens);
  }
  if (flags.has_tls()) {
    auto tls = net::TlsServerContext::create(tls_options(flags));
    if (!tls) return tls.error();
    security.tls = std::move(*tls);
  }
  return security;
}

CertificateReloader::CertificateReloader(uv_loop_t* loop, const ServerSecurityFlags& flags,
                                         std::shared_ptr<net::TlsServerContext> tls, LogHandler log)
    : flags_(flags), tls_(std::move(tls)), log_(std::move(log)) {
  for (const std::string& file :
       {flags_.tls_cert_file, flags_.tls_private_key_file, flags_.client_ca_file}) {
    if (file.empty()) continue;
    auto poll = net::Handle<uv_fs_poll_t>::make();
    uv_fs_poll_init(loop, poll.get());
    poll->data = this;
    uv_fs_poll_start(
        poll.get(),
        [](uv_fs_poll_t* handle, int status, const uv_stat_t*, const uv_stat_t*) {
          // A file that is gone is about to be replaced.
          if (status == 0) static_cast<CertificateReloader*>(handle->data)->reload();
        },
        file.c_str(), kPollInterval);
    polls_.push_back(std::move(poll));
  }
}

void CertificateReloader::reload() {
  const Error error = tls_->reload(tls_options(flags_));
  log_(error ? "the certificates have changed and cannot be used, the old ones stay: " +
                   error.message()
             : "the certificates have changed: new connections use them");
}
