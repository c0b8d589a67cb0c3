#pragma once

#include <string>
#include <system_error>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"

namespace uvspdy::httpstream {

/// Errors of this floor: URLs, HTTP, proxies and the upgrade.
enum class Errc {
  kBadHead = 1,         ///< not a well-formed HTTP/1.1 head; the text says where
  kHeadTooLarge,        ///< a head longer than kMaxHeadSize, or of more than kMaxHeadFields; more
                        ///< than kMaxInterimAnswers, or kMaxHeadSize bytes of them
  kBadUrl,              ///< a URL, proxy or percent-encoding that cannot be used
  kNotAnUpgrade,        ///< a request without upgrade headers (gets 400), or answered before
  kNoProtocol,          ///< a request that names no protocol: answered with 400
  kNoCommonProtocol,    ///< no protocol that client and server share: answered with 403
  kUpgradeFailed,       ///< an answer that is no upgrade: see upgrade_failure()
  kTimeout,             ///< no whole answer in time; co::with_timeout: time is up
  kConnectionLost,      ///< the peer closed the connection before its answer was whole
  kProxy,               ///< the proxy refused, or broke CONNECT or SOCKS5
  kProxyTimeout,        ///< the proxy did not answer in time
  kBadBody,             ///< an answer's body is malformed or too long
  kTooManyConnections,  ///< a server's limit of connections, which the text names
};

/// The category of httpstream::Errc; its name is "uvspdy.httpstream".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

/// A server's answer that is no upgrade.
class UVSPDY_EXPORT UpgradeFailure final : public ErrorDetail {
 public:
  int status = 0;
  std::string reason{};
  Headers headers{};
  /// At most kMaxErrorBody bytes.
  std::string body{};
};

/// Whether the code is kUpgradeFailed: the server does not upgrade, and a client may fall back to
/// another protocol (Go: httpstream.IsUpgradeFailure).
UVSPDY_EXPORT bool is_upgrade_failure(const Error& error);

/// The server's answer that an error carries; valid as long as the error. Null for other errors,
/// and when the server upgraded with a protocol that Dialer had not offered.
UVSPDY_EXPORT const UpgradeFailure* upgrade_failure(const Error& error);

}  // namespace uvspdy::httpstream

template <>
struct std::is_error_code_enum<uvspdy::httpstream::Errc> : std::true_type {};
