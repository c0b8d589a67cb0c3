// Pods: which container is meant, and asking an API server for one.

#include "uvspdy/kube/client/pod.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/mentions.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/kube/server/pod_api.h"

namespace uvspdy::kube {
namespace {

using httpstream::HttpExchange;
using httpstream::HttpRequest;
using httpstream::HttpResponse;
using test::IsSuccess;
using test::TestLoop;

const std::string kPod = R"({
  "kind": "Pod", "apiVersion": "v1",
  "metadata": {"name": "web", "namespace": "ns",
               "annotations": {"kubectl.kubernetes.io/default-container": "side"}},
  "spec": {"containers": [{"name": "main", "tty": true}, {"name": "side"}],
           "initContainers": [{"name": "setup"}],
           "ephemeralContainers": [{"name": "debugger", "tty": true}]},
  "status": {"phase": "Running"}})";

Pod pod_with(std::vector<Pod::Container> containers) {
  Pod pod;
  pod.name = "web";
  pod.pod_namespace = "ns";
  pod.containers = std::move(containers);
  return pod;
}

TEST_CASE("parse_pod: what is used of it") {
  const auto pod = parse_pod(kPod);
  REQUIRE_THAT(pod, IsSuccess());
  CHECK(pod->name == "web");
  CHECK(pod->pod_namespace == "ns");
  CHECK(pod->phase == "Running");
  CHECK_FALSE(pod->is_completed());
  CHECK(pod->default_container == "side");
  CHECK(container_names(*pod) == "main, side, debugger (ephem), setup (init)");
  REQUIRE(pod->find("main") != nullptr);
  CHECK(pod->find("main")->tty);
  CHECK_FALSE(pod->find("side")->tty);
  REQUIRE(pod->find("debugger") != nullptr);
  CHECK(pod->find("debugger")->tty);
  CHECK(pod->find("setup") != nullptr);
  CHECK(pod->find("other") == nullptr);
}

TEST_CASE("parse_pod: members of any type are not believed") {
  for (const char* text :
       {R"({"kind":"Pod"})", R"({"kind":"Pod","metadata":[],"spec":3,"status":"x"})",
        R"({"kind":"Pod","metadata":{"name":1,"annotations":"x"},"spec":{"containers":{}}})",
        R"({"kind":"Pod","spec":{"containers":[]},"status":{"phase":null}})"}) {
    CAPTURE(text);
    const auto pod = parse_pod(text);
    REQUIRE_THAT(pod, IsSuccess());
    CHECK(pod->name.empty());
    CHECK(pod->containers.empty());
    CHECK(default_container(*pod).error().code() == Errc::kBadPod);
  }
  const auto odd = parse_pod(
      R"({"kind":"Pod","spec":{"containers":[3,{"name":{},"tty":1},{"name":"c","tty":"true"}]}})");
  REQUIRE_THAT(odd, IsSuccess());
  REQUIRE(odd->containers.size() == 3);
  CHECK(odd->containers[1].name.empty());
  CHECK_FALSE(odd->containers[1].tty);
  CHECK(odd->containers[2].name == "c");
  for (const char* text :
       {"", "{", "[]", "null", R"({"kind":"Status"})", R"({"kind":["Pod"]})", "<html>", "\xff"}) {
    CAPTURE(text);
    const auto pod = parse_pod(text);
    REQUIRE_FALSE(pod);
    CHECK(pod.error().code() == Errc::kBadPod);
  }
  // Deep nesting does not exhaust the stack.
  CHECK_FALSE(parse_pod(std::string(1 << 20, '[')));
}

