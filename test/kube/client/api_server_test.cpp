// What ApiServer makes of a ClientConfig for each dial.

#include "uvspdy/kube/client/api_server.h"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kube/local/exec_fixture.h"
#include "support/catch.h"
#include "support/full_listener.h"
#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/temporary_folder.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/server/pod_api.h"
#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

using httpstream::HttpExchange;
using test::IsSuccess;
using test::TemporaryFolder;
using test::TestLoop;

/// A server that notes what each request shows, and upgrades none: 401 unless its token is the one
/// that is known, then 403.
struct RefusingServer {
  struct Request {
    std::string target;
    std::string authorization;
    std::string common_name;  // of the client certificate
    bool resumed = false;
  };

  std::unique_ptr<httpstream::HttpServer> http;
  std::vector<Request> requests;
  std::string known_token;

  explicit RefusingServer(TestLoop& loop, bool tls = false) {
    httpstream::HttpServerOptions options;
    if (tls) {
      net::TlsServerOptions security = test::server_options();
      security.client_certificate = net::ClientCertificate::kOptional;
      security.client_ca = {.text = test::test_ca().ca.pem()};
      options.tls = test::server_context(security);
    }
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<HttpExchange>& exchange) { answer(*exchange); },
        std::move(options));
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }

  ClientConfig config(const std::string& scheme = "http") const {
    ClientConfig config;
    config.server = {.scheme = scheme, .host = "127.0.0.1", .port = http->port()};
    if (scheme == "https") config.tls = test::client_options();
    return config;
  }

 private:
  void answer(HttpExchange& exchange) {
    Request request;
    request.target = exchange.request().target;
    request.authorization = exchange.request().headers.get("Authorization").value_or("");
    if (const net::TlsInfo* tls = exchange.tls()) {
      request.resumed = tls->resumed;
      if (tls->peer) request.common_name = tls->peer->common_name;
    }
    const bool known = request.authorization == "Bearer " + known_token;
    requests.push_back(std::move(request));
    exchange.respond(known ? status_response(403, "Forbidden", "no")
                           : status_response(401, "Unauthorized", "who?"));
  }
};

std::shared_ptr<ApiServer> make(TestLoop& loop, ClientConfig config) {
  auto made = ApiServer::create(loop.get(), std::move(config));
  REQUIRE_THAT(made, IsSuccess());
  return *made;
}

/// The HTTP status that a dial is refused with.
int dial(TestLoop& loop, ApiServer& server, const std::string& target = "/api") {
  std::optional<Result<httpstream::Dialed>> result;
  server.dial(target, {"v4.channel.k8s.io"}, [&result](Result<httpstream::Dialed> dialed) {
    CHECK_FALSE(result);
    result = std::move(dialed);
  });
  CHECK_FALSE(result);
  REQUIRE(loop.run_until([&result] { return result.has_value(); }));
  REQUIRE_FALSE(*result);
  INFO(result->error().message());
  const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(result->error());
  REQUIRE(failure != nullptr);
  return failure->status;
}

ExecConfig plugin(const TemporaryFolder& folder, const std::string& script) {
  return {.command = folder.script("plugin", "cd '" + folder.path("") + "'\n" + script),
          .api_version = "client.authentication.k8s.io/v1"};
}

// A shell command that prints an ExecCredential with this status.
std::string print(const std::string& status) {
  return "cat <<END\n"
         R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" +
         status + "}\nEND\n";
}

TEST_CASE("ApiServer: a connection for nobody is closed, and so is what a GET would give") {
  TestLoop loop;
  std::shared_ptr<httpstream::Connection> connection;
  auto listening = httpstream::HttpServer::listen(
      loop.get(), "127.0.0.1", 0, [&](const std::shared_ptr<HttpExchange>& exchange) {
        httpstream::HttpResponse response;
        constexpr std::string_view kProtocols[] = {"v4.channel.k8s.io"};
        if (!httpstream::handshake(exchange->request(), response, kProtocols)) {
          return exchange->respond(response);
        }
        auto made = httpstream::ResponseUpgrader().upgrade_response(*exchange, response, {});
        CHECK_THAT(made, IsSuccess());
        if (made) connection = std::move(*made);
      });
  REQUIRE_THAT(listening, IsSuccess());
  ClientConfig config;
  config.server = {.scheme = "http", .host = "127.0.0.1", .port = (*listening)->port()};
  const auto api_server = make(loop, config);
  api_server->get("/api", {});
  api_server->dial("/api", {"v4.channel.k8s.io"}, {});
  REQUIRE(loop.run_until([&] { return connection && connection->is_closed(); }));
  (*listening)->close();
  REQUIRE(loop.run_out());
}

