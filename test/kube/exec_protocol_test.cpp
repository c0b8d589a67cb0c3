// The server's side of v4.channel.k8s.io (WIRE section 6), seen by a client that opens the streams
// by hand.

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/exec_fixture.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/status.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using nlohmann::json;
using test::ExecHost;
using test::ExecRun;
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

/// A client that creates streams one by one and keeps what comes on them. The order in which data
/// and ends come is kept, as "stdout data", "stdout end", "error close", ...
class Client {
 public:
  Client(TestLoop& loop, std::uint16_t port, const ExecRequest& request) : loop_(loop) {
    httpstream::Dialer(loop.get(), url_of(port, request))
        .dial({std::string(kProtocolV4)}, [this](Result<httpstream::Dialed> dialed) {
          CHECK(dialed);
          if (!dialed) return;
          CHECK(dialed->protocol == kProtocolV4);
          connection = std::move(dialed->connection);
        });
    REQUIRE(loop.run_until([this] { return connection != nullptr; }));
    connection->on_close([this](const Error&) { closed = true; });
  }

  /// Creates a stream of a type; the error it was refused with, or success.
  Error create(const std::string& type) {
    std::optional<Error> answer;
    Headers headers;
    if (!type.empty()) headers.add(kStreamType, type);
    connection->create_stream(headers, [&](Result<std::shared_ptr<httpstream::Stream>> stream) {
      answer = stream ? Error() : stream.error();
      if (stream) watch(type, *stream);
    });
    REQUIRE(loop_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  long place(const std::string& event) const {
    const auto found = std::find(events.begin(), events.end(), event);
    CHECK(found != events.end());
    return found - events.begin();
  }

  std::shared_ptr<httpstream::Connection> connection;
  bool closed = false;
  std::map<std::string, std::shared_ptr<httpstream::Stream>> streams;
  std::map<std::string, std::string> data;
  std::vector<std::string> events;

 private:
  void watch(const std::string& type, const std::shared_ptr<httpstream::Stream>& stream) {
    streams[type] = stream;
    stream->on_data([this, type](Bytes bytes) {
      data[type] += text_of(bytes);
      tell(type + " data");
    });
    stream->on_end([this, type] { tell(type + " end"); });
    stream->on_close([this, type](const Error&) { tell(type + " close"); });
  }
  void tell(const std::string& event) {
    if (events.empty() || events.back() != event) events.push_back(event);
  }

  TestLoop& loop_;
};

}  // namespace

TEST_CASE("ExecServer: all output, its ends, the status, its end; then the client's turn") {
  TestLoop loop;
  ExecServer::Options options;
  options.close_grace = 1h;
  ExecHost host(loop, options);
  Client client(loop, host.port(), shell("echo out; echo err >&2; exit 3"));
  CHECK_FALSE(client.create("error"));
  CHECK_FALSE(client.create("stdout"));
  CHECK_FALSE(host.logged("running"));  // a stream is missing
  CHECK_FALSE(client.create("stderr"));
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
  CHECK(host.server().sessions() == 0);
}

TEST_CASE(
    "ExecServer: a client that has its status and does not close is closed after close_grace") {
  TestLoop loop;
  ExecServer::Options options;
  options.close_grace = 50ms;
  ExecHost host(loop, options);
  Client client(loop, host.port(), shell("exit 0"));
  for (const char* type : {"error", "stdout", "stderr"}) CHECK_FALSE(client.create(type));
  REQUIRE(loop.run_until([&] { return client.closed; }));
  CHECK(json::parse(client.data["error"], nullptr, false) == json::parse(to_json(exit_status(0))));
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.server().sessions() == 0);
}

