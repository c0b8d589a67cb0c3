#include "uvspdy/kube/server/pod_api.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.h"
#include "uvspdy/kube/protocol/status.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HttpResponse;
using nlohmann::json;
using test::IsSuccess;

namespace {

HttpResponse get(const std::string& target) {
  return PodApi("demo", "main").answer({"GET", target, {}});
}

/// The body of a good answer.
json body(const HttpResponse& response) {
  CHECK(response.status == 200);
  CHECK(response.headers.get("Content-Type").value_or("") == "application/json");
  const json object = json::parse(response.body, nullptr, false);
  REQUIRE(object.is_object());
  return object;
}

/// A refusal: a Status with the same code.
Status refusal(const HttpResponse& response, int code, const std::string& reason) {
  CHECK(response.status == code);
  CHECK(response.headers.get("Content-Type").value_or("") == "application/json");
  const auto status = parse_status(response.body);
  REQUIRE_THAT(status, IsSuccess());
  CHECK_FALSE(status->success);
  CHECK(status->code == code);
  CHECK(status->reason == reason);
  CHECK_FALSE(status->message.empty());
  return *status;
}

}  // namespace

TEST_CASE("PodApi: discovery, with the resource pods") {
  const json versions = body(get("/api"));
  CHECK(versions["kind"] == "APIVersions");
  CHECK(versions["versions"] == json::array({"v1"}));
  const json groups = body(get("/apis?timeout=32s"));
  CHECK(groups["kind"] == "APIGroupList");
  CHECK(groups["groups"] == json::array());
  const json resources = body(get("/api/v1?timeout=32s"));
  CHECK(resources["kind"] == "APIResourceList");
  CHECK(resources["groupVersion"] == "v1");
  std::vector<std::string> names;
  for (const json& resource : resources["resources"]) {
    names.push_back(resource["name"]);
    CHECK(resource["namespaced"] == true);
    CHECK(resource["verbs"].is_array());
  }
  CHECK(names == std::vector<std::string>{"pods", "pods/exec", "pods/attach", "pods/portforward"});
}

TEST_CASE("PodApi: the one pod there is, running, in any namespace") {
  for (const std::string name_space : {"default", "kube-system"}) {
    const json pod = body(get("/api/v1/namespaces/" + name_space + "/pods/demo"));
    CHECK(pod["kind"] == "Pod");
    CHECK(pod["apiVersion"] == "v1");
    CHECK(pod["metadata"]["name"] == "demo");
    CHECK(pod["metadata"]["namespace"] == name_space);
    REQUIRE(pod["spec"]["containers"].size() == 1);
    CHECK(pod["spec"]["containers"][0]["name"] == "main");
    CHECK(pod["status"]["phase"] == "Running");
  }
}

TEST_CASE("PodApi: anything else is a Status") {
  CHECK(refusal(get("/api/v1/namespaces/default/pods/other"), 404, "NotFound").message ==
        "pods \"other\" not found");
  const std::vector<std::string> unknown = {"/",
                                            "/healthz",
                                            "/api/v2",
                                            "/api/v1/nodes",
                                            "/api/v1/namespaces/default",
                                            "/api/v1/namespaces/default/pods",
                                            "/api/v1/namespaces//pods/demo",
                                            "/api/v1/namespaces/default/services/demo",
                                            "/api/v1/namespaces/a/b/pods/demo",
                                            "/api/v1/namespaces/default/pods/demo/log"};
  for (const std::string& target : unknown) {
    CAPTURE(target);
    (void)refusal(get(target), 404, "NotFound");
  }
  (void)refusal(get("/api?x=%zz"), 400, "BadRequest");
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "HEAD"}) {
    (void)refusal(PodApi("demo", "main").answer({method, "/api", {}}), 405, "MethodNotAllowed");
  }
}

TEST_CASE("PodApi::refuse: another pod, another container, and nothing against the right ones") {
  const PodApi api("demo", "main");
  CHECK_FALSE(api.refuse("demo", "main"));
  CHECK_FALSE(api.refuse("demo", ""));
  const auto pod = api.refuse("other", "main");
  REQUIRE(pod);
  (void)refusal(*pod, 404, "NotFound");
  const auto container = api.refuse("demo", "sidecar");
  REQUIRE(container);
  CHECK(refusal(*container, 400, "BadRequest").message.find("sidecar") != std::string::npos);
}

TEST_CASE("status_response: a Status as an HTTP answer") {
  const HttpResponse response = status_response(404, "NotFound", "gone");
  CHECK(refusal(response, 404, "NotFound").message == "gone");
}
