// kube::exec and kube::attach by each version of the protocol, against a server that does what the
// test says: how each of them tells the end, and stdin.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "httpstream/cutting_proxy.h"
#include "kube/client/scripted_server.h"
#include "kube/local/exec_fixture.h"
#include "kube/local/started_exec.h"
#include "support/mentions.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/net/error.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecRun;
using test::IsSuccess;
using test::mentions;
using test::ScriptedServer;
using test::shell;
using test::Started;
using test::TestLoop;

namespace {

constexpr std::array<std::string_view, 4> kProtocols = {kProtocolV4, kProtocolV3, kProtocolV2,
                                                        kProtocolV1};

}  // namespace

TEST_CASE("kube::exec: offers four versions, and takes none that it does not know") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.protocol = GENERATE("v5.channel.k8s.io", "portforward.k8s.io", "v4.channel.k8s.io ,", "");
  CAPTURE(server.protocol);
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(httpstream::is_upgrade_failure(run.error()));
  CHECK(run.error().message().find("which was not offered") != std::string::npos);
  CHECK_FALSE(run.started);
  CHECK(server.offered == std::vector<std::string>(kProtocols.begin(), kProtocols.end()));
  CHECK(server.order.empty());
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: success before v4 is an end without a word") {
  Started started(GENERATE(kProtocolV3, kProtocolV2, kProtocolV1));
  started.server.finish("stdout", "out");
  started.server.finish("stderr", "err");
  started.server.finish("error", "");
  started.run_to_end();
  CHECK(started.run.code() == 0);
  CHECK(started.run.output == "out");
  CHECK(started.run.error_output == "err");
}

TEST_CASE("kube::exec: success as Go's servers tell it before v4, by resets and GOAWAY") {
  Started started(GENERATE(kProtocolV3, kProtocolV2, kProtocolV1));
  CHECK_THAT(started.server.streams["stdout"]->write(Buffer::copy_of("out")), IsSuccess());
  SECTION("at once") { started.server.connection->close(); }
  SECTION("behind the outputs' end") {
    started.server.finish("stdout", "");
    started.server.finish("stderr", "");
    started.settle();
    started.server.connection->close();
  }
  SECTION("the resets first, GOAWAY later") {
    started.settle();
    for (const auto& [name, stream] : started.server.streams) stream->reset();
    started.settle();
    CHECK_FALSE(started.run.over());
    started.server.connection->close();
  }
  started.run_to_end();
  CHECK(started.run.code() == 0);
  CHECK(started.run.output == "out");
}

TEST_CASE("kube::exec: failure before v4 is a text") {
  Started started(GENERATE(kProtocolV3, kProtocolV2, kProtocolV1));
  const bool by_fin = GENERATE(true, false);
  CHECK_THAT(started.server.streams["error"]->write(Buffer::copy_of("no such ")), IsSuccess());
  CHECK_THAT(started.server.streams["error"]->write(Buffer::copy_of("command\n")), IsSuccess());
  if (by_fin) {
    started.server.finish("stdout", "");
    started.server.finish("stderr", "");
    started.server.finish("error", "");
  } else {
    started.server.connection->close();
  }
  started.run_to_end();
  CHECK(started.run.error().code() == Errc::kCommandFailed);
  CHECK(started.run.error().message() == "no such command");
}

TEST_CASE("kube::exec: a Status means nothing before v4") {
  Started started(GENERATE(kProtocolV3, kProtocolV2, kProtocolV1));
  for (const char* each : {"stdout", "stderr"}) started.server.finish(each, "");
  started.server.finish("error", to_json(exit_status(0)));
  started.run_to_end();
  CHECK(started.run.error().code() == Errc::kCommandFailed);
}

TEST_CASE("kube::exec: no version takes an end without GOAWAY or FIN for success") {
  // kubernetes/kubernetes#73056.
  Started started(GENERATE_COPY(from_range(kProtocols)));
  CHECK_THAT(started.server.streams["stdout"]->write(Buffer::copy_of("some")), IsSuccess());
  started.settle();
  SECTION("the connection breaks") {}
  SECTION("behind the resets of all streams") {
    for (const auto& [name, stream] : started.server.streams) stream->reset();
    started.settle();
  }
  SECTION("behind the end of the error stream") {
    started.server.finish("error", "");
    started.settle();
  }
  SECTION("behind one output's end and the others' resets") {
    started.server.finish("stdout", "");
    started.server.streams["stderr"]->reset();
    started.server.streams["error"]->reset();
    started.settle();
  }
  started.server.connection->abort();
  started.run_to_end();
  CHECK(started.run.error().code() == Errc::kNoStatus);
  CHECK(started.run.output == "some");
}

