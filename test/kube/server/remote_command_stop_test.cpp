// StreamingServer::stop while sessions end: how long clients are waited for, and who is told.

#include <chrono>
#include <memory>
#include <string>

#include "kube/client/remote_command_peer.h"
#include "kube/server/scripted_runtime.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;
using test::RemoteCommandPeer;
using test::StreamingHost;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

const std::string kTarget = "/attach/default/demo/main?output=1";
const std::string kMuch(8 << 20, 'x');

StreamingServer::Options with_grace(std::chrono::milliseconds grace) {
  StreamingServer::Options options;
  options.close_grace = grace;
  return options;
}

/// A command that is finished, with more output than a client takes at once.
struct Finishing {
  StreamingHost host;
  RemoteCommandPeer client;
  bool stopped = false;

  Finishing(TestLoop& loop, StreamingServer::Options options)
      : host(loop, std::move(options)), client(loop, host.port(), kTarget) {
    client.create_all({"error", "stdout"});
    client.streams["stdout"]->pause();
    REQUIRE(loop.run_until([this] { return host.runtime->commands.size() == 1; }));
    const auto command = std::move(host.runtime->commands.front());
    host.runtime->commands.clear();
    auto output = command->take_standard_output();
    CHECK_THAT(output.write(Buffer::copy_of(kMuch)), IsSuccess());
    output.end();
    command->finish(exit_status(3));
  }

  void stop() {
    host.server->stop([this] { stopped = true; });
    host.http->close();
  }

  /// The client takes what there is for it now, and waits.
  void take_some(TestLoop& loop, std::chrono::milliseconds wait) {
    const auto& output = client.streams["stdout"];
    const std::size_t before = client.data["stdout"].size();
    output->resume();
    REQUIRE(loop.run_until([&] { return client.closed || client.data["stdout"].size() > before; }));
    output->pause();
    bool waited = false;
    net::Timer timer(loop.get(), [&waited] { waited = true; });
    timer.start(wait);
    REQUIRE(loop.run_until([&] { return waited; }));
  }
};

}  // namespace

TEST_CASE("StreamingServer::stop: a client that reads, slowly, gets all of it and the status") {
  TestLoop loop;
  Finishing finishing(loop, with_grace(1s));
  auto& client = finishing.client;
  finishing.stop();
  for (int i = 0; i < 6; ++i) finishing.take_some(loop, 250ms);
  CHECK_FALSE(client.closed);
  CHECK(client.data["stdout"].size() < kMuch.size());
  client.streams["stdout"]->resume();
  REQUIRE(loop.run_until([&] { return client.happened("error end"); }));
  CHECK((client.data["stdout"] == kMuch));
  CHECK(client.data["error"] == to_json(exit_status(3)));
  client.connection->close();
  REQUIRE(loop.run_until([&] { return finishing.stopped; }));
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer::stop: a client that takes nothing, or too little, is dropped") {
  TestLoop loop;
  StreamingServer::Options options = with_grace(50ms);
  const bool takes_some = GENERATE(false, true);
  if (takes_some) {
    options.connection.slow_reader_timeout = 200ms;
    options.close_grace = 100ms;
  }
  Finishing finishing(loop, std::move(options));
  finishing.stop();
  while (takes_some && !finishing.stopped) finishing.take_some(loop, 10ms);
  REQUIRE(loop.run_until([&] { return finishing.stopped; }));
  CHECK(finishing.client.data["stdout"].size() < kMuch.size());
  CHECK(finishing.client.data["error"].empty());
  finishing.client.streams["stdout"]->resume();
  REQUIRE(loop.run_out());
}

TEST_CASE("stop: each call is answered once, also when the object is gone by then") {
  TestLoop loop;
  int first = 0;
  int second = 0;
  bool server_is_gone = false;
  const auto stop = [&](auto& object) {
    object->stop([&first] { ++first; });
    object->stop([&second] { ++second; });
    object->stop({});
    CHECK(first + second == 0);  // not inside the call
    if (GENERATE(false, true)) {
      object.reset();
      server_is_gone = true;
    }
  };
  SECTION("StreamingServer, with a command") {
    StreamingHost host(loop);
    RemoteCommandPeer client(loop, host.port(), kTarget);
    client.create_all({"error", "stdout"});
    REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == 1; }));
    const auto runtime = host.runtime;
    stop(host.server);
    loop.run_turns(20);
    CHECK(first + second == 0);
    runtime->commands.clear();
    REQUIRE(loop.run_until([&] { return client.happened("error end"); }));
    client.connection->close();
    REQUIRE(loop.run_until([&] { return second > 0; }));
    host.http->close();
    REQUIRE(loop.run_out());
  }
  SECTION("StreamingServer, without") {
    auto server = std::make_unique<StreamingServer>(loop.get(), nullptr);
    stop(server);
    REQUIRE(loop.run_out());
  }
  SECTION("LocalRuntime, with a command") {
    auto runtime = std::make_unique<LocalRuntime>(loop.get());
    int exit_code = -1;
    MainCommand command;
    command.command = {"sleep", "1000"};
    REQUIRE_THAT(runtime->start_main(command, [&](int code) { exit_code = code; }), IsSuccess());
    stop(runtime);
    REQUIRE(loop.run_out());
    CHECK(exit_code == 143);
  }
  SECTION("LocalRuntime, without") {
    auto runtime = std::make_unique<LocalRuntime>(loop.get());
    stop(runtime);
    REQUIRE(loop.run_out());
  }
  CAPTURE(server_is_gone);
  CHECK(first == 1);
  CHECK(second == 1);
}
