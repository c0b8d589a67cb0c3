// StreamingServer: URLs with tokens, time limits, the end.

#include "uvspdy/kube/server/streaming_server.h"

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "kube/client/remote_command_peer.h"
#include "kube/server/scripted_runtime.h"
#include "support/raw_peer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;
using test::RawPeer;
using test::RemoteCommandPeer;
using test::StreamingHost;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

const std::string kUpgrade =
    "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n";

/// What the server answers to a request's head, up to the end of the connection.
std::string answer(TestLoop& loop, std::uint16_t port, const std::string& request,
                   const std::string& headers = kUpgrade) {
  const auto peer = RawPeer::connect(loop, port);
  peer->send(request + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
  REQUIRE(loop.run_until([&] { return peer->ended(); }));
  peer->close();
  return peer->received();
}

StreamingServer::Options with_base(std::string base) {
  StreamingServer::Options options;
  options.base_url = std::move(base);
  return options;
}

ExecRequest exec_of(const std::string& container) {
  ExecRequest request;
  request.container = container;
  request.command = {"x"};
  request.use_stderr = false;
  return request;
}

std::string target_of(const std::string& url) {
  const auto parsed = httpstream::parse_url(url);
  REQUIRE_THAT(parsed, IsSuccess());
  return parsed->target;
}

}  // namespace