TEST_CASE("parse_pod: what is no pod's is not kept, and names that which is too much") {
  const auto error_of = [](const std::string& text) {
    const auto pod = parse_pod(text);
    REQUIRE_FALSE(pod);
    CHECK(pod.error().code() == Errc::kBadPod);
    return pod.error().message();
  };
  const auto repeated = [](const std::string& text, std::size_t times) {
    std::string all = text;
    for (std::size_t i = 1; i < times; ++i) all += "," + text;
    return all;
  };
  const auto with_containers = [&](std::size_t count) {
    return R"({"kind":"Pod","spec":{"initContainers":[{"name":"i"}],"containers":[)" +
           repeated("{}", count) + "]}}";
  };
  const auto most = parse_pod(with_containers(1023));
  REQUIRE_THAT(most, IsSuccess());
  CHECK(most->containers.size() == 1023);
  CHECK(error_of(with_containers(1024)) == "the pod has more than 1024 containers");

  const auto with_name = [](std::size_t size) {
    return R"({"kind":"Pod","spec":{"containers":[{"name":")" + std::string(size, 'a') + R"("}]}})";
  };
  REQUIRE_THAT(parse_pod(with_name(253)), IsSuccess());
  CHECK(error_of(with_name(789'000)) ==
        "the pod cannot be used: a container's name has 789000 bytes, and may have 253");
  CHECK(error_of(R"({"kind":"Pod","status":{"phase":")" + std::string(254, 'a') + R"("}})") ==
        "the pod cannot be used: status.phase has 254 bytes, and may have 253");

  const auto nested = [](std::size_t depth) {
    return R"({"kind":"Pod","x":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
           "}";
  };
  REQUIRE_THAT(parse_pod(nested(64)), IsSuccess());
  CHECK(error_of(nested(65)) ==
        "the server's answer is not a Pod but 147 bytes of JSON that is "
        "nested more than 64 deep");
}

TEST_CASE("parse_pod: a member that comes twice counts as it came last") {
  const auto pod = parse_pod(
      R"({"kind":"List","kind":"Pod","spec":{"containers":[{"name":"a"}],
          "containers":[{"name":"b","name":"c","tty":true,"tty":1}]}})");
  REQUIRE_THAT(pod, IsSuccess());
  CHECK(container_names(*pod) == "c");
  CHECK_FALSE(pod->containers.front().tty);
  // Names of other places, and those of an array's elements, are no names of members.
  const auto other = parse_pod(
      R"({"kind":"Pod","x":{"spec":{"containers":[{"name":"a"}]}},"spec":{"containers":{"":{"name":"b"}},
          "x":{"containers":[{"name":"c"}]}},"metadata":[{"name":"d"}]})");
  REQUIRE_THAT(other, IsSuccess());
  CHECK(other->containers.empty());
  CHECK(other->name.empty());
}

TEST_CASE("default_container: as kubectl chooses it") {
  Pod pod = pod_with({{"one"}});
  const auto chosen = [&pod] {
    const auto found = default_container(pod);
    REQUIRE_THAT(found, IsSuccess());
    return found->name + (found->is_guess ? " (guess)" : "");
  };
  CHECK(chosen() == "one");
  pod.containers.push_back({"two"});
  CHECK(chosen() == "one (guess)");
  pod.default_container = "two";
  CHECK(chosen() == "two");
  pod.default_container = "three";
  CHECK(chosen() == "one (guess)");
  pod = pod_with({{"one"}});
  pod.init_containers.push_back({"setup"});
  CHECK(chosen() == "one (guess)");
  pod.default_container = "setup";
  CHECK(chosen() == "setup");
  pod = pod_with({{"one"}});
  pod.ephemeral_containers.push_back({"debugger"});
  CHECK(chosen() == "one (guess)");
  const auto none = default_container(pod_with({}));
  REQUIRE_FALSE(none);
  CHECK(none.error().message() == "pod ns/web does not have any containers");
}

TEST_CASE("Pod: completed") {
  for (const auto& [phase, completed] : {std::pair{"Pending", false},
                                         {"Running", false},
                                         {"", false},
                                         {"Succeeded", true},
                                         {"Failed", true}}) {
    Pod pod;
    pod.phase = phase;
    CHECK(pod.is_completed() == completed);
  }
}

/// A server that gives one answer, and notes the requests.
struct Server {
  std::unique_ptr<httpstream::HttpServer> http;
  std::vector<HttpRequest> requests;
  HttpResponse answer;

  Server(TestLoop& loop, HttpResponse response) : answer(std::move(response)) {
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0, [this](const std::shared_ptr<HttpExchange>& exchange) {
          requests.push_back(exchange->request());
          exchange->respond(answer);
        });
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }
};

/// One get_pod.
struct Asked {
  TestLoop loop;
  Server server;
  std::vector<HttpRequest> told;  // by ApiServer::Options::on_request
  std::optional<Result<Pod>> pod;