TEST_CASE("ExecServer::stop: calls back once no command runs, though a client has not closed yet") {
  TestLoop loop;
  ExecServer::Options options;
  options.close_grace = 1h;
  options.termination_grace = 1h;
  ExecHost host(loop, options);
  Client client(loop, host.port(), shell("exit 0"));
  for (const char* type : {"error", "stdout", "stderr"}) CHECK_FALSE(client.create(type));
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  bool stopped = false;
  host.server().stop([&] { stopped = true; });
  REQUIRE(loop.run_until([&] { return stopped; }));
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("ExecServer: streams of another type, or a second of one, are refused") {
  TestLoop loop;
  ExecHost host(loop);
  Client client(loop, host.port(), shell("echo out"));
  CHECK_FALSE(client.create("error"));
  for (const char* type : {"error", "stdin", "resize", "data", "Stdout", ""}) {
    CAPTURE(type);
    CHECK(client.create(type).code() == session::Errc::kStreamRefused);
  }
  CHECK_FALSE(client.create("stdout"));
  CHECK(client.create("stdout").code() == session::Errc::kStreamRefused);
  CHECK_FALSE(client.create("stderr"));
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  CHECK(client.data["stdout"] == "out\n");
  CHECK(host.logged("'resize' refused"));
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("ExecServer: the streams may come in any order") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell("cat");
  request.use_stdin = true;
  Client client(loop, host.port(), request);
  for (const char* type : {"stdin", "stderr", "stdout"}) CHECK_FALSE(client.create(type));
  // What is written before the command runs reaches it.
  CHECK_FALSE(client.streams["stdin"]->write(Buffer::copy_of("early input")));
  CHECK_FALSE(client.streams["stdin"]->close());
  CHECK_FALSE(client.create("error"));
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  CHECK(client.data["stdout"] == "early input");
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE(
    "ExecServer: streams that do not come in time: the command is not run, and it is told why") {
  TestLoop loop;
  ExecServer::Options options;
  options.stream_creation_timeout = 500ms;  // enough for the streams that do come
  options.close_grace = 50ms;
  ExecHost host(loop, options);
  Client client(loop, host.port(), shell("echo ran"));
  const bool with_error = GENERATE(true, false);
  if (with_error) CHECK_FALSE(client.create("error"));
  CHECK_FALSE(client.create("stdout"));
  REQUIRE(loop.run_until([&] { return client.closed; }));
  CHECK(client.data["stdout"].empty());
  CHECK_FALSE(host.logged("running"));
  if (with_error) {
    const auto status = parse_status(client.data["error"]);
    REQUIRE(status);
    CHECK_FALSE(status->success);
    CHECK(status->reason == "Timeout");
    CHECK(status->message == "timed out waiting for client to create streams");
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.server().sessions() == 0);
}

TEST_CASE("ExecServer: streams that come when it is too late do not start the command") {
  TestLoop loop;
  ExecServer::Options options;
  options.stream_creation_timeout = 500ms;  // enough for the stream that comes in time
  options.close_grace = 1h;
  ExecHost host(loop, options);
  Client client(loop, host.port(), shell("echo ran"));
  CHECK_FALSE(client.create("error"));
  REQUIRE(loop.run_until([&] { return client.data["error"].ends_with("}"); }));
  (void)client.create("stdout");
  (void)client.create("stderr");
  loop.run_turns(20);
  CHECK_FALSE(host.logged("running"));
  CHECK(client.data["stdout"].empty());
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.server().sessions() == 0);
}

TEST_CASE("ExecServer: no common protocol: 403, and what it takes") {
  TestLoop loop;
  ExecHost host(loop);
  std::optional<Error> error;
  httpstream::Dialer(loop.get(), url_of(host.port(), shell("exit 0")))
      .dial({"v5.channel.k8s.io", "channel.k8s.io"},
            [&](Result<httpstream::Dialed> dialed) { error = dialed ? Error() : dialed.error(); });
  REQUIRE(loop.run_until([&] { return error.has_value(); }));
  const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(*error);
  REQUIRE(failure != nullptr);
  CHECK(failure->status == 403);
  CHECK(failure->headers.values("X-Accepted-Stream-Protocol-Versions") ==
        std::vector<std::string_view>{kProtocolV4});
  CHECK(host.logged("v5.channel.k8s.io"));
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("ExecServer: a terminal is refused with a Status") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRequest request = shell("exit 0");
  request.tty = true;
  ExecRun run(loop, host.port(), request);
  REQUIRE(loop.run_until([&] { return run.over(); }));
  const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(run.error());
  REQUIRE(failure != nullptr);
  CHECK(failure->status == 400);
  const auto status = parse_status(failure->body);
  REQUIRE(status);
  CHECK(status->code == 400);
  CHECK(status->message.find("tty") != std::string::npos);
  CHECK(describe(run.error()).find(status->message) != std::string::npos);
  CHECK_FALSE(run.started);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("ExecServer: what is no SPDY upgrade is answered with 400 and a text") {
  TestLoop loop;
  ExecHost host(loop);
  const std::string headers =
      GENERATE("", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
               "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n");
  const auto client = RawPeer::connect(loop, host.port());
  client->send("POST " + url_of(host.port(), shell("exit 0")).target + " HTTP/1.1\r\n" + headers +
               "\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(client->received().find("unable to upgrade") != std::string::npos);
  client->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.server().sessions() == 0);
}

TEST_CASE("ExecServer: logs one line for what a client has put several into") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRun run(loop, host.port(),
              shell("exit 0\n# faked: line\r\x1b[2J\x7f" + std::string(10000, 'x')));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.code() == 0);
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.logged("running 'sh -c exit 0?# faked: line??[2J?xxx"));
  for (const std::string& line : host.log()) {
    CHECK(line.size() < 1000);
    CHECK(std::none_of(line.begin(), line.end(),
                       [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }));
  }
}

TEST_CASE("ExecServer: a client that breaks the protocol ends its command, and no other") {
  TestLoop loop;
  ExecServer::Options options;
  options.termination_grace = 1h;
  ExecHost host(loop, options);
  ExecRun other;
  other.start(loop, host.port(), test::shell_with_stdin("cat; exit 4"));
  REQUIRE(loop.run_until([&] { return other.started; }));
  const auto bad = RawPeer::connect(loop, host.port());
  bad->send("POST " + url_of(host.port(), shell("exit 0")).target +
            " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n" +
            std::string("\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01", 12));
  REQUIRE(loop.run_until([&] { return bad->ended(); }));
  bad->close();
  REQUIRE(loop.run_until([&] { return host.server().sessions() == 1; }));
  CHECK(host.logged("version"));
  CHECK_FALSE(other.streams.standard_input->close());
  REQUIRE(loop.run_until([&] { return other.over(); }));
  CHECK(other.code() == 4);
  host.stop_listening();
  REQUIRE(loop.run_out());
}
