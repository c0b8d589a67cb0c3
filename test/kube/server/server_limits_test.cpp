// StreamingServer: how many commands it serves, how many wrong URLs, how many lines it logs.

#include <memory>
#include <string>
#include <vector>

#include "kube/client/remote_command_peer.h"
#include "kube/server/scripted_runtime.h"
#include "support/raw_peer.h"
#include "uvspdy/kube/protocol/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;
using test::RawPeer;
using test::RemoteCommandPeer;
using test::StreamingHost;
using test::TestLoop;

namespace {

const std::string kExec = "/exec/default/demo/main?command=x&output=1";
const std::string kAttach = "/attach/default/demo/main?output=1";

/// What the server answers to a client that asks to upgrade, up to the end of the connection.
std::string answer(TestLoop& loop, std::uint16_t port, const std::string& target,
                   const char* from = "127.0.0.1") {
  const auto peer = RawPeer::connect_from(loop, from, port);
  peer->send("POST " + target +
             " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
             "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n");
  REQUIRE(loop.run_until([&] { return peer->ended(); }));
  peer->close();
  return peer->received();
}

StreamingServer::Options with_commands(std::size_t all, std::size_t per_user) {
  StreamingServer::Options options;
  options.max_commands = all;
  options.max_commands_per_user = per_user;
  return options;
}

}  // namespace

TEST_CASE("StreamingServer: max_commands at one time, and then 429 without an upgrade") {
  TestLoop loop;
  StreamingHost host(loop, with_commands(2, 100));
  RemoteCommandPeer exec(loop, host.port(), kExec);
  exec.create_all({"error", "stdout"});
  // One that has not created its streams counts, too.
  RemoteCommandPeer attach(loop, host.port(), kAttach);
  REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == 1; }));
  for (const std::string& target : {kExec, kAttach}) {
    const std::string refused = answer(loop, host.port(), target);
    CHECK(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
    CHECK(refused.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    CHECK(refused.find("max_commands = 2") != std::string::npos);
  }
  CHECK(host.logged("max_commands = 2"));

  // A command counts until the Runtime has let go of it, however soon its client leaves.
  exec.connection->close();
  REQUIRE(loop.run_until([&] { return exec.closed; }));
  REQUIRE(loop.run_until([&] { return host.server->connections() == 1; }));
  CHECK(answer(loop, host.port(), kExec).starts_with("HTTP/1.1 429 "));
  host.runtime->commands.clear();
  loop.run_turns(3);
  RemoteCommandPeer next(loop, host.port(), kExec);
  CHECK(answer(loop, host.port(), kExec).starts_with("HTTP/1.1 429 "));
  next.connection->close();
  attach.connection->close();
  REQUIRE(loop.run_until([&] { return host.server->connections() == 0; }));
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: max_commands_per_user, where the user is known") {
  TestLoop loop;
  StreamingHost host(loop, with_commands(100, 1));
  host.user = "alice";
  RemoteCommandPeer alice(loop, host.port(), kExec);
  const std::string refused = answer(loop, host.port(), kAttach);
  CHECK(refused.starts_with("HTTP/1.1 429 "));
  CHECK(refused.find("max_commands_per_user = 1") != std::string::npos);
  CHECK(refused.find("alice") == std::string::npos);
  host.user = "bob";
  RemoteCommandPeer bob(loop, host.port(), kExec);
  host.user.clear();
  RemoteCommandPeer somebody(loop, host.port(), kExec);
  RemoteCommandPeer somebody_else(loop, host.port(), kExec);
  alice.connection->close();
  REQUIRE(loop.run_until([&] { return host.server->connections() == 3; }));
  host.user = "alice";
  RemoteCommandPeer again(loop, host.port(), kExec);
  for (auto* peer : {&bob, &somebody, &somebody_else, &again}) peer->connection->close();
  REQUIRE(loop.run_until([&] { return host.server->connections() == 0; }));
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: an address that has guessed too often is not listened to") {
  TestLoop loop;
  StreamingServer::Options options;
  options.base_url = "http://127.0.0.1:1";
  options.guesses = {.burst = 2, .per_minute = 0};
  StreamingHost host(loop, std::move(options));
  ExecRequest request;
  request.command = {"x"};
  const auto url = host.server->exec_url(request);
  REQUIRE_THAT(url, IsSuccess());
  const std::string target = url->substr(url->find("/exec/"));
  // What is no token is no guess.
  for (int i = 0; i < 5; ++i) CHECK(answer(loop, host.port(), "/x").starts_with("HTTP/1.1 404 "));
  for (int i = 0; i < 2; ++i) {
    CHECK(answer(loop, host.port(), "/exec/AAAAAAAA").starts_with("HTTP/1.1 404 "));
  }
  for (const std::string& guess : {std::string("/exec/BBBBBBBB"), target}) {
    const std::string refused = answer(loop, host.port(), guess);
    CHECK(refused.starts_with("HTTP/1.1 429 "));
    CHECK(refused.find("\r\nRetry-After: 60\r\n") != std::string::npos);
  }
  // The others of the machine are, and the URL was not used up.
  CHECK(answer(loop, host.port(), "/exec/AAAAAAAA", "127.0.0.2").starts_with("HTTP/1.1 404 "));
  const auto client = RawPeer::connect_from(loop, "127.0.0.2", host.port());
  client->send("POST " + target +
               " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
               "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->received().ends_with("\r\n\r\n"); }));
  CHECK(client->received().starts_with("HTTP/1.1 101 "));
  client->close();
  REQUIRE(loop.run_until([&] { return host.server->connections() == 0; }));
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: its log is bounded for each address") {
  TestLoop loop;
  StreamingServer::Options options;
  options.max_commands = 0;
  options.log_limits = {.burst = 3, .per_second = 0};
  StreamingHost host(loop, std::move(options));
  for (int i = 0; i < 10; ++i) CHECK(answer(loop, host.port(), kExec).starts_with("HTTP/1.1 429 "));
  CHECK(host.log.size() == 3);
  CHECK(answer(loop, host.port(), kExec, "127.0.0.2").starts_with("HTTP/1.1 429 "));
  CHECK(host.log.size() == 4);
  host.http->close();
  REQUIRE(loop.run_out());
}