TEST_CASE("kube::exec: a GOAWAY that never comes is not waited for without end") {
  Started started(kProtocolV2);
  for (const auto& [name, stream] : started.server.streams) stream->reset();
  started.run_to_end();
  CHECK(started.run.error().code() == Errc::kNoStatus);
  CHECK(mentions(started.run.error().message(), {"unknown", "without GOAWAY"}));
}

TEST_CASE("kube::exec: cut anywhere, no version makes a success of half of the output") {
  const std::string_view protocol = GENERATE_COPY(from_range(kProtocols));
  const bool as_go = GENERATE(true, false);
  CAPTURE(protocol, as_go);
  int successes = 0;
  int failures = 0;
  const auto run_with = [&](std::size_t after) {
    TestLoop loop;
    ScriptedServer server(loop);
    server.protocol = protocol;
    server.on_stream = [&](const std::string& type) {
      if (type != "stderr") return;
      CHECK_THAT(server.streams["stdout"]->write(Buffer::copy_of("all of the output")),
                 IsSuccess());
      if (!as_go) {
        server.finish("stdout", "");
        server.finish("stderr", "");
      }
      if (protocol == kProtocolV4) {
        CHECK_THAT(server.streams["error"]->write(Buffer::copy_of(to_json(exit_status(0)))),
                   IsSuccess());
      }
      if (!as_go) server.finish("error", "");
      server.connection->close();
    };
    test::CuttingProxy proxy(loop, server.port(), {.up = false, .after = after});
    ExecRun run;
    run.proxy_url = "http://127.0.0.1:" + std::to_string(proxy.port());
    run.start(loop, server.port(), shell("x"));
    REQUIRE(loop.run_until([&] { return run.over(); }));
    if (run.status()) {
      ++successes;
      CHECK(run.code() == 0);
      CHECK(run.output == "all of the output");
    } else {
      ++failures;
    }
    const std::size_t down = proxy.down();
    proxy.leave();
    server.http->close();
    REQUIRE(loop.run_out());
    return down;
  };
  const std::size_t all = run_with(test::CuttingProxy::kNever);
  CHECK(successes == 1);
  // The answers to the dial are another test's; from where the first stream is accepted.
  for (std::size_t after = all > 400 ? all - 400 : 1; after < all; ++after) (void)run_with(after);
  CHECK(failures > 50);
}

TEST_CASE("kube::exec: v1 as Go's servers have it, without an error stream and with stdin ended") {
  ExecRequest request = shell("x");
  request.use_stdin = true;
  Started started(kProtocolV1, request);
  std::string input;
  bool input_ended = false;
  started.server.streams["stdin"]->on_data([&](Bytes bytes) { input += text_of(bytes); });
  started.server.streams["stdin"]->on_end([&](const Error& error) { input_ended = !error; });
  started.server.streams["stdin"]->close();
  started.server.streams["error"]->reset();
  started.settle();
  CHECK_FALSE(started.run.over());
  CHECK_THAT(started.run.streams.standard_input.write(Buffer::copy_of("still read")), IsSuccess());
  REQUIRE(started.loop.run_until([&] { return input == "still read"; }));
  CHECK_FALSE(input_ended);
  started.server.finish("stderr", "");
  started.settle();
  CHECK_FALSE(started.run.over());
  SECTION("the outputs end in order") { started.server.finish("stdout", "out"); }
  SECTION("by resets and GOAWAY") {
    CHECK_THAT(started.server.streams["stdout"]->write(Buffer::copy_of("out")), IsSuccess());
    started.server.connection->close();
  }
  started.run_to_end();
  CHECK(started.run.code() == 0);
  CHECK(started.run.output == "out");
}

TEST_CASE("kube::exec: v1 without outputs ends with the connection") {
  ExecRequest request = shell("x");
  request.use_stdin = true;
  request.use_stdout = request.use_stderr = false;
  Started started(kProtocolV1, request);
  started.server.streams["stdin"]->close();
  started.server.streams["error"]->reset();
  started.settle();
  CHECK_FALSE(started.run.over());
  const bool in_order = GENERATE(true, false);
  if (in_order) {
    started.server.connection->close();
  } else {
    started.server.connection->abort();
  }
  started.run_to_end();
  if (in_order) {
    CHECK(started.run.code() == 0);
  } else {
    CHECK(started.run.error().code() == Errc::kNoStatus);
  }
}

