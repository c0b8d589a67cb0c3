#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/error.h"
#include "uvspdy/kube/config/client_config.h"

namespace uvspdy::kube {

/// The ExecCredential that a plugin has printed. It has both a certificate and its key, or neither.
struct ExecCredential {
  std::string token;
  std::string client_certificate;  // PEM
  std::string client_key;          // PEM
  // Seconds: nanoseconds would end in the year 2262.
  std::optional<std::chrono::sys_seconds> expiration;
};

/// Makes the plugin's variable KUBERNETES_EXEC_INFO: an ExecCredential without a status. `config`
/// must have an `exec`. Errors: libuv's, for a CA file that cannot be read.
Result<std::string> exec_info(const ClientConfig& config, bool interactive);

/// Reads an ExecCredential that must be of `api_version`. Errors: kCredentials.
Result<ExecCredential> parse_exec_credential(std::string_view json, const std::string& api_version);

/// Parses a time of RFC 3339, "2026-01-31T23:59:59.5+01:00"; nothing for any other text.
std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text);

}  // namespace uvspdy::kube
