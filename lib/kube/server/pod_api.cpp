#include "uvspdy/kube/server/pod_api.h"

#include <nlohmann/json.hpp>

#include "kube/protocol/json_text.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/utf8.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

httpstream::HttpResponse json_response(const json& body) {
  return {200, {}, {{"Content-Type", "application/json"}}, json_text(body)};
}

json api_versions() {
  return {
      {"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", json::array()}};
}

json api_groups() {
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", json::array()}};
}

json resource(const char* name, const char* kind, std::initializer_list<const char*> verbs) {
  return {{"name", name}, {"singularName", ""}, {"namespaced", true},
          {"kind", kind}, {"verbs", verbs},     {"shortNames", {"po"}}};
}

json api_resources() {
  json pods = resource("pods", "Pod", {"get"});
  json resources = {std::move(pods)};
  const std::pair<const char*, const char*> subresources[] = {
      {"pods/exec", "PodExecOptions"},
      {"pods/attach", "PodAttachOptions"},
      {"pods/portforward", "PodPortForwardOptions"}};
  for (const auto& [name, kind] : subresources) {
    json streaming = resource(name, kind, {"create", "get"});
    streaming.erase("shortNames");
    resources.push_back(std::move(streaming));
  }
  return {{"kind", "APIResourceList"}, {"groupVersion", "v1"}, {"resources", resources}};
}

json pod_object(const std::string& pod_namespace, const std::string& pod,
                const std::string& container, const PodApi::Terminal& terminal) {
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata",
           {{"name", pod},
            {"namespace", pod_namespace},
            {"uid", "00000000-0000-0000-0000-000000000001"},
            {"creationTimestamp", nullptr}}},
          {"spec",
           {{"containers",
             {{{"name", container},
               {"image", "host"},
               {"stdin", terminal.use_stdin},
               {"stdinOnce", terminal.stdin_once},
               {"tty", terminal.tty}}}}}},
          {"status",
           {{"phase", "Running"},
            {"conditions", {{{"type", "Ready"}, {"status", "True"}}}},
            {"containerStatuses",
             {{{"name", container},
               {"ready", true},
               {"restartCount", 0},
               {"image", "host"},
               {"imageID", ""},
               {"state", {{"running", json::object()}}}}}}}}};
}

httpstream::HttpResponse not_found() {
  return status_response(404, "NotFound", "the server could not find the requested resource");
}

httpstream::HttpResponse bad_request(const Error& error) {
  return status_response(400, "BadRequest", error.message());
}

}  // namespace

struct UVSPDY_LOCAL PodApi::Impl {
  std::string pod;
  std::string container;
  Terminal terminal;
};

PodApi::PodApi(std::string_view pod, std::string_view container)
    : PodApi(pod, container, Terminal()) {}

PodApi::PodApi(std::string_view pod, std::string_view container, Terminal terminal)
    : impl_(std::make_shared<const Impl>(Impl{valid_utf8(pod), valid_utf8(container), terminal})) {}

std::optional<httpstream::HttpResponse> PodApi::refuse(std::string_view pod,
                                                       std::string_view container) const {
  if (valid_utf8(pod) != impl_->pod) {
    return status_response(404, "NotFound", "pods \"" + std::string(pod) + "\" not found");
  }
  if (!container.empty() && valid_utf8(container) != impl_->container) {
    return status_response(
        400, "BadRequest",
        "container " + std::string(container) + " is not valid for pod " + impl_->pod);
  }
  return std::nullopt;
}

httpstream::HttpResponse PodApi::answer(const httpstream::HttpRequest& request) const {
  if (request.method != "GET") {
    return status_response(405, "MethodNotAllowed",
                           "method " + request.method + " is not supported here");
  }
  const Result<httpstream::Target> target = httpstream::parse_target(request.target);
  if (!target) return bad_request(target.error());
  const std::string_view path = target->path;
  if (path == "/api") return json_response(api_versions());
  if (path == "/apis") return json_response(api_groups());
  if (path == "/api/v1") return json_response(api_resources());

  constexpr std::string_view kNamespaces = "/api/v1/namespaces/";
  constexpr std::string_view kPods = "/pods/";
  const std::size_t pods = path.find(kPods);
  if (path.starts_with(kNamespaces) && pods != std::string_view::npos &&
      pods > kNamespaces.size()) {
    const std::string_view between = path.substr(kNamespaces.size(), pods - kNamespaces.size());
    if (between.find('/') != std::string_view::npos) return not_found();
    const Result<std::string> pod_namespace = httpstream::percent_decode(between);
    if (!pod_namespace) return bad_request(pod_namespace.error());
    const Result<std::string> pod = httpstream::percent_decode(path.substr(pods + kPods.size()));
    if (!pod) return bad_request(pod.error());
    if (auto refusal = refuse(*pod, {})) return *refusal;
    return json_response(
        pod_object(valid_utf8(*pod_namespace), impl_->pod, impl_->container, impl_->terminal));
  }
  return not_found();
}

}  // namespace uvspdy::kube
