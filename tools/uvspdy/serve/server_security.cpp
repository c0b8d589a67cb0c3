#include "serve/server_security.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::command {
namespace {

constexpr std::chrono::milliseconds kLookInterval{1000};

net::TlsServerOptions tls_options(const ServerSecurityFlags& flags) {
  net::TlsServerOptions options;
  options.key_pair.certificate.file = flags.tls_cert_file;
  options.key_pair.key.file = flags.tls_private_key_file;
  if (!flags.client_ca_file.empty()) {
    // Optional: a client without a certificate may have a token; without both it gets an HTTP 401.
    options.client_certificate = net::ClientCertificate::kOptional;
    options.client_ca.file = flags.client_ca_file;
  }
  return options;
}

std::optional<FileState> state_of(const std::string& file) {
  uv_fs_t request;
  const int status = uv_fs_stat(nullptr, &request, file.c_str(), nullptr);
  const uv_stat_t stat = request.statbuf;
  uv_fs_req_cleanup(&request);
  if (status != 0) return std::nullopt;
  return FileState{stat.st_ino, stat.st_size, stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec};
}

// Returns nothing if one of the files does not exist.
std::optional<std::vector<FileState>> states_of(const ServerSecurityFlags& flags) {
  std::vector<FileState> states;
  for (const std::string& file :
       {flags.tls_cert_file, flags.tls_private_key_file, flags.client_ca_file}) {
    if (file.empty()) continue;
    const std::optional<FileState> state = state_of(file);
    if (!state) return std::nullopt;
    states.push_back(*state);
  }
  return states;
}

}  // namespace

Error bad_flags(std::string text) { return Error(kube::Errc::kBadRequest, std::move(text)); }

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
    // Taken before the files are read, so that a change meanwhile is noticed later.
    security.certificate_files = states_of(flags).value_or(std::vector<FileState>());
    auto tls = net::TlsServerContext::create(tls_options(flags));
    if (!tls) return tls.error();
    security.tls = std::move(*tls);
  }
  return security;
}

CertificateReloader::CertificateReloader(uv_loop_t* loop, const ServerSecurityFlags& flags,
                                         const ServerSecurity& security, LogHandler log)
    : flags_(flags),
      tls_(security.tls),
      log_(std::move(log)),
      seen_(security.certificate_files),
      timer_(loop, [this] { look(); }) {
  timer_.start(kLookInterval);
}

void CertificateReloader::look() {
  timer_.start(kLookInterval);
  std::optional<std::vector<FileState>> now = states_of(flags_);
  // A file that is missing now is probably being replaced: look again later.
  if (!now || *now == seen_) return;
  seen_ = std::move(*now);
  const Error error = tls_->reload(tls_options(flags_));
  log_(error ? "the certificates have changed and cannot be used, the old ones stay: " +
                   error.message()
             : "the certificates have changed: new connections use them");
}

}  // namespace uvspdy::command