TEST_CASE("StreamingServer: a URL for each operation, under the base") {
  TestLoop loop;
  struct Row {
    const char* base;
    const char* start;
  };
  const Row row = GENERATE(Row{"http://127.0.0.1:10010", "http://127.0.0.1:10010/"},
                           Row{"https://node:10250/cri/", "https://node:10250/cri/"},
                           Row{"https://node/a/b", "https://node/a/b/"},
                           Row{"unix:///run/x.sock", "unix:///run/x.sock:/"});
  StreamingServer server(loop.get(), std::make_shared<test::ScriptedRuntime>(),
                         with_base(row.base));
  std::vector<std::string> tokens;
  const auto check = [&](const Result<std::string>& url, const std::string& operation) {
    REQUIRE_THAT(url, IsSuccess());
    CHECK(url->starts_with(row.start + operation + "/"));
    tokens.push_back(url->substr(url->rfind('/') + 1));
    CHECK(tokens.back().size() == 8);
    CHECK(tokens.back().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789-_") == std::string::npos);
  };
  check(server.exec_url(exec_of("c")), "exec");
  check(server.attach_url({}), "attach");
  check(server.port_forward_url({}), "portforward");
  CHECK(tokens[0] != tokens[1]);
  CHECK(tokens[1] != tokens[2]);
}

TEST_CASE("StreamingServer: no URL for a request that makes no sense, nor without a base") {
  TestLoop loop;
  const auto runtime = std::make_shared<test::ScriptedRuntime>();
  StreamingServer server(loop.get(), runtime, with_base("http://127.0.0.1:1"));
  ExecRequest request = exec_of("c");
  request.use_stdout = false;
  CHECK(server.exec_url(request).error().code() == Errc::kBadRequest);
  request.use_stderr = request.tty = true;  // a terminal has one output
  const Error error = server.exec_url(request).error();
  CHECK(error.code() == Errc::kBadRequest);
  CHECK(server.response_for(error).status == 400);
  request.use_stdout = true;
  CHECK_THAT(server.exec_url(request), IsSuccess());
  request.command.clear();
  CHECK(server.exec_url(request).error().code() == Errc::kBadRequest);
  StreamingServer without(loop.get(), runtime);
  const Error bad_url = without.attach_url({}).error();
  CHECK(bad_url.code() == httpstream::Errc::kBadUrl);
  CHECK(without.response_for(bad_url).status == 500);
}

TEST_CASE("StreamingServer: its options are an aggregate, and PING by default") {
  static_assert(std::is_aggregate_v<StreamingServer::Options>);
  StreamingServer::Options options{.base_url = "http://127.0.0.1:1", .max_tokens = 2};
  CHECK(options.connection.session.ping_period == 5s);
  TestLoop loop;
  StreamingServer server(loop.get(), nullptr, std::move(options));
  CHECK_THAT(server.exec_url({.command = {"x"}}), IsSuccess());
}

TEST_CASE("StreamingServer: without a Runtime every request is refused") {
  TestLoop loop;
  StreamingServer::Options options = with_base("http://127.0.0.1:1");
  StreamingServer server(loop.get(), nullptr, std::move(options));
  auto http = httpstream::HttpServer::listen(
      loop.get(), "127.0.0.1", 0, [&](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
        const auto target = httpstream::parse_target(exchange->request().target);
        REQUIRE_THAT(target, IsSuccess());
        if (!is_streaming_path(target->path)) return server.serve_token(exchange);
        server.serve_authorized(exchange, *parse_streaming_target(*target));
      });
  REQUIRE_THAT(http, IsSuccess());
  const auto url = server.exec_url(exec_of("c"));
  REQUIRE_THAT(url, IsSuccess());
  for (const std::string& path :
       {target_of(*url), std::string("/exec/ns/pod/c?command=x&output=1"),
        std::string("/attach/ns/pod/c?output=1"), std::string("/portForward/ns/pod")}) {
    CHECK(answer(loop, (*http)->port(), "POST " + path).starts_with("HTTP/1.1 503 "));
  }
  CHECK(server.connections() == 0);
  server.stop({});
  (*http)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: a URL works once, for its own request") {
  TestLoop loop;
  const std::string path = GENERATE("", "/cri");
  StreamingHost host(loop, with_base("http://127.0.0.1:1" + path));
  const auto url = host.server->exec_url(exec_of("chosen"));
  REQUIRE_THAT(url, IsSuccess());
  const std::string target = target_of(*url);
  CHECK(target.starts_with(path + "/exec/"));
  // What asks for no upgrade does not use it up: a WebSocket that is tried first, say.
  CHECK(answer(loop, host.port(), "GET " + target, "Connection: Upgrade\r\nUpgrade: websocket\r\n")
            .starts_with("HTTP/1.1 400 "));
  CHECK(answer(loop, host.port(), "PUT " + target).starts_with("HTTP/1.1 405 "));
  RemoteCommandPeer client(loop, host.port(), target);
  client.create_all({"error", "stdout"});
  REQUIRE(loop.run_until([&] { return !host.runtime->calls.empty(); }));
  CHECK(host.runtime->calls == std::vector<std::string>{"exec chosen"});
  const std::string again = answer(loop, host.port(), "POST " + target);
  CHECK(again.starts_with("HTTP/1.1 404 "));
  CHECK(again.ends_with("\r\n\r\n404 page not found\n"));
  host.runtime->commands.front()->finish(exit_status(0));
  client.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: what is no URL of ours is not found") {
  TestLoop loop;
  StreamingHost host(loop, with_base("http://127.0.0.1:1/cri"));
  const auto exec = host.server->exec_url(exec_of("c"));
  REQUIRE_THAT(exec, IsSuccess());
  const std::string token = exec->substr(exec->rfind('/') + 1);
  for (const std::string& target :
       {std::string("/"), std::string("/cri"), std::string("/cri/exec"), std::string("/cri/exec/"),
        std::string("/cri/exec/AAAAAAAA"), "/exec/" + token, "/cri/run/" + token,
        "/cri/exec/" + token + "/", "/cri/exec/" + token + "x", "/cri//exec/" + token,
        // Of another operation: the token is used up by that.
        "/cri/attach/" + token, "/cri/exec/" + token}) {
    CAPTURE(target);
    CHECK(answer(loop, host.port(), "POST " + target).starts_with("HTTP/1.1 404 "));
  }
  CHECK(host.runtime->calls.empty());
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: max_tokens at one time, and then 429") {
  TestLoop loop;
  StreamingServer::Options options = with_base("http://127.0.0.1:1");
  CHECK(options.max_tokens == 1000);
  CHECK(options.token_lifetime == 1min);
  StreamingHost host(loop, std::move(options));
  std::string url;
  for (int i = 0; i < 1000; ++i) {
    const auto made = host.server->exec_url(exec_of("c"));
    REQUIRE_THAT(made, IsSuccess());
    url = *made;
  }
  const auto refused = host.server->attach_url({});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::kTooManyRequests);
  CHECK(refused.error().message().starts_with("maximum number of in-flight requests exceeded"));
  const auto response = host.server->response_for(refused.error());
  CHECK(response.status == 429);
  CHECK(response.headers.get("Retry-After") == "60");
  // One that is used makes room for one.
  RemoteCommandPeer client(loop, host.port(), target_of(url));
  CHECK_THAT(host.server->attach_url({}), IsSuccess());
  CHECK_FALSE(host.server->attach_url({}));
  client.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: another method than POST and GET, by a URL and by a path") {
  TestLoop loop;
  StreamingHost host(loop, with_base("http://127.0.0.1:1"));
  std::string target = "/portForward/default/demo";
  PortForwardRequest request;
  request.pod = "demo";
  const std::string url = target_of(*host.server->port_forward_url(request));
  if (GENERATE(true, false)) target = url;
  const auto client = test::RawPeer::connect(loop, host.port());
  client->send("PUT " + target +
               " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
               "X-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().starts_with("HTTP/1.1 405 "));
  CHECK(client->received().find("Allow: GET, POST\r\n") != std::string::npos);
  CHECK(client->received().find("streaming takes POST or GET, not PUT") != std::string::npos);
  client->close();
  // The URL has not been used up.
  RemoteCommandPeer next(loop, host.port(), url, kPortForwardProtocol);
  next.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: a portforward, by a URL and by a path") {
  TestLoop loop;
  StreamingHost host(loop, with_base("http://127.0.0.1:1"));
  std::string target = "/portForward/default/demo";
  if (GENERATE(true, false)) {
    PortForwardRequest request;
    request.pod = "demo";
    target = target_of(*host.server->port_forward_url(request));
  }
  RemoteCommandPeer client(loop, host.port(), target, kPortForwardProtocol);
  int created = 0;
  for (const std::string_view type : {kStreamTypeError, kStreamTypeData}) {
    client.connection->create_stream(
        {{kHeaderStreamType, type}, {kHeaderPort, "8080"}, {kHeaderRequestId, "0"}},
        [&](const auto& stream) {
          CHECK_THAT(stream, IsSuccess());
          ++created;
        });
  }
  REQUIRE(loop.run_until([&] { return created == 2 && !host.runtime->calls.empty(); }));
  CHECK(host.runtime->calls == std::vector<std::string>{"port_forward demo 8080"});
  CHECK(host.server->connections() == 1);
  bool stopped = false;
  host.server->stop([&] { stopped = true; });
  REQUIRE(loop.run_until([&] { return stopped && client.closed; }));
  host.http->close();
  REQUIRE(loop.run_out());
  CHECK(host.server->connections() == 0);
}

TEST_CASE("StreamingServer: a connection over which nothing goes is closed, its PINGs or not") {
  TestLoop loop;
  StreamingServer::Options options;
  CHECK(options.stream_idle_timeout == 4h);
  CHECK(options.stream_creation_timeout == 30s);
  CHECK(options.connection.session.ping_period == 5s);
  options.stream_idle_timeout = 300ms;
  options.connection.session.ping_period = 50ms;
  StreamingHost host(loop, std::move(options));
  RemoteCommandPeer client(loop, host.port(), "/attach/default/demo/main?output=1");
  client.create_all({"error", "stdout"});
  REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == 1; }));
  bool gone = false;
  host.runtime->commands.front()->on_gone([&] { gone = true; });
  REQUIRE(loop.run_until([&] { return gone && client.closed; }));
  host.http->close();
  REQUIRE(loop.run_out());
  CHECK(host.logged("no frame for 300 ms"));
  CHECK(host.server->connections() == 0);
}

