// The server's side of v4.channel.k8s.io (WIRE section 6), seen by a client that opens the streams
// by hand.

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/client/remote_command_peer.h"
#include "kube/local/exec_fixture.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/printable.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using nlohmann::json;
using test::ExecHost;
using test::ExecRun;
using test::IsSuccess;
using test::RawPeer;
using test::shell;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

httpstream::Url url_of(std::uint16_t port, ExecRequest request) {
  httpstream::Url url;
  url.host = "127.0.0.1";
  url.port = port;
  request.pod = "demo";
  url.target = exec_target(request);
  return url;
}

std::string target_of(ExecRequest request) {
  request.pod = "demo";
  return exec_target(request);
}

/// The client of one exec.
struct Client : test::RemoteCommandPeer {
  Client(TestLoop& loop, std::uint16_t port, const ExecRequest& request)
      : RemoteCommandPeer(loop, port, target_of(request)) {}
};

}  // namespace

TEST_CASE("StreamingServer: all output, its ends, the status, its end; then the client's turn") {
  TestLoop loop;
  test::ExecOptions options;
  options.streaming.close_grace = 1h;
  ExecHost host(loop, std::move(options));
  Client client(loop, host.port(), shell("echo out; echo err >&2; exit 3"));
  CHECK_THAT(client.create("error"), IsSuccess());
  CHECK_THAT(client.create("stdout"), IsSuccess());
  CHECK_FALSE(host.logged("running"));  // a stream is missing
  CHECK_THAT(client.create("stderr"), IsSuccess());
  REQUIRE(loop.run_until([&] {
    return std::find(client.events.begin(), client.events.end(), "error end") !=
           client.events.end();
  }));
  CHECK(client.data["stdout"] == "out\n");
  CHECK(client.data["stderr"] == "err\n");
  CHECK(json::parse(client.data["error"], nullptr, false) == json::parse(to_json(exit_status(3))));
  for (const std::string output : {"stdout", "stderr"}) {
    CHECK(client.place(output + " data") < client.place(output + " end"));
    CHECK(client.place(output + " end") < client.place("error data"));
  }
  CHECK(client.place("error data") < client.place("error end"));
  // The server waits for the client to close.
  loop.run_turns(20);
  CHECK_FALSE(client.closed);
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE(
    "StreamingServer: a client that has its status and does not close is closed after "
    "close_grace") {
  TestLoop loop;
  test::ExecOptions options;
  options.streaming.close_grace = 50ms;
  ExecHost host(loop, std::move(options));
  Client client(loop, host.port(), shell("exit 0"));
  for (const char* type : {"error", "stdout", "stderr"})
    CHECK_THAT(client.create(type), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.closed; }));
  CHECK(json::parse(client.data["error"], nullptr, false) == json::parse(to_json(exit_status(0))));
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("stop: calls back once no command runs, though a client has not closed yet") {
  TestLoop loop;
  test::ExecOptions options;
  options.streaming.close_grace = 1h;
  options.runtime.termination_grace = 1h;
  ExecHost host(loop, std::move(options));
  Client client(loop, host.port(), shell("exit 0"));
  for (const char* type : {"error", "stdout", "stderr"})
    CHECK_THAT(client.create(type), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  bool stopped = false;
  host.stop([&] { stopped = true; });
  REQUIRE(loop.run_until([&] { return stopped; }));
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: a stream that was not asked for: refused, and the command is not run") {
  TestLoop loop;
  ExecHost host(loop);
  Client client(loop, host.port(), shell("echo ran"));
  const std::string wrong = GENERATE("stdin", "resize", "data", "Stdout", "", "error", "stdout");
  CAPTURE(wrong);
  const bool error_first = GENERATE(true, false) || wrong == "error";
  if (error_first) CHECK_THAT(client.create("error"), IsSuccess());
  CHECK_THAT(client.create("stdout"), IsSuccess());
  CHECK(client.create(wrong).code() == session::Errc::kStreamRefused);
  // A client that creates its error stream last is told by it all the same.
  if (!error_first) CHECK_THAT(client.create("error"), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  const auto status = parse_status(client.data["error"]);
  REQUIRE_THAT(status, IsSuccess());
  CHECK(status->reason == "BadRequest");
  CHECK(status->message.starts_with("unexpected stream type: \"" + wrong + "\""));
  CHECK(client.create("stderr").code() == session::Errc::kStreamRefused);
  CHECK(host.logged("'" + wrong + "' refused"));
  CHECK_FALSE(host.logged("running"));
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("StreamingServer: a stream that comes when the command runs is refused, and harmless") {
  TestLoop loop;
  ExecHost host(loop);
  Client client(loop, host.port(), test::shell_with_stdin("cat; exit 4"));
  for (const char* type : {"error", "stdin", "stdout", "stderr"})
    CHECK_THAT(client.create(type), IsSuccess());
  for (const char* type : {"error", "stdout", "resize", ""}) {
    CHECK(client.create(type).code() == session::Errc::kStreamRefused);
  }
  CHECK_THAT(client.streams["stdin"]->write(Buffer::copy_of("words")), IsSuccess());
  client.streams["stdin"]->close();
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  CHECK(client.data["stdout"] == "words");
  CHECK(json::parse(client.data["error"], nullptr, false) == json::parse(to_json(exit_status(4))));
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: the streams may come in any order") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell("cat");
  request.use_stdin = true;
  Client client(loop, host.port(), request);
  for (const char* type : {"stdin", "stderr", "stdout"})
    CHECK_THAT(client.create(type), IsSuccess());
  // What is written before the command runs reaches it.
  CHECK_THAT(client.streams["stdin"]->write(Buffer::copy_of("early input")), IsSuccess());
  client.streams["stdin"]->close();
  CHECK_THAT(client.create("error"), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  CHECK(client.data["stdout"] == "early input");
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE(
    "StreamingServer: streams that do not come in time: the command is not run, and it is told "
    "why") {
  TestLoop loop;
  test::ExecOptions options;
  options.streaming.stream_creation_timeout = 500ms;  // enough for the streams that do come
  options.streaming.close_grace = 50ms;
  ExecHost host(loop, std::move(options));
  Client client(loop, host.port(), shell("echo ran"));
  const bool with_error = GENERATE(true, false);
  if (with_error) CHECK_THAT(client.create("error"), IsSuccess());
  CHECK_THAT(client.create("stdout"), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.closed; }));
  CHECK(client.data["stdout"].empty());
  CHECK_FALSE(host.logged("running"));
  if (with_error) {
    const auto status = parse_status(client.data["error"]);
    REQUIRE_THAT(status, IsSuccess());
    CHECK_FALSE(status->success);
    CHECK(status->reason == "Timeout");
    CHECK(status->message == "timed out waiting for client to create streams");
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("StreamingServer: streams that come when it is too late do not start the command") {
  TestLoop loop;
  test::ExecOptions options;
  options.streaming.stream_creation_timeout = 500ms;  // enough for the stream that comes in time
  options.streaming.close_grace = 1h;
  ExecHost host(loop, std::move(options));
  Client client(loop, host.port(), shell("echo ran"));
  CHECK_THAT(client.create("error"), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  (void)client.create("stdout");
  (void)client.create("stderr");
  loop.run_turns(20);
  CHECK_FALSE(host.logged("running"));
  CHECK(client.data["stdout"].empty());
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("StreamingServer: streams that have ended before the command runs have for it, too") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = test::shell_with_stdin("cat; yes; echo $? >&2");
  Client client(loop, host.port(), request);
  for (const char* type : {"error", "stdin", "stdout"})
    CHECK_THAT(client.create(type), IsSuccess());
  const bool breaks = GENERATE(false, true);
  if (breaks) {
    client.streams["stdin"]->reset();
  } else {
    client.streams["stdin"]->close();
  }
  client.streams["stdout"]->reset();
  bool told = false;
  client.connection->ping([&](const auto&) { told = true; });
  REQUIRE(loop.run_until([&] { return told; }));
  CHECK_THAT(client.create("stderr"), IsSuccess());
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  if (breaks) {
    CHECK(client.data["stderr"].empty());
    CHECK(client.data["error"].find("stdin broke off") != std::string::npos);
  } else {
    CHECK(client.data["stderr"] == "141\n");
  }
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: no common protocol: 403, and what it takes") {
  TestLoop loop;
  ExecHost host(loop);
  std::optional<Error> error;
  httpstream::Dialer(loop.get(), url_of(host.port(), shell("exit 0")))
      .dial({"v5.channel.k8s.io", "portforward.k8s.io"},
            [&](Result<httpstream::Dialed> dialed) { error = dialed ? Error() : dialed.error(); });
  REQUIRE(loop.run_until([&] { return error.has_value(); }));
  const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(*error);
  REQUIRE(failure != nullptr);
  CHECK(failure->status == 403);
  CHECK(failure->headers.values("X-Accepted-Stream-Protocol-Versions") ==
        std::vector<std::string_view>{kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1});
  CHECK(host.logged("v5.channel.k8s.io"));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: what is no SPDY upgrade is answered with 400 and a text") {
  TestLoop loop;
  ExecHost host(loop);
  const std::string headers =
      GENERATE("", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
               "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n");
  const auto client = RawPeer::connect(loop, host.port());
  client->send("POST " + url_of(host.port(), shell("exit 0")).target + " HTTP/1.1\r\nHost: h\r\n" +
               headers + "\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(client->received().find("unable to upgrade") != std::string::npos);
  client->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

TEST_CASE("StreamingServer: logs one line for what a client has put several into") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRun run(loop, host.port(),
              shell("exit 0\n# faked: line\r\x1b[2J\x7f\xc2\x9b\x9b" + std::string(10000, 'x')));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.logged("running 'sh -c exit 0 # faked: line ?[2J??\xef\xbf\xbdxxx"));
  for (const std::string& line : host.log()) {
    CHECK(line.size() < 1000);
    CHECK(printable(line) == line);
  }
}

TEST_CASE("StreamingServer: a client that breaks the protocol ends its command, and no other") {
  TestLoop loop;
  test::ExecOptions options;
  options.runtime.termination_grace = 1h;
  ExecHost host(loop, std::move(options));
  ExecRun other;
  other.start(loop, host.port(), test::shell_with_stdin("cat; exit 4"));
  REQUIRE(loop.run_until([&] { return other.started; }));
  const auto bad = RawPeer::connect(loop, host.port());
  bad->send("POST " + url_of(host.port(), shell("exit 0")).target +
            " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n" +
            std::string("\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01", 12));
  REQUIRE(loop.run_until([&] { return bad->ended(); }));
  bad->close();
  // The other's connection and command.
  REQUIRE(loop.run_until([&] { return host.sessions() == 2; }));
  CHECK(host.logged("version"));
  other.streams.standard_input.end();
  REQUIRE(loop.run_until([&] { return other.over(); }));
  CHECK(other.code() == 4);
  host.stop_listening();
  REQUIRE(loop.run_out());
}
