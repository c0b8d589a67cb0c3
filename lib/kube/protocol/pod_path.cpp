#include "kube/protocol/pod_path.h"

#include "uvspdy/httpstream/url.h"

namespace uvspdy::kube {

std::string pod_path(const std::string& pod_namespace, const std::string& pod) {
  return "/api/v1/namespaces/" + httpstream::percent_encode(pod_namespace) + "/pods/" +
         httpstream::percent_encode(pod);
}

}  // namespace uvspdy::kube