namespace {

// As the class comment of ApiServer has it.
Error exec_by(uv_loop_t* loop, const std::vector<std::string>& files, const ExecRequest& request,
              RemoteCommandHandlers handlers) {
  Result<Kubeconfig> kubeconfig = Kubeconfig::load(files);
  if (!kubeconfig) return kubeconfig.error();
  Result<ClientConfig> config = kubeconfig->client_config();  // there may be none
  if (!config) return config.error();
  Result<std::shared_ptr<ApiServer>> server = ApiServer::create(loop, std::move(*config));
  if (!server) return server.error();
  exec(**server, request, std::move(handlers));
  return {};
}

}  // namespace

TEST_CASE("ApiServer: on_trace sees the frames of each connection, the first one, too") {
  TestLoop loop;
  test::ExecHost host(loop);
  std::vector<std::string> frames;
  ApiServer::Options options;
  options.on_trace = [&](const session::FrameTrace& frame) {
    frames.push_back(session::to_string(frame));
  };
  ClientConfig config;
  config.server = {.scheme = "http", .host = "127.0.0.1", .port = host.port()};
  auto server = ApiServer::create(loop.get(), config, std::move(options));
  REQUIRE_THAT(server, IsSuccess());
  ExecRequest request = test::shell("exit 0");
  request.pod = "demo";
  for (int i = 0; i < 2; ++i) {
    frames.clear();
    bool over = false;
    exec(**server, request,
         {.on_exit = [&](const Result<ExitStatus>& status) { over = !!status; }});
    if (i == 1) server->reset();  // dropped, its connections go on
    REQUIRE(loop.run_until([&] { return over && host.sessions() == 0; }));
    CHECK(frames.front().starts_with("out SETTINGS"));
    CHECK(frames.back().find("GOAWAY") != std::string::npos);
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE("ApiServer: its options are aggregates, and PING by default", "[api-server]") {
  static_assert(std::is_aggregate_v<ApiServer::Options>);
  static_assert(std::is_aggregate_v<Authenticator::Options>);
  const ApiServer::Options options{.authenticator = {.stdin_available = false},
                                   .proxy_from_environment = true};
  CHECK(options.round_tripper.connection.session.ping_period == std::chrono::seconds(5));
  CHECK_FALSE(options.authenticator.stdin_available);
}

TEST_CASE("ApiServer: its class comment, with a kubeconfig and without", "[api-server]") {
  TestLoop loop;
  const TemporaryFolder folder;
  CHECK(exec_by(loop.get(), {}, {.command = {"ls"}}, {}).code() == Errc::kBadKubeconfig);
  CHECK(exec_by(loop.get(), {folder.path("missing")}, {}, {}).code() == Errc::kBadKubeconfig);
  RefusingServer server(loop);
  const std::string file = folder.write(
      "config",
      "current-context: c\ncontexts: [{name: c, context: {cluster: c}}]\nclusters: [{name: c, "
      "cluster: {server: 'http://127.0.0.1:" +
          std::to_string(server.http->port()) + "'}}]\n");
  std::optional<Result<ExitStatus>> status;
  RemoteCommandHandlers handlers;
  handlers.on_exit = [&status](Result<ExitStatus> how) { status = std::move(how); };
  REQUIRE_THAT(exec_by(loop.get(), {file}, {.command = {"ls"}}, std::move(handlers)), IsSuccess());
  REQUIRE(loop.run_until([&] { return status.has_value(); }));
  CHECK_FALSE(*status);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ApiServer: a 401 makes the credential plugin run again", "[api-server]") {
  TestLoop loop;
  const TemporaryFolder folder;
  RefusingServer server(loop, true);
  server.known_token = "token-2";
  ClientConfig config = server.config("https");
  config.credentials.exec =
      plugin(folder, "echo >> runs\n" + print(R"({"token":"token-`grep -c '' runs`"})"));
  const auto api_server = make(loop, config);
  CHECK(dial(loop, *api_server) == 401);
  CHECK(dial(loop, *api_server) == 403);
  CHECK(dial(loop, *api_server) == 403);  // and that one is kept
  REQUIRE(server.requests.size() == 3);
  CHECK(server.requests[0].authorization == "Bearer token-1");
  CHECK(server.requests[1].authorization == "Bearer token-2");
  CHECK(server.requests[2].authorization == "Bearer token-2");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ApiServer: a plugin's certificate reaches TLS, and its sessions are resumed",
          "[api-server]") {
  TestLoop loop;
  const TemporaryFolder folder;
  RefusingServer server(loop, true);
  server.known_token = "t";
  const test::Certificate& jane = test::test_ca().client;
  const nlohmann::json status{{"token", "t"},
                              {"clientCertificateData", jane.pem()},
                              {"clientKeyData", jane.key_pem()},
                              {"expirationTimestamp", "2001-01-01T00:00:00Z"}};
  ClientConfig config = server.config("https");
  folder.write("status", nlohmann::json{{"kind", "ExecCredential"},
                                        {"apiVersion", "client.authentication.k8s.io/v1"},
                                        {"status", status}}
                             .dump());
  config.credentials.exec = plugin(folder, "echo >> runs\ncat status\n");
  const auto api_server = make(loop, config);
  for (int i = 0; i < 2; ++i) CHECK(dial(loop, *api_server) == 403);
  REQUIRE(server.requests.size() == 2);
  for (const RefusingServer::Request& request : server.requests) {
    CHECK(request.common_name == "jane");
  }
  CHECK_FALSE(server.requests[0].resumed);
  // The plugin has run twice and said the same: that is the same certificate.
  CHECK(server.requests[1].resumed);
  std::ifstream runs(folder.path("runs"));
  CHECK(std::string(std::istreambuf_iterator<char>(runs), {}).size() == 2);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ApiServer: get shows what dial shows, and who is told of requests sees no secret",
          "[api-server]") {
  TestLoop loop;
  const TemporaryFolder folder;
  RefusingServer server(loop, true);
  server.known_token = "secret-2";
  ClientConfig config = server.config("https");
  config.credentials.exec =
      plugin(folder, "echo >> runs\n" + print(R"({"token":"secret-`grep -c '' runs`"})"));
  ApiServer::Options options;
  std::vector<httpstream::HttpRequest> told;
  options.on_request = [&told](const httpstream::HttpRequest& each) { told.push_back(each); };
  const auto made = ApiServer::create(loop.get(), config, std::move(options));
  REQUIRE_THAT(made, IsSuccess());
  const auto get = [&] {
    std::optional<Result<httpstream::HttpResponse>> result;
    (*made)->get("/api", [&result](Result<httpstream::HttpResponse> response) {
      CHECK_FALSE(result);
      result = std::move(response);
    });
    CHECK_FALSE(result);
    REQUIRE(loop.run_until([&result] { return result.has_value(); }));
    REQUIRE_THAT(*result, IsSuccess());
    return (*result)->status;
  };
  CHECK(get() == 401);  // after which the plugin is run again
  CHECK(get() == 403);
  CHECK(dial(loop, **made) == 403);
  REQUIRE(server.requests.size() == 3);
  CHECK(server.requests[0].authorization == "Bearer secret-1");
  CHECK(server.requests[1].authorization == "Bearer secret-2");
  CHECK(server.requests[1].target == "/api");
  CHECK(server.requests[2].authorization == "Bearer secret-2");
  REQUIRE(told.size() == 3);
  CHECK(told[0].method == "GET");
  CHECK(told[2].method == "POST");
  for (const httpstream::HttpRequest& each : told) {
    CHECK(each.target == "/api");
    CHECK(each.headers.get("Authorization").value_or("") == "Bearer <masked>");
    for (const Headers::Field& field : each.headers) {
      CHECK(field.value.find("secret") == std::string::npos);
    }
  }
  CHECK(told[2].headers.get("X-Stream-Protocol-Version").value_or("") == "v4.channel.k8s.io");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ApiServer: a server under a path of its own", "[api-server]") {
  TestLoop loop;
  RefusingServer server(loop);
  for (const char* base : {"/base", "/base/", "/base?query", "/base/?query=/x"}) {
    ClientConfig config = server.config();
    config.server.target = base;
    CHECK(dial(loop, *make(loop, config), "/api/v1?stdin=true") == 401);
    CHECK(server.requests.back().target == "/base/api/v1?stdin=true");
  }
  ClientConfig config = server.config();
  config.server.target = "/?query";
  CHECK(dial(loop, *make(loop, config)) == 401);
  CHECK(server.requests.back().target == "/api");
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ApiServer: the environment's proxies are left alone unless asked for", "[api-server]") {
  const char* const variable = "HTTPS_PROXY";
  const char* const found = std::getenv(variable);
  const std::optional<std::string> before =
      found != nullptr ? std::optional<std::string>(found) : std::nullopt;
  REQUIRE(setenv(variable, "ftp://no-proxy", 1) == 0);
  TestLoop loop;
  ClientConfig config;
  config.server = {.scheme = "https", .host = "server.example", .port = 443};
  const auto by_default = ApiServer::create(loop.get(), config);
  ApiServer::Options options;
  options.proxy_from_environment = true;
  const auto asked = ApiServer::create(loop.get(), config, std::move(options));
  if (before) {
    setenv(variable, before->c_str(), 1);
  } else {
    unsetenv(variable);
  }
  CHECK_THAT(by_default, IsSuccess());
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code() == httpstream::Errc::kBadUrl);
  CHECK(test::mentions(asked.error().message(), {variable}));
}

/// One dial, or one exec, which is to be given up.
struct GivenUp {
  TestLoop& loop;
  bool by_exec;
  std::shared_ptr<ApiServer> server;
  net::Attempt attempt;
  int calls = 0;

  void start(ClientConfig config) {
    server = make(loop, std::move(config));
    const auto ended = [this](const auto& result) {
      ++calls;
      CHECK_FALSE(result);
      if (!result) {
        CHECK(result.error().code() == std::error_code(UV_ECANCELED, net::uv_category()));
      }
      server.reset();
      attempt.cancel();
    };
    if (by_exec) {
      ExecRequest request;
      request.pod = "demo";
      request.command = {"true"};
      attempt = exec(*server, request, {.on_started = {}, .on_exit = ended});
    } else {
      attempt = server->dial("/api", {"v4.channel.k8s.io"}, ended);
    }
    CHECK(calls == 0);
  }

  void cancel() {
    attempt.cancel();
    attempt.cancel();
    CHECK(calls == 0);
  }
};

TEST_CASE("ApiServer: given up at each step, and dropped inside the handler", "[api-server]") {
  TestLoop loop;
  GivenUp dial{loop, GENERATE(false, true)};
  CAPTURE(dial.by_exec);
  ClientConfig config;
  config.server = {.scheme = "https", .host = "127.0.0.1"};
  SECTION("before anything") {
    dial.start(config);
    dial.cancel();
    REQUIRE(loop.run_out());
  }
  SECTION("the plugin") {
    const TemporaryFolder folder;
    config.credentials.exec = plugin(folder, "touch started\nexec sleep 60\n");
    dial.start(config);
    REQUIRE(loop.poll_until([&] { return std::ifstream(folder.path("started")).good(); }));
    dial.cancel();
    REQUIRE(loop.run_out());
  }
  SECTION("connecting") {
    const test::FullListener listener;
    config.server.port = listener.port();
    dial.start(config);
    loop.run_turns(10);
    dial.cancel();
    REQUIRE(loop.run_out());
  }
  SECTION("TLS") {
    test::RawServer server(loop);
    config.server.port = server.port();
    dial.start(config);
    test::RawPeer& peer = server.accept();
    REQUIRE(loop.run_until([&] { return !peer.received().empty(); }));
    dial.cancel();
    REQUIRE(loop.run_until([&] { return peer.ended(); }));
    peer.close();
    REQUIRE(loop.run_out());
  }
  SECTION("the upgrade") {
    test::RawServer server(loop);
    config.server.scheme = "http";
    config.server.port = server.port();
    dial.start(config);
    test::RawPeer& peer = server.accept();
    REQUIRE(loop.run_until([&] { return peer.received().ends_with("\r\n\r\n"); }));
    dial.cancel();
    REQUIRE(loop.run_until([&] { return peer.ended(); }));
    peer.close();
    REQUIRE(loop.run_out());
  }
  CHECK(dial.calls == 1);
}

}  // namespace
}  // namespace uvspdy::kube
