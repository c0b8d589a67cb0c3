#include "uvspdy/kube/streaming_server.h"

#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include "kube/log_line.h"
#include "kube/remote_command_session.h"
#include "kube/streaming_tokens.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/error.h"
#include "uvspdy/kube/pod_api.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

using httpstream::HttpExchange;

// The path of an operation in front of its token.
std::string_view token_path(const StreamingRequest& request) {
  return std::holds_alternative<ExecRequest>(request) ? "/exec/" : "/attach/";
}

// The last segment of a path, behind one of ours; nothing if it is no such path.
std::optional<std::string_view> token_of(std::string_view path) {
  for (const std::string_view prefix : {"/exec/", "/attach/"}) {
    if (path.starts_with(prefix)) return path.substr(prefix.size());
  }
  return std::nullopt;
}

httpstream::HttpResponse page_not_found() {
  return {404, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, "404 page not found\n"};
}

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
  Result<httpstream::Url> base;
  std::string base_path;  // without a slash at its end
  StreamingTokens tokens;
  std::unordered_set<std::shared_ptr<Session>> sessions;
  bool stopping = false;
  std::function<void()> on_stopped;
  net::Wakeup stopped;

  Shared(uv_loop_t* on_loop, std::shared_ptr<Runtime> given_runtime, Options given)
      : loop(on_loop),
        runtime(std::move(given_runtime)),
        options(std::move(given)),
        base(httpstream::parse_url(options.base_url)),
        tokens(options.token_lifetime, options.max_tokens),
        stopped(loop, [this] {
          if (const auto done = std::exchange(on_stopped, {})) done();
        }) {
    if (base) base_path = base->target.substr(0, base->target.find('?'));
    while (base_path.ends_with('/')) base_path.pop_back();
  }

  StreamingTokens::Time now() const {
    return StreamingTokens::Time(std::chrono::milliseconds(uv_now(loop)));
  }

  Result<std::string> url(StreamingRequest request);

  void log(const HttpExchange& exchange, const Error& error) const {
    if (options.log) options.log(log_line(exchange.peer(), error.message()));
  }

  bool refuse_without_upgrade(HttpExchange& exchange) const;
  void serve(HttpExchange& exchange, const RemoteCommandRequest& request,
             Session::ReadyHandler on_ready);
  void stop(std::function<void()> done);

  void check_stopped() {
    if (sessions.empty() && on_stopped) stopped.schedule();
  }
};

// The upgrader says what is missing. Newer kubectl tries a WebSocket first and takes the answer as
// the sign to come again with SPDY: nothing to log.
bool StreamingServer::Shared::refuse_without_upgrade(HttpExchange& exchange) const {
  if (httpstream::is_spdy_upgrade_request(exchange.request())) return false;
  const auto refused = httpstream::ResponseUpgrader().upgrade_response(exchange, {}, {});
  if (!httpstream::is_upgrade_request(exchange.request())) log(exchange, refused.error());
  return true;
}

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

Result<std::string> StreamingServer::Shared::url(StreamingRequest request) {
  if (!base) return base.error();
  if (const std::string_view why = refusal(request); !why.empty()) {
    return Error(Errc::kBadRequest, std::string(why));
  }
  httpstream::Url url = *base;
  url.target = base_path + std::string(token_path(request));
  uv_update_time(loop);  // a call may come long after the turn began
  const Result<std::string> token = tokens.insert(std::move(request), now());
  if (!token) return token.error();
  url.target += *token;
  return httpstream::to_string(url);
}

void StreamingServer::Shared::stop(std::function<void()> done) {
  stopping = true;
  on_stopped = std::move(done);
  for (const auto& session : sessions) session->stop();
  tokens.clear();
  runtime.reset();  // it hears of no more sessions
  check_stopped();
}

StreamingServer::StreamingServer(uv_loop_t* loop, std::shared_ptr<Runtime> runtime, Options options)
    : shared_(std::make_shared<Shared>(loop, std::move(runtime), std::move(options))) {}

StreamingServer::~StreamingServer() { shared_->stop({}); }

std::size_t StreamingServer::sessions() const { return shared_->sessions.size(); }

void StreamingServer::stop(std::function<void()> done) { shared_->stop(std::move(done)); }

Result<std::string> StreamingServer::exec_url(ExecRequest request) {
  return shared_->url(std::move(request));
}

Result<std::string> StreamingServer::attach_url(AttachRequest request) {
  return shared_->url(std::move(request));
}

httpstream::HttpResponse StreamingServer::response_for(const Error& error) const {
  if (error.code() == Errc::kBadRequest) {
    return status_response(400, "BadRequest", error.message());
  }
  if (error.code() != Errc::kTooManyRequests) {
    return status_response(500, "InternalError", error.message());
  }
  httpstream::HttpResponse response = status_response(429, "TooManyRequests", error.message());
  const auto lifetime =
      std::chrono::ceil<std::chrono::seconds>(shared_->options.token_lifetime).count();
  response.headers.add("Retry-After", std::to_string(lifetime));
  return response;
}

void StreamingServer::serve(const std::shared_ptr<HttpExchange>& exchange) {
  const httpstream::HttpRequest& asked = exchange->request();
  std::string_view path = asked.target;
  path = path.substr(0, path.find('?'));
  const std::string_view base_path = shared_->base_path;
  if (!path.starts_with(base_path)) return exchange->respond(page_not_found());
  path.remove_prefix(base_path.size());
  const auto token = token_of(path);
  if (!token) return exchange->respond(page_not_found());
  if (asked.method != "POST" && asked.method != "GET") {
    httpstream::HttpResponse response = status_response(
        405, "MethodNotAllowed", "streaming takes POST or GET, not " + asked.method);
    response.headers.add("Allow", "GET, POST");
    return exchange->respond(std::move(response));
  }
  if (!shared_->tokens.contains(*token, shared_->now())) {
    return exchange->respond(page_not_found());
  }
  if (shared_->refuse_without_upgrade(*exchange)) return;
  auto request = shared_->tokens.take(*token, shared_->now());
  if (!path.starts_with(token_path(*request))) return exchange->respond(page_not_found());
  serve(exchange, std::move(*request));
}

void StreamingServer::serve(const std::shared_ptr<HttpExchange>& exchange,
                            StreamingRequest request) {
  if (shared_->stopping) {
    return exchange->respond(
        status_response(503, "ServiceUnavailable", "the server is stopping: try another"));
  }
  if (shared_->refuse_without_upgrade(*exchange)) return;
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
