// Whatever bytes a client, or the embedder, puts into a text: every answer is JSON, and nothing is
// thrown.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/server/scripted_runtime.h"
#include "support/awkward_texts.h"
#include "support/catch.h"
#include "support/raw_peer.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/kube/protocol/streaming_target.h"
#include "uvspdy/kube/server/pod_api.h"
#include "uvspdy/kube/server/streaming_server.h"
#include "uvspdy/utf8.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HttpExchange;
using httpstream::HttpResponse;
using nlohmann::json;
using test::awkward_texts;
using test::IsSuccess;
using test::RawPeer;
using test::StreamingHost;
using test::TestLoop;

namespace {

/// Calls `use` with each text as it is and percent-encoded.
void with_each_text(const std::function<void(const std::string&)>& use) {
  for (const std::string& text : awkward_texts()) {
    CAPTURE(httpstream::percent_encode(text.substr(0, 20)));
    use(text);
    use(httpstream::percent_encode(text));
  }
}

/// Targets with the text at each place of a path or a parameter.
std::vector<std::string> targets_with(const std::string& text) {
  const std::string pods = "/api/v1/namespaces/default/pods/";
  return {
      text,
      "/" + text,
      "/api" + text,
      "/api/v1?" + text,
      "/api/v1?timeout=" + text,
      "/api/v1?" + text + "=1",
      "/api/v1/namespaces/" + text + "/pods/demo",
      pods + text,
      pods + "demo/" + text,
      "/api/v1/namespaces/" + text + "/pods/demo/exec?command=x&stdout=1",
      pods + text + "/exec?command=x&stdout=1",
      pods + "demo/exec?command=x&stdout=1&container=" + text,
      pods + "demo/exec?command=" + text + "&stdout=1",
      pods + "demo/exec?command=x&command=" + text + "&stdout=1",
      pods + "demo/exec?command=x&stdout=" + text,
      pods + "demo/attach?stdin=true&" + text,
      pods + text + "/attach?stdin=true",
      pods + text + "/portforward",
      pods + "demo/portforward?ports=" + text,
      "/exec/" + text + "/demo/main?command=x&output=1",
      "/exec/default/" + text + "/main?command=x&output=1",
      "/exec/default/demo/" + text + "/main?command=x&output=1",
      "/exec/default/demo/" + text + "?command=x&output=1",
      "/attach/default/demo/" + text + "?output=1",
      "/portForward/default/demo/" + text,
      "/exec/" + text,
      "/attach/" + text,
      "/portforward/" + text,
  };
}

void check_is_json(const HttpResponse& response) {
  CHECK(response.headers.get("Content-Type").value_or("") == "application/json");
  // Takes no text that is not UTF-8.
  CHECK_FALSE(json::parse(response.body, nullptr, false).is_discarded());
}

}  // namespace

TEST_CASE("PodApi: any bytes in a target, and the answer is JSON") {
  const PodApi api("demo", "main");
  with_each_text([&](const std::string& text) {
    for (const std::string& target : targets_with(text)) {
      check_is_json(api.answer({"GET", target, {}}));
      check_is_json(api.answer({text, target, {}}));
    }
    if (const auto refusal = api.refuse(text, text)) check_is_json(*refusal);
    if (const auto refusal = api.refuse("demo", text)) check_is_json(*refusal);
    check_is_json(status_response(404, text, text));
  });
}

TEST_CASE("PodApi: any bytes in the names of pod and container, and both are found") {
  with_each_text([&](const std::string& text) {
    const PodApi api(text, text, {});
    check_is_json(api.answer({"GET", "/api/v1/namespaces/default/pods/other", {}}));
    CHECK_FALSE(api.refuse(text, text));
    if (const auto refusal = api.refuse("other", "")) check_is_json(*refusal);
    if (text.empty()) return;
    const HttpResponse pod = api.answer(
        {"GET", "/api/v1/namespaces/default/pods/" + httpstream::percent_encode(text), {}});
    CHECK(pod.status == 200);
    check_is_json(pod);
    const json object = json::parse(pod.body, nullptr, false);
    CHECK(object["metadata"]["name"] == valid_utf8(text));
    CHECK(object["spec"]["containers"][0]["name"] == valid_utf8(text));
  });
}

TEST_CASE("PodApi: names in a target are percent-decoded, as in those of streaming requests") {
  const PodApi api("the pod", "main");
  const HttpResponse pod = api.answer({"GET", "/api/v1/namespaces/a%2db/pods/the%20pod", {}});
  REQUIRE(pod.status == 200);
  CHECK(json::parse(pod.body)["metadata"]["namespace"] == "a-b");
  CHECK(api.answer({"GET", "/api/v1/namespaces/a/pods/the%2", {}}).status == 400);
}

TEST_CASE("parse_streaming_target: any bytes, and names come out as UTF-8") {
  with_each_text([&](const std::string& text) {
    for (const std::string& target : targets_with(text)) {
      const auto parsed = httpstream::parse_target(target);
      if (!parsed) continue;
      const Result<StreamingRequest> request = parse_streaming_target(*parsed);
      if (!request) {
        CHECK(request.error().code() == Errc::kBadRequest);
        continue;
      }
      std::visit(
          [](const auto& asked) {
            CHECK(valid_utf8(asked.pod_namespace) == asked.pod_namespace);
            CHECK(valid_utf8(asked.pod) == asked.pod);
            CHECK(valid_utf8(asked.pod_uid) == asked.pod_uid);
            if constexpr (requires { asked.container; }) {
              CHECK(valid_utf8(asked.container) == asked.container);
            }
          },
          *request);
    }
  });
}

