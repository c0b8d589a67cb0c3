// kube::exec by v4.channel.k8s.io against a server that does what the test says.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/client/scripted_server.h"
#include "kube/local/exec_fixture.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/kube/server/pod_api.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HttpExchange;
using test::ExecRun;
using test::IsSuccess;
using test::ScriptedServer;
using test::shell;
using test::TestLoop;

namespace {

const std::string kSuccess = to_json(exit_status(0));
const std::string kThree = to_json(exit_status(3));

}  // namespace

TEST_CASE("kube::exec: the streams in their order, each with its reply, and the request's target") {
  TestLoop loop;
  ScriptedServer server(loop);
  ExecRequest request = shell("a b");
  request.pod = "demo";
  request.use_stdin = true;
  std::vector<int> open_at_creation;
  server.on_stream = [&](const std::string& type) {
    // The next one is not created before this one has its reply.
    open_at_creation.push_back(static_cast<int>(server.streams.size()));
    if (type != "stderr") return;
    server.finish("stdout", "out");
    server.finish("stderr", "err");
    server.finish("error", kSuccess);
  };
  ExecRun run(loop, server.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(run.status()->message.empty());
  CHECK(run.output == "out");
  CHECK(run.error_output == "err");
  CHECK(server.target == exec_target(request));
  CHECK(server.order == std::vector<std::string>{"error", "stdin", "stdout", "stderr"});
  CHECK(open_at_creation == std::vector<int>{1, 2, 3, 4});
  server.http->close();
  REQUIRE(loop.run_out());
  // A client that has its status closes by itself.
  CHECK(server.connection->is_closed());
}

TEST_CASE("kube::exec: the status may come first, on_exit waits for all output") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.on_stream = [&](const std::string& type) {
    if (type == "stderr") server.finish("error", kThree);
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.started; }));
  loop.run_turns(10);
  CHECK_FALSE(run.over());
  server.finish("stderr", "");
  server.finish("stdout", "late");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 3);
  CHECK(run.output == "late");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: a server that ends as Go's do, by resets and a close behind the last byte") {
  TestLoop loop;
  ScriptedServer server(loop);
  const bool fin_first = GENERATE(true, false);
  server.on_stream = [&](const std::string& type) {
    if (type != "stderr") return;
    CHECK_THAT(server.streams["stdout"]->write(Buffer::copy_of("all of it")), IsSuccess());
    CHECK_THAT(server.streams["error"]->write(Buffer::copy_of(kThree)), IsSuccess());
    if (fin_first) server.streams["error"]->close();
    server.connection->close();
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 3);
  CHECK(run.output == "all of it");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: nothing is sent to the server once the command can run") {
  // A FIN too late for a Go server makes the proxy before it drop the end of the output.
  TestLoop loop;
  ScriptedServer server(loop);
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.started; }));
  const std::uint64_t before = server.connection->stats().bytes_received;
  loop.run_turns(10);
  CHECK(server.connection->stats().bytes_received == before);
  server.finish("error", kSuccess);
  server.finish("stderr", "");
  server.finish("stdout", "");
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: an end without a status is never taken for success") {
  // kubernetes/kubernetes#73056.
  TestLoop loop;
  ScriptedServer server(loop);
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.started; }));
  CHECK_THAT(server.streams["stdout"]->write(Buffer::copy_of("some")), IsSuccess());
  SECTION("by the end of each stream") {
    for (const char* each : {"stdout", "stderr", "error"}) server.finish(each, "");
  }
  SECTION("by a reset of each stream") {
    for (const auto& [name, stream] : server.streams) stream->reset();
  }
  SECTION("by the connection, in order") { server.connection->close(); }
  SECTION("by the connection, at once") { server.connection->abort(); }
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == Errc::kNoStatus);
  CHECK(run.error().message().find("unknown") != std::string::npos);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: output that is cut off is never taken for all of it") {
  TestLoop loop;
  ScriptedServer server(loop);
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.started; }));
  server.finish("error", kSuccess);
  server.finish("stderr", "");
  CHECK_THAT(server.streams["stdout"]->write(Buffer::copy_of("the first half")), IsSuccess());
  REQUIRE(loop.run_until([&] { return run.output == "the first half"; }));
  server.connection->abort();
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == Errc::kNoStatus);
  CHECK(run.error().message().find("cut off") != std::string::npos);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: a connection that ends before the streams are there") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.on_stream = [&](const std::string& type) {
    if (type == "stdout") server.connection->abort();
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == session::Errc::kConnectionLost);
  CHECK_FALSE(run.started);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: streams that end before the last one is there") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.protocol = GENERATE(kProtocolV4, kProtocolV2);
  const bool reset = GENERATE(true, false);
  CAPTURE(server.protocol, reset);
  ExecRequest request = shell("x");
  request.use_stdin = true;
  server.on_stream = [&](const std::string& type) {
    // Behind the request for the next one, so in front of its answer.
    for (const auto& [name, stream] : server.streams) {
      if (name == type || stream->is_closed()) continue;
      if (reset) stream->reset();
      if (!reset && stream->writable()) stream->close();
    }
    if (type != "stderr") return;
    if (reset) server.streams[type]->reset();
    if (!reset) server.finish(type, "");
  };
  ExecRun run(loop, server.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.started);
  if (server.protocol == kProtocolV4 || reset) {
    CHECK(run.error().code() == Errc::kNoStatus);
  } else {
    CHECK(run.code() == 0);
  }
  CHECK(run.streams.standard_input.write(Buffer::copy_of("x")).code() ==
        session::Errc::kStreamClosed);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: output and status that come before the last stream is there") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.on_stream = [&](const std::string& type) {
    if (type == "stdout") {
      server.finish("error", kThree);
      server.finish("stdout", "early");
    }
    if (type == "stderr") server.finish("stderr", "late");
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 3);
  CHECK(run.output == "early");
  CHECK(run.error_output == "late");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: statuses that are none, or failures without a code") {
  TestLoop loop;
  ScriptedServer server(loop);
  struct Row {
    std::string status;
    Errc code;
  };
  const Row row = GENERATE(
      Row{"command not found", Errc::kBadStatus}, Row{"{}", Errc::kBadStatus},
      Row{to_json(exit_status(0)).substr(0, 20), Errc::kBadStatus},
      Row{to_json(exit_status(0)) + to_json(exit_status(0)), Errc::kBadStatus},
      Row{std::string(100 * 1024, ' '), Errc::kBadStatus},
      Row{std::string(10 * 1024 * 1024, 'x'), Errc::kBadStatus},
      Row{to_json(failure_status(500, "InternalError", "no runtime")), Errc::kCommandFailed});
  CAPTURE(row.status.substr(0, 50));
  server.on_stream = [&](const std::string& type) {
    if (type != "stderr") return;
    server.finish("stdout", "");
    server.finish("stderr", "");
    server.finish("error", row.status);
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == row.code);
  if (row.code == Errc::kCommandFailed) CHECK(run.error().message() == "no runtime");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: a status in pieces") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.on_stream = [&](const std::string& type) {
    if (type != "stderr") return;
    server.finish("stdout", "");
    server.finish("stderr", "");
    for (const char byte : kThree) {
      CHECK_THAT(server.streams["error"]->write(Buffer(std::string(1, byte))), IsSuccess());
    }
    server.finish("error", "");
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 3);
  CHECK(run.status()->message == "command terminated with exit code 3");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: a server that refuses one of the streams") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.refused = GENERATE("error", "stdin", "stdout", "stderr");
  CAPTURE(server.refused);
  ExecRequest request = shell("x");
  request.use_stdin = true;
  ExecRun run(loop, server.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == session::Errc::kStreamRefused);
  CHECK_FALSE(run.started);
  server.http->close();
  REQUIRE(loop.run_out());
  CHECK(server.connection->is_closed());
}

