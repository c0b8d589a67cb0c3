#include "uvspdy/kube/client/pod.h"

#include <memory>
#include <utility>

#include "kube/protocol/pod_path.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

const Pod::Container* Pod::find(std::string_view container) const {
  for (const auto* kind : {&containers, &init_containers, &ephemeral_containers}) {
    for (const Container& each : *kind) {
      if (each.name == container) return &each;
    }
  }
  return nullptr;
}

Result<DefaultContainer> default_container(const Pod& pod) {
  if (pod.containers.empty()) {
    return Error(Errc::kBadPod,
                 "pod " + pod.pod_namespace + "/" + pod.name + " does not have any containers");
  }
  if (!pod.default_container.empty() && pod.find(pod.default_container) != nullptr) {
    return DefaultContainer{pod.default_container, false};
  }
  const bool several = pod.containers.size() > 1 || !pod.init_containers.empty() ||
                       !pod.ephemeral_containers.empty();
  return DefaultContainer{pod.containers.front().name, several};
}

std::string container_names(const Pod& pod) {
  std::string names;
  const auto add = [&names](const std::vector<Pod::Container>& kind, const char* mark) {
    for (const Pod::Container& each : kind) {
      names += (names.empty() ? "" : ", ") + each.name + mark;
    }
  };
  add(pod.containers, "");
  add(pod.ephemeral_containers, " (ephem)");
  add(pod.init_containers, " (init)");
  return names;
}

net::Attempt get_pod(ApiServer& server, const std::string& pod_namespace, const std::string& pod,
                     OnceCallback<void(Result<Pod>)> handler) {
  const auto found = std::make_shared<OnceCallback<void(Result<Pod>)>>(std::move(handler));
  return server.get(pod_path(pod_namespace, pod),
                    [found](const Result<httpstream::HttpResponse>& response) {
                      if (!response) return (*found)(response.error());
                      constexpr int kOk = 200;
                      if (response->status != kOk) return (*found)(refused(*response));
                      (*found)(parse_pod(response->body));
                    });
}

}  // namespace uvspdy::kube
