#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

/// Errors of floor 3 other than libuv's own.
enum class Errc {
  kBadAddress = 1,  ///< a host or port that cannot be connected to or listened on
  kTimeout,         ///< no connection within the timeout
  kTlsConfig,       ///< certificates, keys or CAs that cannot be used
  kTlsTimeout,      ///< no TLS handshake within the timeout
  kCertificate,     ///< the peer's certificate is missing or was not accepted
  kTlsHandshake,    ///< the peer does not speak TLS, or no TLS that both sides accept
  kTlsProtocol,     ///< the peer violated TLS after the handshake
  kTruncated,       ///< the connection ended without TLS's close_notify
};

/// The category of net::Errc, named "uvspdy.net".
UVSPDY_EXPORT const std::error_category& category();

/// The category of libuv's error numbers (UV_ECONNREFUSED, ...), named "libuv".
UVSPDY_EXPORT const std::error_category& uv_category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

/// The Error for a libuv function that returned `status` (negative). Its text: `what` and the
/// reason, as in "connect to 127.0.0.1:1: connection refused (ECONNREFUSED)".
UVSPDY_EXPORT Error uv_error(int status, std::string_view what);

}  // namespace uvspdy::net

template <>
struct std::is_error_code_enum<uvspdy::net::Errc> : std::true_type {};