TEST_CASE("kube::exec: a half-closed stdin reaches the server in each version") {
  ExecRequest request = shell("x");
  request.use_stdin = true;
  Started started(GENERATE_COPY(from_range(kProtocols)), request);
  std::string input;
  bool input_ended = false;
  started.server.streams["stdin"]->on_data([&](Bytes bytes) { input += text_of(bytes); });
  started.server.streams["stdin"]->on_end([&](const Error& error) { input_ended = !error; });
  CHECK_THAT(started.run.streams.standard_input.write(Buffer::copy_of("words")), IsSuccess());
  started.run.streams.standard_input.end();
  REQUIRE(started.loop.run_until([&] { return input_ended; }));
  CHECK(input == "words");
  CHECK_FALSE(started.run.over());
  started.server.connection->close();
  started.run_to_end();
}

TEST_CASE("kube::exec: since v2 a stdin that nobody reads any more is ended from here, too") {
  ExecRequest request = shell("x");
  request.use_stdin = true;
  Started started(GENERATE(kProtocolV4, kProtocolV3, kProtocolV2), request);
  bool input_ended = false;
  started.server.streams["stdin"]->on_end([&](const Error&) { input_ended = true; });
  started.server.streams["stdin"]->close();
  REQUIRE(started.loop.run_until([&] { return input_ended; }));
  CHECK(started.run.streams.standard_input.write(Buffer::copy_of("x")).code() ==
        session::Errc::kStreamClosed);
  CHECK_FALSE(started.run.over());
  started.server.connection->close();
  started.run_to_end();
}

TEST_CASE("kube::attach: asks for the running process, and ends and is cancelled as exec is") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.protocol = GENERATE_COPY(from_range(kProtocols));
  ClientConfig config;
  config.server.host = "127.0.0.1";
  config.server.port = server.port();
  auto api_server = ApiServer::create(loop.get(), config);
  REQUIRE_THAT(api_server, IsSuccess());
  AttachRequest request;
  request.pod_namespace = "ns";
  request.pod = "demo";
  request.container = "main";
  request.use_stdin = true;
  std::string output;
  httpstream::StreamReader reader;
  bool started = false;
  std::vector<Result<ExitStatus>> ends;
  const net::Attempt attempt =
      attach(**api_server, request,
             {.on_started =
                  [&](RemoteCommandStreams streams) {
                    started = true;
                    reader = std::move(streams.standard_output);
                    reader.on_data([&](Bytes bytes) { output += text_of(bytes); });
                  },
              .on_exit = [&](Result<ExitStatus> status) { ends.push_back(std::move(status)); }});
  REQUIRE(loop.run_until([&] { return started; }));
  CHECK(server.target ==
        "/api/v1/namespaces/ns/pods/demo/attach?container=main&stdin=true&stdout=true&stderr=true");
  CHECK_THAT(server.streams["stdout"]->write(Buffer::copy_of("out")), IsSuccess());
  REQUIRE(loop.run_until([&] { return output == "out"; }));
  const bool cancelled = GENERATE(false, true);
  if (cancelled) {
    attempt.cancel();
    CHECK(ends.empty());
  } else {
    server.finish("stdout", "");
    server.finish("stderr", "");
    server.finish("error", server.protocol == kProtocolV4 ? to_json(exit_status(5)) : "gone");
  }
  REQUIRE(loop.run_until([&] { return !ends.empty(); }));
  server.http->close();
  REQUIRE(loop.run_out());
  REQUIRE(ends.size() == 1);
  if (cancelled) {
    REQUIRE_FALSE(ends[0]);
    CHECK(ends[0].error().code() == std::error_code(UV_ECANCELED, net::uv_category()));
    CHECK(mentions(ends[0].error().message(), {"attach"}));
  } else if (server.protocol == kProtocolV4) {
    REQUIRE_THAT(ends[0], IsSuccess());
    CHECK(ends[0]->code == 5);
  } else {
    REQUIRE_FALSE(ends[0]);
    CHECK(ends[0].error().message() == "gone");
  }
}
