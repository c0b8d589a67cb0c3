#include "uvspdy/kube/protocol/remote_command.h"

#include <string>
#include <vector>

#include "kube/server/terminal_size_reader.h"
#include "support/catch.h"
#include "uvspdy/kube/protocol/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;

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
  // A terminal has one output.
  request.use_stdout = request.use_stderr = true;
  CHECK(exec_target(request) ==
        "/api/v1/namespaces/ns/pods/web-0/exec?command=ls&container=main&stdin=true&stdout=true"
        "&tty=true");
}

TEST_CASE("requests are aggregates, whose fields can be named") {
  const ExecRequest exec{.pod_namespace = "ns", .pod = "web-0", .command = {"ls"}, .tty = true};
  CHECK(exec_target(exec) ==
        "/api/v1/namespaces/ns/pods/web-0/exec?command=ls&stdout=true&tty=true");
  CHECK(attach_target({.pod = "web-0", .use_stderr = false}) ==
        "/api/v1/namespaces/default/pods/web-0/attach?stdout=true");
}

TEST_CASE("requested_streams: with a terminal there is no standard error") {
  for (int bits = 0; bits < 16; ++bits) {
    ExecRequest exec;
    AttachRequest attach;
    exec.use_stdin = attach.use_stdin = (bits & 1) != 0;
    exec.use_stdout = attach.use_stdout = (bits & 2) != 0;
    exec.use_stderr = attach.use_stderr = (bits & 4) != 0;
    exec.tty = attach.tty = (bits & 8) != 0;
    for (const RequestedStreams& streams : {requested_streams(exec), requested_streams(attach)}) {
      CHECK(streams.standard_input == exec.use_stdin);
      CHECK(streams.standard_output == exec.use_stdout);
      CHECK(streams.standard_error == (exec.use_stderr && !exec.tty));
      CHECK(streams.terminal == exec.tty);
      CHECK(streams.any() == (exec.use_stdin || exec.use_stdout || streams.standard_error));
    }
  }
}

TEST_CASE("attach_target: the same without a command") {
  AttachRequest request;
  request.pod_namespace = "ns";
  request.pod = "web-0";
  CHECK(attach_target(request) ==
        "/api/v1/namespaces/ns/pods/web-0/attach?stdout=true&stderr=true");
  request.container = "main";
  request.use_stdin = request.tty = true;
  CHECK(attach_target(request) ==
        "/api/v1/namespaces/ns/pods/web-0/attach?container=main&stdin=true&stdout=true&tty=true");
}

TEST_CASE("TerminalSize: as JSON and back") {
  CHECK(to_json(TerminalSize{80, 24}) == "{\"Width\":80,\"Height\":24}");
  for (const TerminalSize size : {TerminalSize{}, TerminalSize{80, 24}, TerminalSize{65535, 1}}) {
    const auto back = parse_terminal_size(to_json(size));
    REQUIRE_THAT(back, IsSuccess());
    CHECK(*back == size);
  }
}

TEST_CASE("parse_terminal_size: what is no size") {
  for (const char* text :
       {"", "{}", "[80,24]", "80", "{\"Width\":80}", "{\"Width\":80,\"Height\":-1}",
        "{\"Width\":65536,\"Height\":24}", "{\"Width\":80.5,\"Height\":24}",
        "{\"Width\":\"80\",\"Height\":24}", "{\"Width\":80,\"Height\":24", "{\"Width\":80,,}"}) {
    CAPTURE(text);
    const auto size = parse_terminal_size(text);
    REQUIRE_FALSE(size);
    CHECK(size.error().code() == Errc::kBadRequest);
  }
}

TEST_CASE("TerminalSizeReader: one object after another, cut anywhere") {
  const std::string text = to_json({80, 24}) + "\n" + to_json({132, 50}) + "\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    TerminalSizeReader reader;
    std::optional<TerminalSize> last;
    CHECK_THAT(reader.take(bytes_of(text.substr(0, cut)), last), IsSuccess());
    CHECK_THAT(reader.take(bytes_of(text.substr(cut)), last), IsSuccess());
    CHECK(last == TerminalSize{132, 50});
    // What was read before is not read again.
    last.reset();
    CHECK_THAT(reader.take(bytes_of(to_json({1, 2}).substr(0, 10)), last), IsSuccess());
    CHECK_FALSE(last);
    CHECK_THAT(reader.take(bytes_of(to_json({1, 2}).substr(10)), last), IsSuccess());
    CHECK(last == TerminalSize{1, 2});
  }
}

TEST_CASE("TerminalSizeReader: what is no size ends the reading, and what came before counts") {
  TerminalSizeReader reader;
  std::optional<TerminalSize> last;
  const std::string bad =
      GENERATE(std::string("{\"Width\":-1}"), std::string(2000, 'x'), std::string(1 << 20, '{'));
  const Error error = reader.take(bytes_of(to_json({80, 24}) + bad), last);
  CHECK(error.code() == Errc::kBadRequest);
  CHECK(last == TerminalSize{80, 24});
  CHECK_THAT(reader.take(bytes_of(to_json({1, 2})), last), IsSuccess());
  CHECK(last == TerminalSize{80, 24});
}
