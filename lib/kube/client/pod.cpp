#include "uvspdy/kube/client/pod.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/protocol/pod_path.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

// The member of that name, of any type; null if there is none.
const json& member(const json& object, const char* name) {
  static const json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found != object.end() ? *found : none;
}

std::string text_of_member(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::vector<Pod::Container> containers(const json& list) {
  std::vector<Pod::Container> found;
  if (!list.is_array()) return found;
  for (const json& each : list) {
    const json& tty = member(each, "tty");
    found.push_back({text_of_member(each, "name"), tty.is_boolean() && tty.get<bool>()});
  }
  return found;
}

}  // namespace

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

Result<Pod> parse_pod(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (text_of_member(object, "kind") != "Pod") {
    return Error(Errc::kBadPod, "the server's answer is not a Pod but " +
                                    std::to_string(text.size()) + " bytes of something else");
  }
  const json& metadata = member(object, "metadata");
  const json& spec = member(object, "spec");
  Pod pod;
  pod.name = text_of_member(metadata, "name");
  pod.pod_namespace = text_of_member(metadata, "namespace");
  pod.default_container =
      text_of_member(member(metadata, "annotations"), "kubectl.kubernetes.io/default-container");
  pod.phase = text_of_member(member(object, "status"), "phase");
  pod.containers = containers(member(spec, "containers"));
  pod.init_containers = containers(member(spec, "initContainers"));
  pod.ephemeral_containers = containers(member(spec, "ephemeralContainers"));
  return pod;
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
