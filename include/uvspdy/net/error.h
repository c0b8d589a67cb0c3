#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

/// What can go wrong on this floor beside libuv's own errors.
enum class Errc {
  kBadAddress = 1,  ///< a host or port that names nothing to connect to or listen on
  kTimeout,         ///< no connection within the time given
  kTlsConfig,       ///< certificates, keys or CAs that cannot be used
  kTlsTimeout,      ///< no TLS handshake within the time given
  kCertificate,     ///< the peer's certificate is not accepted
  kTlsHandshake,    ///< the peer does not speak TLS, or not with us
  kTlsProtocol,     ///< the peer has broken TLS after the handshake
  kTruncated,       ///< the connection ended without TLS's close_notify
};

/// The category of net::Errc, named "uvspdy.net".
UVSPDY_EXPORT const std::error_category& category();

/// The category of libuv's error numbers (UV_ECONNREFUSED, ...), named "libuv".
UVSPDY_EXPORT const std::error_category& uv_category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

/// The Error of a libuv function that returned `status` (negative), as
/// "connect to 127.0.0.1:1: connection refused (ECONNREFUSED)".
UVSPDY_EXPORT Error uv_error(int status, std::string_view what);

}  // namespace uvspdy::net

template <>
struct std::is_error_code_enum<uvspdy::net::Errc> : std::true_type {};
