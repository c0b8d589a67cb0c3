#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/test_loop.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/streaming_target.h"
#include "uvspdy/kube/server/streaming_server.h"

namespace uvspdy::test {

/// How a server of commands behaves: both halves' options.
struct ExecOptions {
  kube::StreamingServer::Options streaming;
  kube::LocalRuntime::Options runtime;
};

/// A StreamingServer with a LocalRuntime behind an HttpServer on loopback, as an embedder sets them
/// up, and the lines that they log.
class ExecHost {
 public:
  explicit ExecHost(TestLoop& loop, ExecOptions options = {}) {
    options.streaming.log = [this](std::string_view line) { log_.emplace_back(line); };
    options.runtime.log = [this](std::string_view line) { log_.emplace_back(line); };
    runtime_ = std::make_shared<kube::LocalRuntime>(loop.get(), std::move(options.runtime));
    server_ =
        std::make_unique<kube::StreamingServer>(loop.get(), runtime_, std::move(options.streaming));
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
          const auto target = httpstream::parse_target(exchange->request().target);
          CHECK_THAT(target, IsSuccess());
          auto request = target ? kube::parse_streaming_target(*target) : target.error();
          CHECK_THAT(request, IsSuccess());
          if (request && server_) server_->serve_authorized(exchange, std::move(*request));
        });
    REQUIRE_THAT(listening, IsSuccess());
    http_ = std::move(*listening);
  }
  ExecHost(const ExecHost&) = delete;
  ExecHost& operator=(const ExecHost&) = delete;

  std::uint16_t port() const { return http_->port(); }

  kube::LocalRuntime& runtime() { return *runtime_; }

  /// Connections and commands under way.
  std::size_t sessions() const { return server_->connections() + runtime_->commands(); }

  /// Stops both, and calls back once both have stopped.
  void stop(std::function<void()> done) {
    const auto stopped = [left = std::make_shared<int>(2), done = std::move(done)] {
      if (--*left == 0 && done) done();
    };
    runtime_->stop(stopped);
    server_->stop(stopped);
  }

  /// Stops listening; commands go on.
  void stop_listening() { http_->close(); }

  /// Destroys both.
  void destroy() {
    server_.reset();
    runtime_.reset();
  }

  const std::vector<std::string>& log() const { return log_; }

  /// Whether a line was logged that contains `text`.
  bool logged(const std::string& text) const {
    return std::any_of(log_.begin(), log_.end(), [&text](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

 private:
  std::vector<std::string> log_;
  std::shared_ptr<kube::LocalRuntime> runtime_;
  std::unique_ptr<kube::StreamingServer> server_;
  std::unique_ptr<httpstream::HttpServer> http_;
};

/// One call of kube::exec: what came of it.
class ExecRun {
 public:
  std::string output;
  std::string error_output;
  kube::RemoteCommandStreams streams;
  net::Attempt attempt;
  bool started = false;
  kube::TerminalSize size;  // the first one
  std::string proxy_url;
  std::function<void()> on_started = [] {};

  ExecRun() = default;
  ExecRun(TestLoop& loop, std::uint16_t port, kube::ExecRequest request) {
    start(loop, port, std::move(request));
  }
  ExecRun(const ExecRun&) = delete;
  ExecRun& operator=(const ExecRun&) = delete;

  void start(TestLoop& loop, std::uint16_t port, kube::ExecRequest request,
             httpstream::ConnectionOptions connection = {}) {
    kube::ClientConfig config;
    config.server.host = "127.0.0.1";
    config.server.port = port;
    config.proxy_url = proxy_url;
    kube::ApiServer::Options options;
    options.round_tripper.connection = std::move(connection);
    auto server = kube::ApiServer::create(loop.get(), config, std::move(options));
    REQUIRE_THAT(server, IsSuccess());
    request.pod = "demo";
    attempt = kube::exec(**server, std::move(request),
                         {[this](kube::RemoteCommandStreams opened) {
                            CHECK_FALSE(started);
                            started = true;
                            streams = std::move(opened);
                            collect(streams.standard_output, output);
                            collect(streams.standard_error, error_output);
                            on_started();
                          },
                          [this](Result<kube::ExitStatus> status) {
                            ++exits_;
                            status_ = std::move(status);
                          }},
                         size);
    CHECK(exits_ == 0);  // not inside the call
  }

  bool over() const { return exits_ > 0; }

  /// How it ended; it must have, once.
  const Result<kube::ExitStatus>& status() const {
    REQUIRE(exits_ == 1);
    return *status_;
  }

  /// The exit code that it must have ended with.
  int code() const {
    REQUIRE_THAT(status(), IsSuccess());
    return status()->code;
  }

  /// The error that it must have ended with.
  const Error& error() const {
    REQUIRE_FALSE(status());
    return status().error();
  }

 private:
  void collect(httpstream::StreamReader& reader, std::string& text) {
    reader.on_data([this, &text](Bytes bytes) {
      CHECK(exits_ == 0);  // on_exit is the last call
      text += text_of(bytes);
    });
    reader.on_end([this](const Error&) { CHECK(exits_ == 0); });
  }

  int exits_ = 0;
  std::optional<Result<kube::ExitStatus>> status_;
};

/// A request to run a shell's script.
inline kube::ExecRequest shell(std::string script) {
  kube::ExecRequest request;
  request.command = {"sh", "-c", std::move(script)};
  return request;
}

/// The same with stdin.
inline kube::ExecRequest shell_with_stdin(std::string script) {
  kube::ExecRequest request = shell(std::move(script));
  request.use_stdin = true;
  return request;
}

}  // namespace uvspdy::test