TEST_CASE("parse_streaming_target: the words of a command are bytes, and stay as they are") {
  const auto target =
      httpstream::parse_target("/exec/default/demo/main?output=1&command=%ff&command=a%c3%28");
  REQUIRE_THAT(target, IsSuccess());
  const auto request = parse_streaming_target(*target);
  REQUIRE_THAT(request, IsSuccess());
  CHECK(std::get<ExecRequest>(*request).command == std::vector<std::string>{"\xff", "a\xc3("});
}

TEST_CASE("Status: any bytes in its texts, and it is JSON that is read back") {
  with_each_text([&](const std::string& text) {
    Status status;
    status.success = false;
    status.reason = status.message = text;
    status.causes = {{text, text}};
    const auto read = parse_status(to_json(status));
    REQUIRE_THAT(read, IsSuccess());
    CHECK(read->message == valid_utf8(text));
    CHECK(read->causes.front().message == valid_utf8(text));
    CHECK(failure_status(500, text, text).message == valid_utf8(text));
    CHECK_FALSE(json::parse(to_json(exit_status(1, text)), nullptr, false).is_discarded());
    (void)parse_status(text);
    (void)parse_status("{\"status\":\"Failure\",\"message\":\"" + text + "\"}");
    (void)parse_terminal_size(text);
    (void)parse_terminal_size("{\"Width\":" + text + ",\"Height\":1}");
  });
}

TEST_CASE("StreamingServer: any bytes in a target and in headers, and each request is answered") {
  TestLoop loop;
  StreamingServer::Options options;
  options.base_url = "http://127.0.0.1:1";
  StreamingServer server(loop.get(), std::make_shared<test::ScriptedRuntime>(), std::move(options));
  const PodApi api("demo", "main");
  auto http = httpstream::HttpServer::listen(
      loop.get(), "127.0.0.1", 0, [&](const std::shared_ptr<HttpExchange>& exchange) {
        const auto target = httpstream::parse_target(exchange->request().target);
        if (!target) return exchange->respond(status_response(400, "BadRequest", "no target"));
        if (!is_streaming_path(target->path)) return server.serve_token(exchange);
        auto request = parse_streaming_target(*target);
        if (!request) {
          return exchange->respond(status_response(400, "BadRequest", request.error().message()));
        }
        server.serve_authorized(exchange, std::move(*request));
      });
  REQUIRE_THAT(http, IsSuccess());
  std::vector<std::string> requests;
  std::size_t next = 0;
  for (const std::string& text : awkward_texts()) {
    // In some of the places, in turn: each is a connection of its own.
    const std::vector<std::string> targets = targets_with(text);
    for (int i = 0; i < 5; ++i) {
      requests.push_back("GET " + targets[next++ % targets.size()] +
                         " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    requests.push_back(
        "GET /attach/a/b/c?output=1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
        "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: " +
        text + "\r\n\r\n");
    requests.push_back(text + " /exec/12345678 HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  // A few at a time, so that none waits behind all the others.
  constexpr std::size_t kAtOnce = 50;
  for (std::size_t at = 0; at < requests.size(); at += kAtOnce) {
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (std::size_t i = at; i < std::min(at + kAtOnce, requests.size()); ++i) {
      peers.push_back(RawPeer::connect(loop, (*http)->port()));
      peers.back()->send(requests[i]);
      // Some of the texts end a head before its time.
      peers.back()->send(std::string("\r\n\r\n"));
    }
    for (const auto& peer : peers) {
      REQUIRE(loop.run_until([&] { return peer->ended(); }));
      CHECK(peer->received().starts_with("HTTP/1.1 4"));
      peer->close();
    }
  }
  (*http)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: a URL for a request with any bytes in it") {
  TestLoop loop;
  StreamingServer::Options options;
  options.base_url = "http://127.0.0.1:1";
  options.max_tokens = 10'000;
  StreamingServer server(loop.get(), std::make_shared<test::ScriptedRuntime>(), std::move(options));
  with_each_text([&](const std::string& text) {
    ExecRequest exec;
    exec.pod_namespace = exec.pod = exec.pod_uid = exec.container = text;
    exec.command = {text, text};
    const bool runs = !text.empty() && text.find('\0') == std::string::npos;
    CHECK(static_cast<bool>(server.exec_url(exec)) == runs);
    PortForwardRequest forward;
    forward.pod_namespace = forward.pod = text;
    CHECK_THAT(server.port_forward_url(forward), IsSuccess());
    check_is_json(server.response_for(Error(Errc::kBadRequest, text)));
    check_is_json(server.response_for(Error(Errc::kNoRandomness, text)));
    // What a client makes of them is read back.
    const auto target = httpstream::parse_target(exec_target(exec));
    REQUIRE_THAT(target, IsSuccess());
    if (!runs) return;
    const auto read = parse_streaming_target(*target);
    REQUIRE_THAT(read, IsSuccess());
    CHECK(std::get<ExecRequest>(*read).command == exec.command);
    CHECK(std::get<ExecRequest>(*read).pod == valid_utf8(text));
  });
}
