#include "uvspdy/kube/protocol/streaming_target.h"

#include <string>
#include <variant>
#include <vector>

#include "support/catch.h"
#include "uvspdy/kube/protocol/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;

namespace {

Result<StreamingRequest> parse(const std::string& text) {
  const Result<httpstream::Target> target = httpstream::parse_target(text);
  REQUIRE_THAT(target, IsSuccess());
  return parse_streaming_target(*target);
}

template <class Request>
Request parsed(const std::string& text) {
  const auto request = parse(text);
  REQUIRE_THAT(request, IsSuccess());
  REQUIRE(std::holds_alternative<Request>(*request));
  return std::get<Request>(*request);
}

}  // namespace

TEST_CASE("parse_streaming_target: reads back what exec_target and attach_target write") {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  for (int bits = 1; bits < 16; ++bits) {
    ExecRequest request;
    request.pod_namespace = "kube-system";
    request.pod = "pod.with-dots";
    request.container = bits % 2 == 0 ? "c" : "";
    request.command = {"echo", "", "a b", "x=y&z", "+%41", all};
    request.tty = (bits & 8) != 0;
    request.use_stdin = (bits & 1) != 0;
    request.use_stdout = (bits & 2) != 0;
    request.use_stderr = (bits & 4) != 0 && !request.tty;
    if (!request.use_stdin && !request.use_stdout && !request.use_stderr) continue;
    const auto check = [&request](const auto& back) {
      CHECK(back.pod_namespace == request.pod_namespace);
      CHECK(back.pod == request.pod);
      CHECK(back.container == request.container);
      CHECK(back.use_stdin == request.use_stdin);
      CHECK(back.use_stdout == request.use_stdout);
      CHECK(back.use_stderr == request.use_stderr);
      CHECK(back.tty == request.tty);
    };
    const auto exec = parsed<ExecRequest>(exec_target(request));
    CHECK(exec.command == request.command);
    check(exec);
    check(parsed<AttachRequest>(attach_target({.pod_namespace = request.pod_namespace,
                                               .pod = request.pod,
                                               .container = request.container,
                                               .use_stdin = request.use_stdin,
                                               .use_stdout = request.use_stdout,
                                               .use_stderr = request.use_stderr,
                                               .tty = request.tty})));
  }
}

TEST_CASE("parse_streaming_target: the kubelet's paths and parameters") {
  const auto exec = parsed<ExecRequest>(
      "/exec/ns/web-0/main?command=ls&command=-l&input=1&output=1&error=1&tty=0");
  CHECK(exec.pod_namespace == "ns");
  CHECK(exec.pod == "web-0");
  CHECK(exec.pod_uid.empty());
  CHECK(exec.container == "main");
  CHECK(exec.command == std::vector<std::string>{"ls", "-l"});
  CHECK((exec.use_stdin && exec.use_stdout && exec.use_stderr && !exec.tty));
  const auto attach = parsed<AttachRequest>("/attach/ns/web-0/uid-1/main?output=1&container=x");
  CHECK(attach.pod == "web-0");
  CHECK(attach.pod_uid == "uid-1");
  CHECK(attach.container == "main");
  CHECK((!attach.use_stdin && attach.use_stdout && !attach.use_stderr && !attach.tty));
  // The API server's names mean nothing here, nor the kubelet's there.
  CHECK_FALSE(parse("/exec/ns/web-0/main?command=ls&stdout=true"));
  CHECK_FALSE(parse("/api/v1/namespaces/ns/pods/p/exec?command=ls&output=1"));
}

TEST_CASE("parse_streaming_target: portforward, with and without ports") {
  PortForwardRequest request{"ns", "web-0", {}, {}};
  for (const std::vector<std::uint16_t>& ports :
       {std::vector<std::uint16_t>{}, std::vector<std::uint16_t>{80, 65535}}) {
    request.ports = ports;
    const auto back = parsed<PortForwardRequest>(port_forward_target(request));
    CHECK(back.pod_namespace == "ns");
    CHECK(back.pod == "web-0");
    CHECK(back.ports == ports);
  }
  const auto kubelet = parsed<PortForwardRequest>("/portForward/ns/web-0/uid-1?port=80,81&port=82");
  CHECK(kubelet.pod_uid == "uid-1");
  CHECK(kubelet.ports == std::vector<std::uint16_t>{80, 81, 82});
}

