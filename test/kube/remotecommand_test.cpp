#include "uvspdy/kube/remotecommand.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "uvspdy/kube/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;

namespace {

Result<ExecRequest> parse(const std::string& text) {
  const Result<httpstream::Target> target = httpstream::parse_target(text);
  REQUIRE(target);
  return parse_exec_target(*target);
}

}  // namespace

TEST_CASE("exec_target: path and parameters as the API server takes them") {
  ExecRequest request;
  request.pod_namespace = "ns";
  request.pod = "web-0";
  request.command = {"sh", "-c", "echo a&b"};
  CHECK(exec_target(request) ==
        "/api/v1/namespaces/ns/pods/web-0/exec?command=sh&command=-c&command=echo%20a%26b"
        "&stdout=true&stderr=true");
  request.container = "main";
  request.use_stdin = true;
  request.use_stdout = false;
  request.use_stderr = false;
  request.tty = true;
  request.command = {"ls"};
  CHECK(exec_target(request) ==
        "/api/v1/namespaces/ns/pods/web-0/exec?command=ls&container=main&stdin=true&tty=true");
}

TEST_CASE("parse_exec_target: reads back what exec_target writes") {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  for (int bits = 1; bits < 16; ++bits) {
    ExecRequest request;
    request.pod_namespace = "kube-system";
    request.pod = "pod.with-dots";
    request.container = bits % 2 == 0 ? "c" : "";
    request.command = {"echo", "", "a b", "x=y&z", "+%41", all};
    request.use_stdin = (bits & 1) != 0;
    request.use_stdout = (bits & 2) != 0;
    request.use_stderr = (bits & 4) != 0;
    request.tty = (bits & 8) != 0;
    if (!request.use_stdin && !request.use_stdout && !request.use_stderr) continue;
    const auto back = parse(exec_target(request));
    REQUIRE(back);
    CHECK(back->pod_namespace == request.pod_namespace);
    CHECK(back->pod == request.pod);
    CHECK(back->container == request.container);
    CHECK(back->command == request.command);
    CHECK(back->use_stdin == request.use_stdin);
    CHECK(back->use_stdout == request.use_stdout);
    CHECK(back->use_stderr == request.use_stderr);
    CHECK(back->tty == request.tty);
  }
}

TEST_CASE("parse_exec_target: values of flags, and parameters nobody knows") {
  const auto request = parse(
      "/api/v1/namespaces/ns/pods/p/exec?command=a&stdin=1&stdout=false&stderr=true&tty=0&x=y");
  REQUIRE(request);
  CHECK(request->use_stdin);
  CHECK_FALSE(request->use_stdout);
  CHECK(request->use_stderr);
  CHECK_FALSE(request->tty);
}

TEST_CASE("parse_exec_target: requests that make no sense") {
  struct Row {
    const char* target;
    const char* text;  // that the error contains
  };
  const Row rows[] = {
      {"/api/v1/namespaces/ns/pods/p/exec?stdout=true", "command"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=&stdout=true", "command"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=&command=a&stdout=true", "command"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=a", "stdin, stdout, stderr"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=a&stdin=false&stdout=no",
       "stdin, stdout, stderr"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=a%00b&stdout=true", "NUL"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=a&command=%00&stdout=true", "NUL"},
      {"/api/v1/namespaces/ns/pods/p/attach?command=a&stdout=true", "/attach"},
      {"/", "'/'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const auto request = parse(row.target);
    REQUIRE_FALSE(request);
    CHECK(request.error().code() == Errc::kBadRequest);
    CHECK(request.error().message().find(row.text) != std::string::npos);
  }
}

TEST_CASE("is_exec_path: the path of one pod's exec and no other") {
  struct Row {
    const char* path;
    bool is_exec;
  };
  const Row rows[] = {
      {"/api/v1/namespaces/ns/pods/p/exec", true},
      {"/api/v1/namespaces/pods/pods/pods/exec", true},
      {"/api/v1/namespaces/ns/pods/exec/exec", true},
      {"", false},
      {"/", false},
      {"/exec", false},
      {"/api/v1/namespaces/", false},
      {"/api/v1/namespaces//exec", false},
      {"/api/v1/namespaces/exec", false},
      {"/api/v1/namespaces//pods/p/exec", false},
      {"/api/v1/namespaces/ns/pods//exec", false},
      {"/api/v1/namespaces/ns/pods/exec", false},
      {"/api/v1/namespaces/ns/pods/p", false},
      {"/api/v1/namespaces/ns/pods/p/exec/", false},
      {"/api/v1/namespaces/ns/pods/p/execute", false},
      {"/api/v1/namespaces/ns/pods/p/attach", false},
      {"/api/v1/namespaces/ns/pods/p/q/exec", false},
      {"/api/v1/namespaces/a/b/pods/p/exec", false},
      {"/api/v1/namespaces/ns/services/p/exec", false},
      {"/api/v2/namespaces/ns/pods/p/exec", false},
      {"x/api/v1/namespaces/ns/pods/p/exec", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(is_exec_path(row.path) == row.is_exec);
  }
}
