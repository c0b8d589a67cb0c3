#include "net/tls_sessions.h"

#include <algorithm>

namespace uvspdy::net {

bool certificate_has_expired(SSL_SESSION& session) {
  const X509* certificate = SSL_SESSION_get0_peer(&session);
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

void TlsSessions::put(const std::string& server, const SSL_SESSION& session) {
  SslSessionPtr copy(SSL_SESSION_dup(&session));
  if (!copy) return;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.server == server; });
  if (found == entries_.end()) {
    entries_.push_front({server, {}});
    if (entries_.size() > kServers) entries_.pop_back();
  } else {
    entries_.splice(entries_.begin(), entries_, found);
  }
  auto& sessions = entries_.front().sessions;
  if (sessions.size() == kSessionsPerServer) sessions.erase(sessions.begin());
  sessions.push_back(std::move(copy));
}

SslSessionPtr TlsSessions::take(const std::string& server) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.server == server; });
  if (found == entries_.end()) return nullptr;
  auto& sessions = found->sessions;
  std::erase_if(sessions, [](const auto& session) { return certificate_has_expired(*session); });
  if (sessions.empty()) {
    entries_.erase(found);
    return nullptr;
  }
  SslSessionPtr taken = std::move(sessions.back());
  sessions.pop_back();
  // A TLS 1.2 session can be used many times, and a server need not issue another.
  if (SSL_SESSION_get_protocol_version(taken.get()) != TLS1_3_VERSION) {
    if (SslSessionPtr copy{SSL_SESSION_dup(taken.get())}) sessions.push_back(std::move(copy));
  }
  if (sessions.empty()) entries_.erase(found);
  return taken;
}

}  // namespace uvspdy::net
