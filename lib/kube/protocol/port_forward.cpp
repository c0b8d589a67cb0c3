#include "uvspdy/kube/protocol/port_forward.h"

#include "kube/protocol/pod_path.h"
#include "uvspdy/httpstream/url.h"

namespace uvspdy::kube {

std::string port_forward_target(const PortForwardRequest& request) {
  std::string target = pod_path(request.pod_namespace, request.pod) + "/portforward";
  httpstream::Query query;
  for (const std::uint16_t port : request.ports) query.emplace_back("ports", std::to_string(port));
  if (!query.empty()) target += "?" + httpstream::format_query(query);
  return target;
}

}  // namespace uvspdy::kube
