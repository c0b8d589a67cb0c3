#pragma once

#include <string_view>

namespace uvspdy::kube {

// The versions of client-go's credential plugin protocol that a kubeconfig may name.
inline constexpr std::string_view kExecV1 = "client.authentication.k8s.io/v1";
inline constexpr std::string_view kExecV1Beta1 = "client.authentication.k8s.io/v1beta1";

inline bool is_exec_api_version(std::string_view version) {
  return version == kExecV1 || version == kExecV1Beta1;
}

}  // namespace uvspdy::kube