  explicit Asked(HttpResponse response) : server(loop, std::move(response)) {
    ClientConfig config;
    config.server = {
        .scheme = "http", .host = "127.0.0.1", .port = server.http->port(), .target = "/base"};
    ApiServer::Options options;
    options.on_request = [this](const HttpRequest& request) { told.push_back(request); };
    auto api_server = ApiServer::create(loop.get(), config, std::move(options));
    REQUIRE_THAT(api_server, IsSuccess());
    get_pod(**api_server, "n s", "web/x", [this](Result<Pod> found) {
      CHECK_FALSE(pod);
      pod = std::move(found);
    });
    CHECK_FALSE(pod);
    REQUIRE(loop.run_until([this] { return pod.has_value(); }));
    server.http->close();
    REQUIRE(loop.run_out());
  }
};

TEST_CASE("get_pod: asks for it, and reads the answer") {
  const Asked asked({200, {}, {{"Content-Type", "application/json"}}, kPod});
  REQUIRE_THAT(*asked.pod, IsSuccess());
  CHECK((*asked.pod)->name == "web");
  REQUIRE(asked.server.requests.size() == 1);
  const HttpRequest& request = asked.server.requests[0];
  CHECK(request.method == "GET");
  CHECK(request.target == "/base/api/v1/namespaces/n%20s/pods/web%2Fx");
  CHECK(request.headers.get("Accept").value_or("") == "application/json");
  REQUIRE(asked.told.size() == 1);
  CHECK(asked.told[0].method == "GET");
  CHECK(asked.told[0].target == request.target);
}

TEST_CASE("get_pod: the handler may be nobody, and may own what can only be moved") {
  TestLoop loop;
  Server server(loop, {200, {}, {{"Content-Type", "application/json"}}, kPod});
  ClientConfig config;
  config.server = {.scheme = "http", .host = "127.0.0.1", .port = server.http->port()};
  auto api_server = ApiServer::create(loop.get(), config);
  REQUIRE_THAT(api_server, IsSuccess());
  get_pod(**api_server, "ns", "web", {});
  std::string name;
  get_pod(**api_server, "ns", "web",
          [&name, owned = std::make_unique<int>(7)](const Result<Pod>& pod) {
            if (pod && *owned == 7) name = pod->name;
          });
  REQUIRE(loop.run_until([&] { return !name.empty() && server.requests.size() == 2; }));
  CHECK(name == "web");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("get_pod: a refusal keeps its Status") {
  const Asked asked(status_response(404, "NotFound", "pods \"web\" not found"));
  REQUIRE_FALSE(*asked.pod);
  const Error& error = asked.pod->error();
  CHECK(error.code() == Errc::kRefused);
  CHECK(error.message() == "the server refused (404): pods \"web\" not found");
  REQUIRE(refusal(error) != nullptr);
  CHECK(refusal(error)->reason == "NotFound");
  CHECK(refusal(error)->code == 404);
  CHECK(refusal(error)->message == "pods \"web\" not found");
}

TEST_CASE("get_pod: answers without a Status, or without a pod") {
  SECTION("a refusal in words") {
    const Asked asked({502, "Bad Gateway", {}, "no\nroute"});
    REQUIRE_FALSE(*asked.pod);
    REQUIRE(refusal(asked.pod->error()) != nullptr);
    CHECK(refusal(asked.pod->error())->reason.empty());
    CHECK(asked.pod->error().message() == "the server refused (502): 502 Bad Gateway: no");
  }
  SECTION("a Success where there should be none") {
    const Asked asked({500, {}, {}, R"({"status":"Success"})"});
    REQUIRE_FALSE(*asked.pod);
    REQUIRE(refusal(asked.pod->error()) != nullptr);
    CHECK_FALSE(refusal(asked.pod->error())->success);
    CHECK(refusal(asked.pod->error())->code == 500);
  }
  SECTION("something else") {
    const Asked asked({200, {}, {}, R"({"kind":"PodList"})"});
    REQUIRE_FALSE(*asked.pod);
    CHECK(asked.pod->error().code() == Errc::kBadPod);
    CHECK(refusal(asked.pod->error()) == nullptr);
  }
  SECTION("too much") {
    const Asked asked({200, {}, {}, std::string(5 * 1024 * 1024, ' ')});
    REQUIRE_FALSE(*asked.pod);
    CHECK(asked.pod->error().code() == httpstream::Errc::kBadBody);
  }
}

}  // namespace
}  // namespace uvspdy::kube
