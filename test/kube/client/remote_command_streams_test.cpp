// kube::exec: who has the streams' halves, and what becomes of those that nobody has.

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/client/scripted_server.h"
#include "kube/local/exec_fixture.h"
#include "kube/local/started_exec.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/net/error.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecHost;
using test::IsSuccess;
using test::ScriptedServer;
using test::shell;
using test::Started;
using test::TestLoop;

namespace {

/// A command of the host's, run by handlers of the test's.
struct Command {
  std::shared_ptr<ApiServer> server;
  std::optional<Result<ExitStatus>> status;

  void run(TestLoop& loop, std::uint16_t port, ExecRequest request,
           OnceCallback<void(RemoteCommandStreams)> on_started) {
    ClientConfig config;
    config.server = {.host = "127.0.0.1", .port = port};
    auto created = ApiServer::create(loop.get(), config);
    REQUIRE_THAT(created, IsSuccess());
    server = *created;
    request.pod = "demo";
    exec(*server, request,
         {.on_started = std::move(on_started),
          .on_exit = [this](Result<ExitStatus> how) { status = std::move(how); }});
  }
};

}  // namespace

TEST_CASE("kube::exec: an output that nobody reads holds nothing up, the exit code included") {
  TestLoop loop;
  ExecHost host(loop);
  Command command;
  // One byte and more than all that may wait on the way.
  const std::string much = GENERATE("echo", "seq 1 2000000");
  const ExecRequest request = shell(much + " >&2; echo out; exit 5");
  std::optional<RemoteCommandStreams> kept;
  std::string output;
  const auto read = [&](RemoteCommandStreams streams) {
    kept = std::move(streams);
    kept->standard_output.on_data([&](Bytes bytes) { output += text_of(bytes); });
  };
  SECTION("nobody hears that it has started") { command.run(loop, host.port(), request, {}); }
  SECTION("nothing is taken") {
    command.run(loop, host.port(), request, [](const RemoteCommandStreams&) {});
  }
  SECTION("stdout alone is taken") {
    command.run(loop, host.port(), request, [&](RemoteCommandStreams streams) {
      streams.standard_error = {};
      read(std::move(streams));
    });
  }
  SECTION("the other one is dropped when it has brought something") {
    command.run(loop, host.port(), request, [&](RemoteCommandStreams streams) {
      read(std::move(streams));
      kept->standard_error.on_data([&](Bytes) { kept->standard_error = {}; });
    });
  }
  SECTION("the other one is discarded later") {
    command.run(loop, host.port(), request,
                [&](RemoteCommandStreams streams) { read(std::move(streams)); });
    REQUIRE(loop.run_until([&] { return kept.has_value(); }));
    loop.run_turns(20);
    kept->standard_error.discard();
  }
  REQUIRE(loop.run_until([&] { return command.status.has_value(); }));
  REQUIRE_THAT(*command.status, IsSuccess());
  CHECK((*command.status)->code == 5);
  if (kept) CHECK(output == "out\n");
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: handlers of nobody: the command runs, and its connection ends") {
  TestLoop loop;
  ExecHost host(loop);
  ClientConfig config;
  config.server = {.host = "127.0.0.1", .port = host.port()};
  const auto server = ApiServer::create(loop.get(), config);
  REQUIRE_THAT(server, IsSuccess());
  ExecRequest request = test::shell_with_stdin("cat; exit 3");
  request.pod = "demo";
  exec(**server, request, {});
  // Stdin, which nobody has taken, breaks off: that is no end of it, and SIGHUP for the command.
  REQUIRE(loop.run_until([&] { return host.logged("exited with 129"); }));
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: the example of its comment") {
  TestLoop loop;
  ExecHost host(loop);
  ClientConfig config;
  config.server = {.host = "127.0.0.1", .port = host.port()};
  const auto api_server = ApiServer::create(loop.get(), config);
  REQUIRE_THAT(api_server, IsSuccess());
  ApiServer& server = **api_server;
  ExecRequest request = shell("echo words; echo more words >&2; exit 5");
  request.pod = "demo";
  // As it stands there, but for where it prints.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> printed(std::tmpfile(), std::fclose);
  REQUIRE(printed);
  std::FILE* const file = printed.get();
  const auto output = std::make_shared<httpstream::StreamReader>();
  exec(server, request,
       {.on_started =
            [output, file](RemoteCommandStreams streams) {
              *output = std::move(streams.standard_output);
              output->on_data(
                  [file](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), file); });
            },
        .on_exit =
            [output, file](Result<ExitStatus> status) {
              std::fprintf(
                  file, "%s\n",
                  status ? std::to_string(status->code).c_str() : describe(status.error()).c_str());
            }});
  REQUIRE(loop.run_until([&] { return host.logged("exited with 5") && host.sessions() == 0; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
  std::rewind(file);
  std::string text(100, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  CHECK(text == "words\n5\n");
}

TEST_CASE("kube::exec: a reader that is kept may be set late; on_exit waits for it") {
  Started started(kProtocolV4);
  started.run.streams.standard_error.on_data({});
  started.server.finish("stderr", "held");
  started.server.finish("stdout", "");
  started.server.finish("error", to_json(exit_status(3)));
  started.settle();
  CHECK_FALSE(started.run.over());
  std::string late;
  bool ended = false;
  started.run.streams.standard_error.on_data([&](Bytes bytes) { late += text_of(bytes); });
  started.run.streams.standard_error.on_end([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    CHECK_FALSE(started.run.over());
    ended = true;
  });
  CHECK(late.empty());  // not inside the call
  started.run_to_end();
  CHECK(ended);
  CHECK(late == "held");
  CHECK(started.run.code() == 3);
}

TEST_CASE("kube::exec: a stdin that is dropped before its end breaks off, and nothing else does") {
  ExecRequest request = shell("x");
  request.use_stdin = true;
  Started started(GENERATE(kProtocolV4, kProtocolV2), request);
  std::string input;
  std::optional<Error> end;
  started.server.streams["stdin"]->on_data([&](Bytes bytes) { input += text_of(bytes); });
  started.server.streams["stdin"]->on_end([&](const Error& error) { end = error; });
  CHECK_THAT(started.run.streams.standard_input.write(Buffer::copy_of("half")), IsSuccess());
  const bool ends = GENERATE(true, false);
  if (ends) started.run.streams.standard_input.end();
  started.run.streams.standard_input = {};
  REQUIRE(started.loop.run_until([&] { return end.has_value(); }));
  CHECK(input == "half");
  if (ends) {
    CHECK_THAT(*end, IsSuccess());
  } else {
    CHECK(end->code() == session::Errc::kStreamReset);
  }
  started.server.finish("stdout", "out");
  started.server.finish("stderr", "");
  started.server.finish(
      "error", started.server.protocol == kProtocolV4 ? to_json(exit_status(0)) : std::string());
  started.run_to_end();
  CHECK(started.run.code() == 0);
  CHECK(started.run.output == "out");
}

TEST_CASE("kube::exec: given up, readers hear of the end first, those that have paused, too") {
  TestLoop loop;
  ExecHost host(loop);
  Command command;
  std::optional<RemoteCommandStreams> streams;
  std::vector<std::string> told;
  net::Attempt attempt;
  ClientConfig config;
  config.server = {.host = "127.0.0.1", .port = host.port()};
  const auto server = ApiServer::create(loop.get(), config);
  REQUIRE_THAT(server, IsSuccess());
  ExecRequest request = shell("while :; do echo many words; done");
  request.pod = "demo";
  attempt =
      exec(**server, request,
           {.on_started =
                [&](RemoteCommandStreams started) {
                  streams = std::move(started);
                  streams->standard_output.pause();
                  streams->standard_output.on_data([](Bytes) { CHECK(false); });
                  streams->standard_output.on_end([&](const Error& error) {
                    CHECK(error.code() == session::Errc::kConnectionClosed);
                    told.emplace_back("stdout");
                  });
                },
            .on_exit =
                [&](const Result<ExitStatus>& status) {
                  REQUIRE_FALSE(status);
                  CHECK(status.error().code() == std::error_code(UV_ECANCELED, net::uv_category()));
                  told.emplace_back("exit");
                }});
  REQUIRE(loop.run_until([&] { return streams.has_value(); }));
  loop.run_turns(50);
  attempt.cancel();
  CHECK(told.empty());
  REQUIRE(loop.run_until([&] { return told.size() == 2; }));
  CHECK(told == std::vector<std::string>{"stdout", "exit"});
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: a terminal can be told its size until on_exit, by any copy") {
  ExecRequest request = shell("x");
  request.use_stdin = request.tty = true;
  Started started(kProtocolV4, request);
  std::string sizes;
  started.server.streams["resize"]->on_data([&](Bytes bytes) { sizes += text_of(bytes); });
  const TerminalResize copy = started.run.streams.terminal_resize;
  started.run.streams.terminal_resize = {};
  CHECK_FALSE(started.run.streams.terminal_resize);
  CHECK(copy);
  copy.send({.width = 80, .height = 24});
  started.run.streams.terminal_resize.send({.width = 1, .height = 1});  // nobody's
  REQUIRE(started.loop.run_until([&] { return !sizes.empty(); }));
  started.settle();
  CHECK(sizes == to_json({.width = 80, .height = 24}));
  started.server.finish("stdout", "");
  started.server.finish("error", to_json(exit_status(0)));
  started.run_to_end();
  CHECK_FALSE(copy);
  copy.send({.width = 1, .height = 1});  // harmless
}
