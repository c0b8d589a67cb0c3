#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "net/openssl.h"

namespace uvspdy::net {

/// Whether the certificate that the other side showed in a session has expired since. Resuming does
/// not check it, and tickets can be renewed without end. False if it showed none.
bool certificate_has_expired(SSL_SESSION& session);

/// Sessions that a client may resume, by server. Any thread may use this. Each connection gets its
/// own copy, since OpenSSL writes into a session in use.
class TlsSessions {
 public:
  static constexpr std::size_t kServers = 64;
  /// A TLS 1.3 ticket serves one connection, and servers send about two.
  static constexpr std::size_t kSessionsPerServer = 4;

  /// Stores a copy of a session.
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
