#include "net/tls_failure.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <string_view>

#include "net/first_bytes.h"
#include "uvspdy/bytes.h"
#include "uvspdy/net/error.h"
#include "uvspdy/printable.h"

namespace uvspdy::net {
namespace {

// How much of another protocol's bytes an error shows.
constexpr std::size_t kShown = 60;

bool is_ssl(const OpensslError& cause, int reason) {
  return cause.library == ERR_LIB_SSL && cause.reason == reason;
}

std::string first_line(Bytes bytes) {
  const std::string_view text = text_of(bytes);
  return printable(text.substr(0, text.find_first_of("\r\n")), kShown);
}

bool is_version_mismatch(const OpensslError& cause) {
  return is_ssl(cause, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) ||
         is_ssl(cause, SSL_R_UNSUPPORTED_PROTOCOL) || is_ssl(cause, SSL_R_VERSION_TOO_LOW) ||
         is_ssl(cause, SSL_R_WRONG_SSL_VERSION) || is_ssl(cause, SSL_R_NO_PROTOCOLS_AVAILABLE);
}

bool is_foreign_protocol(const OpensslError& cause) {
  return is_ssl(cause, SSL_R_WRONG_VERSION_NUMBER) || is_ssl(cause, SSL_R_HTTP_REQUEST) ||
         is_ssl(cause, SSL_R_HTTPS_PROXY_REQUEST) || is_ssl(cause, SSL_R_PACKET_LENGTH_TOO_LONG) ||
         is_ssl(cause, SSL_R_ENCRYPTED_LENGTH_TOO_LONG);
}

// The text for an alert about our certificate, or the lack of one; empty for other alerts.
std::string about_our_certificate(const TlsLink::Facts& facts, const OpensslError& cause) {
  if (cause.library != ERR_LIB_SSL) return {};
  const std::string them = facts.who;
  switch (cause.reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return them + " wants a client certificate, and none was given";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      // Servers of TLS 1.2 send these when a certificate is missing, and in other cases.
      if (!facts.server && !facts.has_certificate) {
        return them + " refuses the handshake (" + cause.text +
               "); it may want a client certificate, and none was given";
      }
      return {};
    default: return {};
  }
}

std::string refused_certificate(const OpensslError& cause) {
  if (cause.library != ERR_LIB_SSL) return {};
  switch (cause.reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return "it does not know the CA";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "it has expired";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return "it is revoked";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED: return cause.text;
    default: return {};
  }
}

}  // namespace

Error tls_config_error(std::string text) { return Error(Errc::kTlsConfig, std::move(text)); }

bool is_plain_http(const OpensslError& cause, Bytes first_bytes) {
  return is_foreign_protocol(cause) && begins_http_request(first_bytes);
}

Error handshake_failure(const TlsLink::Facts& facts, const OpensslError& cause, Bytes first_bytes) {
  const std::string start = "TLS handshake with " + facts.who + ": ";
  if (!facts.verify_failure.empty()) {
    return Error(Errc::kCertificate, start + facts.verify_failure);
  }
  if (is_ssl(cause, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)) {
    return Error(Errc::kCertificate,
                 start + "a client certificate is required, and the client has shown none");
  }
  if (is_foreign_protocol(cause) && !begins_tls(first_bytes)) {
    if (facts.server) {
      return Error(Errc::kTlsHandshake,
                   start + "the client does not speak TLS, it sent '" + first_line(first_bytes) +
                       (is_plain_http(cause, first_bytes) ? "'; it should use https://" : "'"));
    }
    return Error(
        Errc::kTlsHandshake,
        start + "the server does not speak TLS, it answered '" + first_line(first_bytes) + "'; " +
            (begins_http_answer(first_bytes) ? "use http:// for it" : "is it the right port?"));
  }
  if (is_version_mismatch(cause)) {
    return Error(Errc::kTlsHandshake, start + "no TLS version in common; this side takes " +
                                          facts.min_version + " or later (" + cause.text + ")");
  }
  if (const std::string text = about_our_certificate(facts, cause); !text.empty()) {
    return Error(Errc::kTlsHandshake, start + text);
  }
  if (const std::string why = refused_certificate(cause); !why.empty()) {
    return Error(Errc::kTlsHandshake,
                 start + "the other side does not accept our certificate: " + why);
  }
  if (is_ssl(cause, SSL_R_NO_SHARED_CIPHER)) {
    return Error(Errc::kTlsHandshake,
                 start + "no cipher in common, or none for this kind of certificate");
  }
  return Error(Errc::kTlsHandshake, start + cause.text);
}

Error connection_failure(const TlsLink::Facts& facts, const OpensslError& cause) {
  if (!facts.server) {
    const std::string start = "TLS handshake with " + facts.who + ": ";
    if (is_ssl(cause, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)) {
      return Error(Errc::kTlsHandshake, start + about_our_certificate(facts, cause));
    }
    if (const std::string why = refused_certificate(cause); !why.empty()) {
      return Error(Errc::kTlsHandshake,
                   start + "the other side does not accept our certificate: " + why);
    }
  }
  return Error(Errc::kTlsProtocol, "TLS with " + facts.who + ": " + cause.text);
}

}  // namespace uvspdy::net
