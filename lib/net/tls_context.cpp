#include "net/tls_context.h"

#include <array>
#include <string_view>
#include <vector>

#include "net/pem.h"
#include "net/tls_failure.h"
#include "net/tls_link.h"
#include "uvspdy/bytes.h"

namespace uvspdy::net {
namespace {

Result<SslCtxPtr> new_context(const SSL_METHOD* method, TlsVersion min_version) {
  clear_openssl_errors();
  SslCtxPtr context(SSL_CTX_new(method));
  if (!context) return tls_config_error("OpenSSL cannot be used: " + take_openssl_error().text);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Idle connections keep no record buffers. We send the given chain, and no trusted CA.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  const int version = min_version == TlsVersion::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  // OpenSSL's configuration (MinProtocol) may demand a later version.
  if (SSL_CTX_get_min_proto_version(context.get()) < version &&
      SSL_CTX_set_min_proto_version(context.get(), version) != 1) {
    return tls_config_error("this OpenSSL does not speak " + to_string(min_version));
  }
  return context;
}

Error use_key_pair(SSL_CTX* context, const TlsKeyPair& pair) {
  if (pair.certificate.empty()) return tls_config_error("a key is given without its certificate");
  Result<std::vector<X509Ptr>> chain = load_certificates(pair.certificate, "certificate");
  if (!chain) return chain.error();
  Result<PkeyPtr> key = load_key(pair);
  if (!key) return key.error();
  X509* own = chain->front().get();
  clear_openssl_errors();
  if (X509_check_private_key(own, key->get()) != 1) {
    clear_openssl_errors();
    const std::string place = pair.key.file.empty() ? "" : " '" + pair.key.file + "'";
    return tls_config_error(
        "the key" + place + " does not belong to the certificate '" +
        describe(*own, false).subject + "'" +
        (pair.certificate.file.empty() ? "" : " of '" + pair.certificate.file + "'") +
        ", which must be the first of its chain");
  }
  bool used = SSL_CTX_use_certificate(context, own) == 1 &&
              SSL_CTX_use_PrivateKey(context, key->get()) == 1;
  for (std::size_t i = 1; used && i < chain->size(); ++i) {
    used = SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) == 1;
  }
  if (used) return {};
  return tls_config_error("the certificate '" + describe(*own, false).subject +
                          "' cannot be used: " + take_openssl_error().text);
}

Error trust(SSL_CTX* context, const std::vector<X509Ptr>& authorities) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) == 1) continue;
    return tls_config_error("a CA cannot be used: " + take_openssl_error().text);
  }
  return {};
}

// A chain may end at any certificate that was given as a CA, also at an intermediate one: as in Go,
// for whose clients kubeconfig files are written.
void accept_partial_chains(SSL_CTX* context) {
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

Result<SslCtxPtr> make_client(const TlsClientOptions& options) {
  Result<SslCtxPtr> made = new_context(TLS_client_method(), options.min_version);
  if (!made) return made;
  SSL_CTX* context = made->get();
  if (options.verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &TlsLink::on_verify);
    accept_partial_chains(context);
    if (options.ca.empty()) {
      if (SSL_CTX_set_default_verify_paths(context) != 1) {
        return tls_config_error("the system's CAs cannot be read: " + take_openssl_error().text);
      }
    } else {
      const Result<std::vector<X509Ptr>> authorities = load_certificates(options.ca, "CA");
      if (!authorities) return authorities.error();
      if (Error error = trust(context, *authorities)) return error;
    }
  } else {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  }
  if (options.key_pair) {
    if (Error error = use_key_pair(context, *options.key_pair)) return error;
  }
  if (options.resume_sessions) {
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, &TlsLink::on_new_session);
  } else {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  }
  return made;
}

Error ask_for_certificates(SSL_CTX* context, const TlsServerOptions& options) {
  const bool required = options.client_certificate == ClientCertificate::kRequired;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     &TlsLink::on_verify);
  accept_partial_chains(context);
  if (options.client_ca.empty()) {
    return tls_config_error("client certificates are asked for, and no CA for them is given");
  }
  const Result<std::vector<X509Ptr>> authorities =
      load_certificates(options.client_ca, "client CA");
  if (!authorities) return authorities.error();
  for (const X509Ptr& authority : *authorities) {
    // Clients choose their certificate by this list.
    SSL_CTX_add_client_CA(context, authority.get());
  }
  return trust(context, *authorities);
}

// A client whose certificate has expired since it got its ticket must show a valid one again.
SSL_TICKET_RETURN check_ticket(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                               SSL_TICKET_STATUS status, void*) {
  switch (status) {
    case SSL_TICKET_SUCCESS:
    case SSL_TICKET_SUCCESS_RENEW:
      if (certificate_has_expired(*session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
      return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
    default: return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
}

Result<SslCtxPtr> make_server(const TlsServerOptions& options) {
  Result<SslCtxPtr> made = new_context(TLS_server_method(), options.min_version);
  if (!made) return made;
  SSL_CTX* context = made->get();
  if (Error error = use_key_pair(context, options.key_pair)) return error;
  if (options.client_certificate == ClientCertificate::kNone) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  } else if (Error error = ask_for_certificates(context, options)) {
    return error;
  }
  // Tickets only, which need no memory on the server. Their key belongs to the SSL_CTX, so tickets
  // issued under other options are not accepted.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_ticket_cb(context, nullptr, &check_ticket, nullptr);
  if (!options.resume_sessions) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
  constexpr std::string_view kId = "uvspdy";
  std::array<unsigned char, kId.size()> id{};
  std::copy(kId.begin(), kId.end(), id.begin());
  SSL_CTX_set_session_id_context(context, id.data(), static_cast<unsigned>(id.size()));
  return made;
}

}  // namespace

std::string to_string(TlsVersion version) {
  return version == TlsVersion::kTls13 ? "TLS 1.3" : "TLS 1.2";
}

// ---- clients

TlsClientContext::Impl::Impl(SslCtxPtr context, const TlsClientOptions& options)
    : context_(std::move(context)),
      has_certificate_(options.key_pair.has_value()),
      server_name_(options.server_name),
      sessions_(options.resume_sessions ? std::make_unique<TlsSessions>() : nullptr) {}

TlsClientContext::TlsClientContext(Private, std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsClientContext::~TlsClientContext() = default;

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::create(
    const TlsClientOptions& options) {
  Result<SslCtxPtr> context = make_client(options);
  if (!context) return context.error();
  return std::make_shared<TlsClientContext>(Private{},
                                            std::make_unique<Impl>(std::move(*context), options));
}

// ---- servers

void TlsServerContext::Impl::replace(SslCtxPtr context) {
  const std::lock_guard lock(mutex_);
  context_.swap(context);
}

SslPtr TlsServerContext::Impl::new_ssl() const {
  const std::lock_guard lock(mutex_);
  return SslPtr(SSL_new(context_.get()));
}

TlsServerContext::TlsServerContext(Private, std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServerContext::~TlsServerContext() = default;

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::create(
    const TlsServerOptions& options) {
  Result<SslCtxPtr> context = make_server(options);
  if (!context) return context.error();
  return std::make_shared<TlsServerContext>(Private{}, std::make_unique<Impl>(std::move(*context)));
}

Error TlsServerContext::reload(const TlsServerOptions& options) {
  Result<SslCtxPtr> context = make_server(options);
  if (!context) return context.error();
  impl_->replace(std::move(*context));
  return {};
}

}  // namespace uvspdy::net
