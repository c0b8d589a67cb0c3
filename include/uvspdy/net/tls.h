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

// TLS 1.2 and 1.3 over any Transport. Renegotiation is off. OpenSSL sets itself up as it does in
// any program, from its own configuration file: that is where an administrator's rules for ciphers
// stand. With no CAs given, the ones that OpenSSL was built to look for are used (SSL_CERT_FILE
// and SSL_CERT_DIR are OpenSSL's own way to move them).
//
// A resumed session stands on what its first handshake has verified, for as long as the certificate
// that the other side showed there is valid; behind that the handshake is a full one again.

namespace uvspdy::net {

enum class TlsVersion { k1_2, k1_3 };

/// A text in PEM: itself, or the file it is in. Empty: none.
struct Pem {
  std::string text{};
  std::string file{};  ///< read when the context is made; `text` goes before it

  bool empty() const { return text.empty() && file.empty(); }
};

/// A certificate and the key it is for.
struct TlsKeyPair {
  Pem certificate{};  ///< the own one first, then those that lead from it to the CA
  Pem key{};          ///< may be encrypted
  /// Asked for the password of an encrypted key, while the context is made.
  std::function<Result<std::string>()> password{};
};

/// A certificate that the peer has shown and that was verified, or was not to be.
struct TlsCertificate {
  std::string common_name{};                 ///< of its subject
  std::vector<std::string> organizations{};  ///< of its subject: groups, for Kubernetes
  std::vector<std::string> names{};          ///< DNS names and IP addresses it is valid for
  std::string subject{};                     ///< whole, as "CN=...,O=..."
  bool verified = false;  ///< it comes from a CA that we trust, and its name fits
};

/// What a handshake has come to.
struct TlsInfo {
  std::string version{};  ///< "TLSv1.3"
  std::string cipher{};   ///< OpenSSL's name
  bool resumed = false;
  std::string server_name{};  ///< asked for (SNI); empty for addresses
  std::optional<TlsCertificate> peer{};
};

struct TlsClientOptions {
  /// Whether the server must have a certificate of a CA we trust, for the host we asked for.
  bool verify = true;
  /// The CAs to trust; empty: the system's. Any certificate in it may end a chain, one of an
  /// intermediate CA too.
  Pem ca{};
  /// The name to ask for and to verify, in place of the host that is connected to.
  std::string server_name{};
  /// Who we are, for servers that ask.
  std::optional<TlsKeyPair> key_pair{};
  TlsVersion min_version = TlsVersion::k1_2;
  /// Whether to resume sessions. The newest ones of up to 64 servers are kept.
  bool resume_sessions = true;
};

/// What the clients of one set of options share. May be used from many loops and threads.
class UVSPDY_EXPORT TlsClientContext {
  struct Private {};
  class Impl;

 public:
  /// Reads files and keys. Errors: kTlsConfig, which names the file, and what was expected in it.
  static Result<std::shared_ptr<TlsClientContext>> create(const TlsClientOptions& options);

  TlsClientContext(Private, std::unique_ptr<Impl> impl);  // use `create`
  ~TlsClientContext();

 private:
  friend struct TlsContextAccess;

  std::unique_ptr<Impl> impl_;
};

enum class ClientCertificate {
  kNone,      ///< not asked for
  kOptional,  ///< asked for; one that is shown must be good
  kRequired,
};

struct TlsServerOptions {
  TlsKeyPair key_pair{};
  ClientCertificate client_certificate = ClientCertificate::kNone;
  /// The CAs for client certificates; not empty unless kNone.
  Pem client_ca{};
  TlsVersion min_version = TlsVersion::k1_2;
  bool resume_sessions = true;
};

/// What the connections of one server share. May be used from many loops and threads.
class UVSPDY_EXPORT TlsServerContext {
  struct Private {};
  class Impl;

 public:
  /// Errors: kTlsConfig, as above.
  static Result<std::shared_ptr<TlsServerContext>> create(const TlsServerOptions& options);

  /// Takes new certificates for the connections from now on; those that are open go on with what
  /// they have. On an error nothing changes. Errors: kTlsConfig.
  Error reload(const TlsServerOptions& options);

  TlsServerContext(Private, std::unique_ptr<Impl> impl);  // use `create`
  ~TlsServerContext();

 private:
  friend struct TlsContextAccess;

  std::unique_ptr<Impl> impl_;
};

/// Shakes hands as a client over a connected transport, which must not be null and is taken over,
/// and gives a transport that encrypts. `timeout` counts as with connect_tcp. `host` is the name,
/// or the address, that the certificate must be for (and the server to ask for), unless the options
/// name another.
///
/// The handler runs once, from the loop. Errors: kCertificate when the server's certificate is not
/// accepted, and the text says whose it is and what was expected; kTlsHandshake for anything else
/// the two could not agree on (a server that does not speak TLS, one that wants a certificate);
/// kTlsConfig for a null context, and for a host that no certificate can be for; kTlsTimeout;
/// UV_ECANCELED; libuv's. A server of TLS 1.3 refuses our certificate, or misses one, only after
/// the client's handshake is done: then the transport's end is kTlsHandshake.
///
/// Of the transport that results: its end is orderly only behind the peer's close_notify, any other
/// is kTruncated; `shutdown` sends ours; `try_write` and `write` take plaintext, and what they
/// have taken is encrypted already.
UVSPDY_EXPORT Attempt tls_connect(std::unique_ptr<Transport> transport,
                                  std::shared_ptr<const TlsClientContext> context,
                                  const std::string& host, std::chrono::milliseconds timeout,
                                  ConnectHandler handler);

/// The same as a server. A client that speaks plain HTTP is answered with 400 and a text. A client
/// that is refused gets up to a second to take the reason and close; the handler runs behind that.
/// Errors: as for tls_connect, also for a null context; kCertificate for the client's, or none when
/// one is required.
UVSPDY_EXPORT Attempt tls_accept(std::unique_ptr<Transport> transport,
                                 std::shared_ptr<const TlsServerContext> context,
                                 std::chrono::milliseconds timeout, ConnectHandler handler);

}  // namespace uvspdy::net
