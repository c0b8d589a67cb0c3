#pragma once

#include <system_error>

#include "uvspdy/export.h"

namespace uvspdy::kube {

enum class Errc {
  kBadRequest = 1,   ///< a request that cannot be served; the text says why
  kBadStatus,        ///< a metav1.Status that is malformed, too long or without its exit code
  kNoStatus,         ///< the streams ended before the command's status and output had come
  kCommandFailed,    ///< the server reported a failure of the command without an exit code
  kBadTokenFile,     ///< a static token file that cannot be read, is malformed or has no token
  kUnauthorized,     ///< a request with neither a verified certificate nor a known bearer token
  kBadKubeconfig,    ///< a kubeconfig, or a service account, that cannot be used
  kCredentials,      ///< a client's token file or credential plugin without usable credentials
  kTooManyRequests,  ///< a server's limit of tokens, commands or wrong tokens; the text names it
  kNoRandomness,     ///< OpenSSL has no random bytes for a token
  kForwardFailed,    ///< the server could not connect a forwarded connection, or did not end it
  kRefused,          ///< an answer of the API server without the object asked for: see refusal()
  kBadPod,           ///< an answer that is no v1.Pod, or a Pod without containers
  kBadList,          ///< an answer that is no list of objects, or one that is too long
};

/// The category of kube::Errc, named "uvspdy.kube".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace uvspdy::kube

template <>
struct std::is_error_code_enum<uvspdy::kube::Errc> : std::true_type {};
