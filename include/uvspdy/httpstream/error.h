#pragma once

#include <string>
#include <system_error>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"

namespace uvspdy::httpstream {

/// What can go wrong between a connected transport and a SPDY connection.
enum class Errc {
  kBadHead = 1,       ///< not a well-formed HTTP/1.1 head; the text says where
  kHeadTooLarge,      ///< past kMaxHeadSize or kMaxHeadFields
  kBadUrl,            ///< a URL that cannot be used
  kNotAnUpgrade,      ///< a request without the upgrade headers: answered with 400
  kNoProtocol,        ///< a request that names no protocol: answered with 400
  kNoCommonProtocol,  ///< no protocol that both sides know: answered with 403
  kUpgradeFailed,     ///< a server's answer that is no upgrade: see upgrade_failure()
  kTimeout,           ///< the server did not answer in time; coroutines: time is up
  kConnectionLost,    ///< the peer closed before it had answered
  kProxy,             ///< the proxy refused, or does not speak what it should
  kProxyTimeout,      ///< the proxy did not answer in time
  kBadBody,           ///< an answer's body that is malformed or too long
};

/// The category of httpstream::Errc, named "uvspdy.httpstream".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

/// What a server answered instead of an upgrade.
class UVSPDY_EXPORT UpgradeFailure final : public ErrorDetail {
 public:
  int status = 0;
  std::string reason{};
  Headers headers{};
  /// At most kMaxErrorBody bytes of it.
  std::string body{};
};

/// Whether an error is a server's refusal to upgrade, after which a client may fall back to
/// something else (Go: httpstream.IsUpgradeFailure).
UVSPDY_EXPORT bool is_upgrade_failure(const Error& error);

/// The server's answer behind such an error, or null. Valid as long as the error.
UVSPDY_EXPORT const UpgradeFailure* upgrade_failure(const Error& error);

}  // namespace uvspdy::httpstream

template <>
struct std::is_error_code_enum<uvspdy::httpstream::Errc> : std::true_type {};
