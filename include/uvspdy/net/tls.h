#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

// TLS 1.2 and 1.3 over any Transport, without renegotiation. OpenSSL reads its own configuration
// file, as in any program: an administrator's rules for ciphers belong there. Without CAs in the
// options, OpenSSL's default CAs are trusted; SSL_CERT_FILE and SSL_CERT_DIR replace them.
//
// A resumed session relies on the verification of its first handshake, for as long as the
// certificate that the other side showed in it is valid; after that a full handshake is made.

namespace uvspdy::net {

enum class TlsVersion { kTls12, kTls13 };

/// PEM text, given as a string, as a file, or both; empty: none.
struct Pem {
  std::string text{};
  std::string file{};  ///< read when the context is made; follows `text`

  bool empty() const { return text.empty() && file.empty(); }
};

/// A certificate and its private key.
struct TlsKeyPair {
  Pem certificate{};  ///< its own first, then the intermediate ones up to the CA
  Pem key{};          ///< may be encrypted
  /// Called for the password of an encrypted key while the context is made.
  std::function<Result<std::string>()> password{};
};

/// A certificate that the peer has shown.
struct TlsCertificate {
  std::string common_name{};                 ///< CN of the subject
  std::vector<std::string> organizations{};  ///< O of the subject; groups for Kubernetes
  std::vector<std::string> names{};          ///< DNS names and IP addresses it is valid for
  std::string subject{};                     ///< the whole subject, as "CN=...,O=..."
  bool verified = false;  ///< a trusted CA issued it and, on a client, it names the server
};

/// The result of a handshake.
struct TlsInfo {
  std::string version{};  ///< "TLSv1.3"
  std::string cipher{};   ///< as OpenSSL names it
  bool resumed = false;
  std::string server_name{};  ///< the name that the client asked for (SNI); empty for an address
  std::optional<TlsCertificate> peer{};
};

struct TlsClientOptions {
  /// Whether the server needs a certificate from a trusted CA and for the host asked for.
  bool verify = true;
  /// The trusted CAs; empty: the system's. A certificate chain may end at any of these
  /// certificates, also at that of an intermediate CA.
  Pem ca{};
  /// The name to ask for (SNI) and to verify, if it is not that of the host connected to.
  std::string server_name{};
  /// The client's own certificate, for servers that ask for one.
  std::optional<TlsKeyPair> key_pair{};
  TlsVersion min_version = TlsVersion::kTls12;
  /// Whether to resume sessions. The newest ones for up to 64 servers are kept.
  bool resume_sessions = true;
};

/// The TLS state that all clients with the same options share. Any thread may use it.
class UVSPDY_EXPORT TlsClientContext {
  struct Private {};
  class Impl;

 public:
  /// Reads the files and keys. Errors: kTlsConfig; the text names the file and what is wrong.
  static Result<std::shared_ptr<TlsClientContext>> create(const TlsClientOptions& options);

  TlsClientContext(Private, std::unique_ptr<Impl> impl);  // use `create`
  ~TlsClientContext();

 private:
  friend struct TlsContextAccess;

  std::unique_ptr<Impl> impl_;
};

enum class ClientCertificate {
  kNone,      ///< clients are not asked for one
  kOptional,  ///< clients are asked; one that is shown must be valid
  kRequired,
};

struct TlsServerOptions {
  TlsKeyPair key_pair{};
  ClientCertificate client_certificate = ClientCertificate::kNone;
  /// The CAs for client certificates; must not be empty unless kNone.
  Pem client_ca{};
  TlsVersion min_version = TlsVersion::kTls12;
  bool resume_sessions = true;
};

/// The TLS state that all connections of one server share. Any thread may use it.
class UVSPDY_EXPORT TlsServerContext {
  struct Private {};
  class Impl;

 public:
  /// Reads the files and keys. Errors: kTlsConfig; the text names the file and what is wrong.
  static Result<std::shared_ptr<TlsServerContext>> create(const TlsServerOptions& options);

  /// Replaces certificates and options for future connections; open ones keep theirs. Any thread
  /// may call it. After an error nothing has changed. Errors: kTlsConfig.
  Error reload(const TlsServerOptions& options);

  TlsServerContext(Private, std::unique_ptr<Impl> impl);  // use `create`
  ~TlsServerContext();

 private:
  friend struct TlsContextAccess;

  std::unique_ptr<Impl> impl_;
};

/// Makes a TLS handshake as a client over a connected transport, which is taken over and must not
/// be null. The result is a transport that encrypts. `host` is the name or address that the
/// server's certificate must be for and that the server is asked for, unless the context's options
/// name another. `timeout` has the meaning that it has for connect_tcp (net/tcp.h).
///
/// The handler is called once, from the loop. Errors: kCertificate (the server's certificate is not
/// accepted; the text says whose it is and what was expected); kTlsHandshake (any other failure to
/// agree: no TLS, no common version, a missing client certificate); kTlsConfig (a null context, or
/// a host that no certificate can be for); kTlsTimeout; UV_ECANCELED; libuv's. A server of TLS 1.3
/// rejects a client's certificate only after the client's handshake: the transport then ends with
/// kTlsHandshake.
///
/// The resulting transport ends in order only after the peer's close_notify; an end of `transport`
/// without one is kTruncated. `shutdown` sends our close_notify. Bytes that `try_write` or `write`
/// report as written are already encrypted.
UVSPDY_EXPORT Attempt tls_connect(std::unique_ptr<Transport> transport,
                                  std::shared_ptr<const TlsClientContext> context,
                                  const std::string& host, std::chrono::milliseconds timeout,
                                  ConnectHandler handler);

/// Makes a TLS handshake as a server; parameters and handler as for tls_connect. A client that
/// speaks plain HTTP gets a response with status 400. A client that is refused has up to a second
/// to read the reason and close before the handler is called. Errors: those of tls_connect;
/// kCertificate if the client's certificate is not accepted, or a required one is missing.
UVSPDY_EXPORT Attempt tls_accept(std::unique_ptr<Transport> transport,
                                 std::shared_ptr<const TlsServerContext> context,
                                 std::chrono::milliseconds timeout, ConnectHandler handler);

}  // namespace uvspdy::net
