#pragma once

#include <system_error>

#include "uvspdy/export.h"

namespace uvspdy::kube {

enum class Errc {
  kBadRequest = 1,   ///< a request that makes no sense; the text says why
  kBadStatus,        ///< an error stream that holds no metav1.Status
  kNoStatus,         ///< the connection ended before the command's status came
  kCommandFailed,    ///< the server could not run the command, or not to its end
  kBadTokenFile,     ///< a token file that cannot be read
  kUnauthorized,     ///< a request of nobody we know
  kBadKubeconfig,    ///< a kubeconfig, or a service account, that cannot be used
  kCredentials,      ///< a token file or a credential plugin that gives no credentials
  kTooManyRequests,  ///< as many authorized requests wait for their clients as may
  kNoRandomness,     ///< OpenSSL has no random bytes to give
  kForwardFailed,    ///< the server has not connected a forwarded connection, or not to its end
  kRefused,          ///< an answer of the API server that is not the thing asked for: see refusal()
  kBadPod,           ///< a Pod that is none, or has no containers
};

/// The category of kube::Errc, named "uvspdy.kube".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace uvspdy::kube

template <>
struct std::is_error_code_enum<uvspdy::kube::Errc> : std::true_type {};
