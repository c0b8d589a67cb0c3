#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "net/openssl.h"

namespace uvspdy::net {

/// Whether the certificate that the other side showed for a session has expired meanwhile. Resuming
/// does not look at it again, and tickets can be renewed without end. False when it showed none.
bool certificate_has_expired(SSL_SESSION& session);

/// Sessions that a client may resume, by server. Any thread may call. Each connection gets a
/// session of its own: OpenSSL writes into those in use.
class TlsSessions {
 public:
  static constexpr std::size_t kServers = 64;
  /// A TLS 1.3 ticket is for one connection, and servers send two or so.
  static constexpr std::size_t kSessionsPerServer = 4;

  /// Keeps a copy.
  void put(const std::string& server, const SSL_SESSION& session);

  /// The newest one whose certificate has not expired, or null.
  SslSessionPtr take(const std::string& server);

 private:
  struct Entry {
    std::string server;
    std::vector<SslSessionPtr> sessions;  // the newest last
  };

  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
};

}  // namespace uvspdy::net