TEST_CASE("parse_streaming_target: values of flags, and parameters nobody knows") {
  const auto request = parsed<ExecRequest>(
      "/api/v1/namespaces/ns/pods/p/exec?command=a&stdin=1&stdout=false&stderr=true&tty=0&x=y");
  CHECK(request.use_stdin);
  CHECK_FALSE(request.use_stdout);
  CHECK(request.use_stderr);
  CHECK_FALSE(request.tty);
  // A terminal has one output.
  CHECK_FALSE(parsed<ExecRequest>("/api/v1/namespaces/ns/pods/p/exec?command=a&stdout=true"
                                  "&stderr=true&tty=true")
                  .use_stderr);
  CHECK(parsed<ExecRequest>("/exec/a%20b/p%2fq/c?command=a&output=1").pod_namespace == "a b");
}

TEST_CASE("parse_streaming_target: requests that make no sense") {
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
      {"/api/v1/namespaces/ns/pods/p/exec?command=a&stderr=true&tty=true", "stdin, stdout, stderr"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=a%00b&stdout=true", "NUL"},
      {"/api/v1/namespaces/ns/pods/p/exec?command=a&command=%00&stdout=true", "NUL"},
      {"/api/v1/namespaces/ns/pods/p/attach?command=a", "stdin, stdout, stderr"},
      {"/attach/ns/p/c?stdout=true", "stdin, stdout, stderr"},
      {"/exec/ns/%zz/c?command=a&output=1", "%zz"},
      {"/api/v1/namespaces/ns/pods/p/log?stdout=true", "/log"},
      {"/", "'/'"},
      {"/portForward/ns/p?port=0", "port \"0\" must be > 0"},
      {"/portForward/ns/p?port=80,", "\"\" as a port"},
      {"/api/v1/namespaces/ns/pods/p/portforward?ports=65536", "\"65536\" as a port"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const auto request = parse(row.target);
    REQUIRE_FALSE(request);
    CHECK(request.error().code() == Errc::kBadRequest);
    CHECK(request.error().message().find(row.text) != std::string::npos);
  }
}

TEST_CASE("is_streaming_path: the paths of a pod's streams and no other") {
  struct Row {
    const char* path;
    bool is_streaming;
  };
  const Row rows[] = {
      {"/api/v1/namespaces/ns/pods/p/exec", true},
      {"/api/v1/namespaces/ns/pods/p/attach", true},
      {"/api/v1/namespaces/pods/pods/pods/exec", true},
      {"/api/v1/namespaces/ns/pods/exec/exec", true},
      {"/exec/ns/p/c", true},
      {"/exec/ns/p/uid/c", true},
      {"/attach/ns/p/c", true},
      {"/api/v1/namespaces/ns/pods/p/portforward", true},
      {"/portForward/ns/p", true},
      {"/portForward/ns/p/uid", true},
      {"/portForward/ns", false},
      {"/portForward/ns/p/uid/c", false},
      {"/portforward/ns/p", false},
      {"", false},
      {"/", false},
      {"/exec", false},
      {"/exec/ns/p", false},
      {"/exec/ns/p/uid/c/x", false},
      {"/exec/ns//uid/c", false},
      {"/exec/ns/p/c/", false},
      {"/run/ns/p/c", false},
      {"/api/v1/namespaces/", false},
      {"/api/v1/namespaces//exec", false},
      {"/api/v1/namespaces/exec", false},
      {"/api/v1/namespaces//pods/p/exec", false},
      {"/api/v1/namespaces/ns/pods//exec", false},
      {"/api/v1/namespaces/ns/pods/exec", false},
      {"/api/v1/namespaces/ns/pods/p", false},
      {"/api/v1/namespaces/ns/pods/p/exec/", false},
      {"/api/v1/namespaces/ns/pods/p/execute", false},
      {"/api/v1/namespaces/ns/pods/p/log", false},
      {"/api/v1/namespaces/ns/pods/p/q/exec", false},
      {"/api/v1/namespaces/a/b/pods/p/exec", false},
      {"/api/v1/namespaces/ns/services/p/exec", false},
      {"/api/v2/namespaces/ns/pods/p/exec", false},
      {"x/api/v1/namespaces/ns/pods/p/exec", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(is_streaming_path(row.path) == row.is_streaming);
  }
}
