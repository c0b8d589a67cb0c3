#include "uvspdy/kube/streaming_server.h"

#include <array>
#include <unordered_set>
#include <utility>

#include "kube/log_line.h"
#include "kube/remote_command_session.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/kube/pod_api.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

using httpstream::HttpExchange;

// Why there is nothing to do; empty if there is.
std::string_view refusal(const StreamingRequest& request) {
  const auto* exec = std::get_if<ExecRequest>(&request);
  if (exec != nullptr && (exec->command.empty() || exec->command.front().empty())) {
    return "you must specify at least one 'command' parameter";
  }
  const auto streams_nothing = [](const RemoteCommandRequest& common) {
    return !common.use_stdin && !common.use_stdout && (!common.use_stderr || common.tty);
  };
  if (std::visit(streams_nothing, request)) {
    return "you must specify at least one of stdin, stdout, stderr";
  }
  return {};
}

constexpr std::array kRemoteCommandProtocols = {kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1};

}  // namespace

/// Owns the sessions. They hold on to it until they are over, so a server may be dropped before.
struct StreamingServer::Shared : std::enable_shared_from_this<Shared> {
  using Session = RemoteCommandSession::Impl;

  uv_loop_t* loop;
  std::shared_ptr<Runtime> runtime;
  Options options;
  std::unordered_set<std::shared_ptr<Session>> sessions;
  bool stopping = false;
  std::function<void()> on_stopped;
  net::Wakeup stopped;

  Shared(uv_loop_t* on_loop, std::shared_ptr<Runtime> given_runtime, Options given)
      : loop(on_loop),
        runtime(std::move(given_runtime)),
        options(std::move(given)),
        stopped(loop, [this] {
          if (const auto done = std::exchange(on_stopped, {})) done();
        }) {}

  void log(const HttpExchange& exchange, const Error& error) const {
    if (options.log) options.log(log_line(exchange.peer(), error.message()));
  }

  void serve(HttpExchange& exchange, const RemoteCommandRequest& request,
             Session::ReadyHandler on_ready);
  void stop(std::function<void()> done);

  void check_stopped() {
    if (sessions.empty() && on_stopped) stopped.schedule();
  }
};

void StreamingServer::Shared::serve(HttpExchange& exchange, const RemoteCommandRequest& request,
                                    Session::ReadyHandler on_ready) {
  httpstream::HttpResponse response;
  Result<std::string> protocol =
      httpstream::handshake(exchange.request(), response, kRemoteCommandProtocols);
  if (!protocol) {
    exchange.respond(std::move(response));
    return log(exchange, protocol.error());
  }
  const auto session = std::make_shared<Session>(
      loop, request, std::move(*protocol), exchange.peer(), options, std::move(on_ready),
      [shared = shared_from_this()](const std::shared_ptr<Session>& over) {
        shared->sessions.erase(over);
        shared->check_stopped();
      });
  const httpstream::ResponseUpgrader upgrader(options.connection);
  Result<std::shared_ptr<httpstream::Connection>> connection =
      upgrader.upgrade_response(exchange, std::move(response), session->new_stream_handler());
  if (!connection) return log(exchange, connection.error());
  sessions.insert(session);
  session->start(std::move(*connection));
}

void StreamingServer::Shared::stop(std::function<void()> done) {
  stopping = true;
  on_stopped = std::move(done);
  for (const auto& session : sessions) session->stop();
  runtime.reset();  // it hears of no more sessions
  check_stopped();
}

StreamingServer::StreamingServer(uv_loop_t* loop, std::shared_ptr<Runtime> runtime, Options options)
    : shared_(std::make_shared<Shared>(loop, std::move(runtime), std::move(options))) {}

StreamingServer::~StreamingServer() { shared_->stop({}); }

std::size_t StreamingServer::sessions() const { return shared_->sessions.size(); }

void StreamingServer::stop(std::function<void()> done) { shared_->stop(std::move(done)); }

void StreamingServer::serve(const std::shared_ptr<HttpExchange>& exchange,
                            StreamingRequest request) {
  if (shared_->stopping) {
    return exchange->respond(
        status_response(503, "ServiceUnavailable", "the server is stopping: try another"));
  }
  if (!httpstream::is_spdy_upgrade_request(exchange->request())) {
    // The upgrader says what is missing. Newer kubectl tries a WebSocket first and takes the
    // answer as the sign to come again with SPDY: nothing to log.
    const auto refused = httpstream::ResponseUpgrader().upgrade_response(*exchange, {}, {});
    if (!httpstream::is_upgrade_request(exchange->request())) {
      shared_->log(*exchange, refused.error());
    }
    return;
  }
  if (const std::string_view why = refusal(request); !why.empty()) {
    return exchange->respond(status_response(400, "BadRequest", std::string(why)));
  }
  const auto runtime = shared_->runtime;
  if (auto* exec = std::get_if<ExecRequest>(&request)) {
    const RemoteCommandRequest common = *exec;
    return shared_->serve(*exchange, common, [runtime, given = std::move(*exec)](auto session) {
      runtime->exec(given, std::move(session));
    });
  }
  auto& attach = std::get<AttachRequest>(request);
  const RemoteCommandRequest common = attach;
  shared_->serve(*exchange, common, [runtime, given = std::move(attach)](auto session) {
    runtime->attach(given, std::move(session));
  });
}

}  // namespace uvspdy::kube
