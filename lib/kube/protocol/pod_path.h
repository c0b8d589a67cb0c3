#pragma once

#include <string>

namespace uvspdy::kube {

/// The API server's path of a pod: /api/v1/namespaces/NS/pods/POD
std::string pod_path(const std::string& pod_namespace, const std::string& pod);

}  // namespace uvspdy::kube