TEST_CASE("StreamingServer::stop: ends what waits, lets run what runs, and takes nothing more") {
  TestLoop loop;
  StreamingServer::Options options = with_base("http://127.0.0.1:1");
  options.close_grace = 1h;
  StreamingHost host(loop, std::move(options));
  const std::string target = "/exec/default/demo/main?command=x&output=1";
  RemoteCommandPeer waits(loop, host.port(), target);
  waits.create_all({"error"});
  RemoteCommandPeer runs(loop, host.port(), target);
  runs.create_all({"error", "stdout"});
  RemoteCommandPeer knows(loop, host.port(), target);
  knows.create_all({"error", "stdout"});
  REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == 2; }));
  host.runtime->commands[1]->finish(exit_status(0));
  REQUIRE(loop.run_until([&] { return knows.happened("error end"); }));
  const std::string url = *host.server->exec_url(exec_of("c"));
  CHECK(host.server->connections() == 3);
  bool stopped = false;
  host.server->stop([&] { stopped = true; });
  CHECK_FALSE(stopped);
  REQUIRE(loop.run_until([&] { return waits.closed && knows.closed; }));
  CHECK(answer(loop, host.port(), "POST " + target).starts_with("HTTP/1.1 503 "));
  CHECK(answer(loop, host.port(), "POST " + target_of(url)).starts_with("HTTP/1.1 404 "));
  CHECK_FALSE(runs.closed);
  CHECK_FALSE(stopped);
  auto output = host.runtime->commands[0]->take_standard_output();
  CHECK_THAT(output.write(Buffer::copy_of("last words")), IsSuccess());
  output.end();
  host.runtime->commands[0]->finish(exit_status(4));
  REQUIRE(loop.run_until([&] { return runs.happened("error end"); }));
  CHECK(runs.data["stdout"] == "last words");
  runs.connection->close();
  REQUIRE(loop.run_until([&] { return stopped; }));
  CHECK(host.server->connections() == 0);
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer::stop: a client that does not read has close_grace, not more") {
  TestLoop loop;
  StreamingServer::Options options;
  options.close_grace = 50ms;
  StreamingHost host(loop, std::move(options));
  RemoteCommandPeer client(loop, host.port(), "/exec/default/demo/main?command=x&output=1");
  client.create_all({"error", "stdout"});
  REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == 1; }));
  client.streams["stdout"]->pause();
  const auto& command = host.runtime->commands.front();
  auto output = command->take_standard_output();
  CHECK_THAT(output.write(Buffer(std::string(32 << 20, 'x'))), IsSuccess());
  output.end();
  const bool before = GENERATE(true, false);
  bool stopped = false;
  if (before) command->finish(exit_status(0));
  host.server->stop([&] { stopped = true; });
  if (!before) command->finish(exit_status(0));
  REQUIRE(loop.run_until([&] { return stopped; }));
  client.streams["stdout"]->resume();
  REQUIRE(loop.run_until([&] { return client.closed; }));
  CHECK_FALSE(client.happened("error data"));  // not all of the output has come
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer::stop: a client that says nothing any more has close_grace, not more") {
  TestLoop loop;
  StreamingServer::Options options;
  options.close_grace = 50ms;
  options.connection.close_timeout = 1h;
  StreamingHost host(loop, std::move(options));
  const std::string target =
      GENERATE("/portForward/default/demo", "/exec/default/demo/main?command=x&output=1");
  const std::string protocol(target.starts_with("/exec") ? kProtocolV4 : kPortForwardProtocol);
  CAPTURE(target);
  // It takes what there is, and neither answers nor closes.
  const auto client = test::RawPeer::connect(loop, host.port());
  client->send("POST " + target +
               " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
               "X-Stream-Protocol-Version: " +
               protocol + "\r\n\r\n");
  REQUIRE(loop.run_until([&] { return host.server->connections() == 1; }));
  bool stopped = false;
  host.server->stop([&] { stopped = true; });
  host.http->close();
  REQUIRE(loop.run_until([&] { return stopped; }));
  client->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamingServer: lets go of its Runtime when it is stopped") {
  TestLoop loop;
  StreamingHost host(loop);
  RemoteCommandPeer client(loop, host.port(), "/exec/default/demo/main?command=x&output=1");
  client.create_all({"error"});
  const std::weak_ptr<test::ScriptedRuntime> runtime = host.runtime;
  host.runtime.reset();
  CHECK_FALSE(runtime.expired());
  host.server.reset();
  CHECK(runtime.expired());
  host.http->close();
  REQUIRE(loop.run_out());
  CHECK(client.closed);
}
