#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "support/test_loop.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "uvspdy/kube/server/streaming_server.h"

namespace uvspdy::test {

/// A Runtime that keeps what it is given, for a test to act on.
class ScriptedRuntime : public kube::Runtime {
 public:
  using CommandPtr = std::shared_ptr<kube::ServedCommand>;

  void exec(kube::ExecRequest request, CommandPtr command) override {
    calls.push_back("exec " + request.container);
    take(std::move(command));
  }
  void attach(kube::AttachRequest request, CommandPtr command) override {
    calls.push_back("attach " + request.container);
    take(std::move(command));
  }
  void port_forward(kube::PortForwardRequest request,
                    std::shared_ptr<kube::ForwardedConnection> connection) override {
    calls.push_back("port_forward " + request.pod + " " + std::to_string(connection->port()));
    connections.push_back(std::move(connection));
  }

  std::vector<std::string> calls;
  std::vector<CommandPtr> commands;
  std::vector<std::shared_ptr<kube::ForwardedConnection>> connections;
  std::function<void()> on_command = [] {};

 private:
  void take(CommandPtr command) {
    commands.push_back(std::move(command));
    on_command();
  }
};

/// A StreamingServer with a ScriptedRuntime behind an HttpServer on loopback. Paths of the API
/// server's and the kubelet's style are taken as authorized; all others are for tokens.
class StreamingHost {
 public:
  explicit StreamingHost(TestLoop& loop, kube::StreamingServer::Options options = {}) {
    options.log = [this](std::string_view line) { log.emplace_back(line); };
    server = std::make_unique<kube::StreamingServer>(loop.get(), runtime, std::move(options));
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
          const auto target = httpstream::parse_target(exchange->request().target);
          CHECK_THAT(target, IsSuccess());
          if (!target || !server) return;
          if (!kube::is_streaming_path(target->path)) return server->serve_token(exchange);
          auto request = kube::parse_streaming_target(*target);
          CHECK_THAT(request, IsSuccess());
          if (!request) return;
          std::visit(
              [this](auto& asked) {
                if constexpr (requires { asked.user; }) asked.user = user;
              },
              *request);
          server->serve_authorized(exchange, std::move(*request));
        });
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }
  StreamingHost(const StreamingHost&) = delete;
  StreamingHost& operator=(const StreamingHost&) = delete;

  std::uint16_t port() const { return http->port(); }

  bool logged(const std::string& text) const {
    for (const std::string& line : log) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }

  std::string user;  // who sends the requests that are taken as authorized
  std::vector<std::string> log;
  std::shared_ptr<ScriptedRuntime> runtime = std::make_shared<ScriptedRuntime>();
  std::unique_ptr<kube::StreamingServer> server;
  std::unique_ptr<httpstream::HttpServer> http;
};

}  // namespace uvspdy::test