TEST_CASE("kube::exec: a server that refuses the upgrade, and the error in words") {
  TestLoop loop;
  ScriptedServer server(loop);
  const bool with_status = GENERATE(true, false);
  server.instead = [&](HttpExchange& exchange) {
    exchange.respond(with_status ? status_response(404, "NotFound", "pods \"demo\" not found")
                                 : httpstream::HttpResponse{502, "Bad Gateway", {}, "<html>no\n"});
  };
  ExecRun run(loop, server.port(), shell("x"));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(httpstream::is_upgrade_failure(run.error()));
  const std::string words = describe(run.error());
  if (with_status) {
    CHECK(words.find("404") != std::string::npos);
    CHECK(words.find("pods \"demo\" not found") != std::string::npos);
    CHECK(words.find('{') == std::string::npos);
  } else {
    CHECK(words == run.error().message());
    CHECK(words.find("502 Bad Gateway") != std::string::npos);
  }
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: outputs that are not asked for are not waited for") {
  TestLoop loop;
  ScriptedServer server(loop);
  ExecRequest request = shell("x");
  request.use_stdin = true;
  request.use_stdout = request.use_stderr = false;
  server.on_stream = [&](const std::string& type) {
    if (type == "stdin") server.finish("error", kSuccess);
  };
  ExecRun run(loop, server.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  CHECK(server.order == std::vector<std::string>{"error", "stdin"});
  CHECK_FALSE(run.streams.standard_output);
  CHECK_FALSE(run.streams.standard_error);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: the handlers are freed when on_exit has run") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.on_stream = [&](const std::string& type) {
    if (type != "stderr") return;
    for (const char* each : {"stdout", "stderr"}) server.finish(each, "");
    server.finish("error", kSuccess);
  };
  const auto token = std::make_shared<int>(0);
  bool over = false;
  ClientConfig config;
  config.server.host = "127.0.0.1";
  config.server.port = server.port();
  auto api_server = ApiServer::create(loop.get(), config);
  REQUIRE_THAT(api_server, IsSuccess());
  ExecRequest request = shell("x");
  request.pod = "demo";
  exec(**api_server, request,
       {[token, kept = std::make_shared<RemoteCommandStreams>()](RemoteCommandStreams streams) {
          *kept = std::move(streams);
          kept->standard_output.on_data([token](Bytes) {});
          kept->standard_error.on_end([token, kept](const Error&) {});
        },
        [token, &over](Result<ExitStatus> status) {
          CHECK_THAT(status, IsSuccess());
          over = true;
        }});
  CHECK(token.use_count() > 1);
  REQUIRE(loop.run_until([&] { return over; }));
  server.http->close();
  REQUIRE(loop.run_out());
  CHECK(token.use_count() == 1);
}
