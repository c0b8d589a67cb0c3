#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "net/openssl.h"
#include "net/tls_sessions.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::net {

class UVSPDY_LOCAL TlsClientContext::Impl {
 public:
  Impl(SslCtxPtr context, const TlsClientOptions& options);

  SslPtr new_ssl() const { return SslPtr(SSL_new(context_.get())); }
  bool has_certificate() const { return has_certificate_; }
  const std::string& server_name() const { return server_name_; }

  /// Null when sessions are not to be resumed.
  TlsSessions* sessions() const { return sessions_.get(); }

 private:
  SslCtxPtr context_;
  bool has_certificate_;
  std::string server_name_;
  std::unique_ptr<TlsSessions> sessions_;
};

class UVSPDY_LOCAL TlsServerContext::Impl {
 public:
  explicit Impl(SslCtxPtr context) : context_(std::move(context)) {}

  void replace(SslCtxPtr context);

  /// An SSL keeps its SSL_CTX alive.
  SslPtr new_ssl() const;

 private:
  mutable std::mutex mutex_;
  SslCtxPtr context_;
};

/// Access to the Impl of a context, for this floor and its tests.
struct TlsContextAccess {
  static const TlsClientContext::Impl& impl(const TlsClientContext& context) {
    return *context.impl_;
  }
  static const TlsServerContext::Impl& impl(const TlsServerContext& context) {
    return *context.impl_;
  }
};

/// "TLS 1.2"
std::string to_string(TlsVersion version);

}  // namespace uvspdy::net
