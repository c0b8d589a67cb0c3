// kube::exec with a terminal, by each version of the protocol: its streams, and its sizes.

#include <string>
#include <vector>

#include "kube/client/scripted_server.h"
#include "kube/local/exec_fixture.h"
#include "kube/local/started_exec.h"
#include "uvspdy/kube/protocol/status.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecRun;
using test::ScriptedServer;
using test::shell;
using test::Started;
using test::TestLoop;

namespace {

ExecRequest shell_with_terminal() {
  ExecRequest request = shell("x");
  request.use_stdin = request.tty = true;
  return request;
}

}  // namespace

TEST_CASE("kube::exec: a terminal has one output, and its first size comes before that") {
  TestLoop loop;
  ScriptedServer server(loop);
  server.protocol = GENERATE(kProtocolV4, kProtocolV3);
  std::string sizes;
  std::string sizes_at_last_stream;
  server.on_stream = [&](const std::string& type) {
    if (type == "resize") {
      server.streams[type]->on_data([&](Bytes bytes) { sizes += text_of(bytes); });
    }
    if (type == "stdout") sizes_at_last_stream = sizes;
  };
  ExecRun run;
  // A size that nobody knows is sent, too.
  run.size = GENERATE(TerminalSize{132, 43}, TerminalSize{0, 0});
  const bool with_stdin = GENERATE(true, false);
  ExecRequest request = shell_with_terminal();
  request.use_stdin = with_stdin;
  run.start(loop, server.port(), request);
  REQUIRE(loop.run_until([&] { return run.started; }));
  CHECK(sizes_at_last_stream == to_json(run.size));
  if (with_stdin) {
    CHECK(server.order == std::vector<std::string>{"resize", "error", "stdin", "stdout"});
  } else {
    CHECK(server.order == std::vector<std::string>{"resize", "error", "stdout"});
  }
  CHECK_FALSE(run.streams.standard_error);
  run.streams.terminal_resize.send({.width = 80, .height = 24});
  run.streams.terminal_resize.send({.width = 65535, .height = 0});
  const std::string all =
      to_json(run.size) + R"({"Width":80,"Height":24}{"Width":65535,"Height":0})";
  REQUIRE(loop.run_until([&] { return sizes.size() >= all.size(); }));
  CHECK(sizes == all);
  server.finish("stdout", "");
  if (server.protocol == kProtocolV4) {
    server.finish("error", to_json(exit_status(7)));
  } else {
    server.finish("error", "");
  }
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == (server.protocol == kProtocolV4 ? 7 : 0));
  run.streams.terminal_resize.send({.width = 1, .height = 1});  // harmless
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: terminals are not resized before v3") {
  Started started(GENERATE(kProtocolV2, kProtocolV1), shell_with_terminal());
  CHECK(started.server.order == std::vector<std::string>{"error", "stdin", "stdout"});
  CHECK_FALSE(started.run.streams.terminal_resize);
  started.run.streams.terminal_resize.send({.width = 80, .height = 24});
  started.server.connection->close();
  started.run_to_end();
  CHECK(started.run.code() == 0);
}

TEST_CASE("kube::exec: of sizes that nobody reads the newest is kept") {
  Started started(kProtocolV4, shell_with_terminal());
  std::string sizes;
  const auto& resize = started.server.streams["resize"];
  resize->pause();
  resize->on_data([&](Bytes bytes) { sizes += text_of(bytes); });
  // 25 bytes each: past the window and all that is queued.
  constexpr std::uint16_t kCount = 40000;
  for (std::uint16_t i = 1; i <= kCount; ++i) {
    started.run.streams.terminal_resize.send({.width = 1, .height = i});
    if (i % 1000 == 0) started.loop.run_turns(1);
  }
  resize->resume();
  const std::string newest = to_json({.width = 1, .height = kCount});
  REQUIRE(started.loop.run_until([&] { return sizes.ends_with(newest); }));
  CHECK(sizes.size() < 25U * kCount);
  started.settle();
  CHECK(sizes.ends_with(newest));
  started.server.connection->close();
  started.run_to_end();
}
