#include "serve/pod_server.h"

#include <utility>

#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/streaming_target.h"

namespace uvspdy::command {
namespace {

constexpr const char* kContainer = "main";

using LogHandler = Callback<void(std::string_view)>;

// The HTTP server, the StreamingServer and the Runtime share one log and may outlive the PodServer.
LogHandler copy_of(const std::shared_ptr<const LogHandler>& log) {
  return [log](std::string_view line) { (*log)(line); };
}

std::shared_ptr<kube::LocalRuntime> make_runtime(uv_loop_t* loop, PodServer::Options& options,
                                                 LogHandler log) {
  kube::LocalRuntime::Options runtime;
  runtime.on_process_started = std::move(options.on_process_started);
  runtime.on_process_over = std::move(options.on_process_over);
  runtime.log = std::move(log);
  return std::make_shared<kube::LocalRuntime>(loop, std::move(runtime));
}

kube::StreamingServer::Options streaming_options(const PodServer::Options& options,
                                                 LogHandler log) {
  kube::StreamingServer::Options streaming;
  streaming.log = std::move(log);
  streaming.connection.session.flow_control = options.flow_control;
  streaming.max_commands = options.max_commands;
  streaming.max_commands_per_user = options.max_commands_per_user;
  return streaming;
}

}  // namespace

PodServer::PodServer(uv_loop_t* loop, Options options, const std::shared_ptr<const LogHandler>& log)
    : tls_(options.tls != nullptr),
      authenticates_(options.authenticates),
      authenticator_(std::move(options.tokens)),
      api_(options.pod, kContainer,
           {options.main_command.use_stdin, options.main_command.stdin_once,
            options.main_command.tty}),
      runtime_(make_runtime(loop, options, copy_of(log))),
      streaming_(loop, runtime_, streaming_options(options, copy_of(log))) {}

Result<std::unique_ptr<PodServer>> PodServer::start(uv_loop_t* loop, Options options) {
  const auto log = std::make_shared<const LogHandler>(std::move(options.log));
  httpstream::HttpServerOptions http;
  http.log = copy_of(log);
  http.tls = options.tls;
  http.max_connections = options.max_connections;
  http.max_connections_per_address = options.max_connections_per_address;
  const std::string address = options.address;
  const std::string socket_path = options.socket_path;
  const std::uint16_t port = options.port;
  auto server = std::make_unique<PodServer>(loop, std::move(options), log);
  const auto handler = [self = server.get()](const auto& exchange) { self->handle(exchange); };
  Result<std::unique_ptr<httpstream::HttpServer>> listening =
      socket_path.empty()
          ? httpstream::HttpServer::listen(loop, address, port, handler, std::move(http))
          : httpstream::HttpServer::listen_pipe(loop, socket_path, handler, std::move(http));
  if (!listening) return listening.error();
  server->http_ = std::move(*listening);
  return server;
}

Error PodServer::start_main(const kube::MainCommand& command,
                            OnceCallback<void(int exit_code)> on_over) {
  return runtime_->start_main(command, std::move(on_over));
}

std::string PodServer::url() const {
  const std::string address = http_->address();
  constexpr std::string_view kUnix = "unix:";
  if (address.starts_with(kUnix)) return "unix://" + address.substr(kUnix.size());
  return (tls_ ? "https://" : "http://") + address;
}

void PodServer::stop(OnceCallback<void()> done) {
  http_->close();
  // Waits for both, since a command may outlive its connection, and a connection its command.
  struct Stopping {
    int left = 2;
    OnceCallback<void()> done;
  };
  const auto stopped = [stopping = std::make_shared<Stopping>(Stopping{2, std::move(done)})] {
    if (--stopping->left == 0) stopping->done();
  };
  runtime_->stop(stopped);
  streaming_.stop(stopped);
}

void PodServer::handle(const std::shared_ptr<httpstream::HttpExchange>& exchange) {
  const httpstream::HttpRequest& request = exchange->request();
  kube::User user;  // without a name: anybody
  if (authenticates_) {
    Result<kube::User> known = authenticator_.authenticate(*exchange);
    if (!known) return exchange->respond(authenticator_.response_for(known.error()));
    user = std::move(*known);
  }
  const Result<httpstream::Target> target = httpstream::parse_target(request.target);
  if (!target || !kube::is_streaming_path(target->path)) {
    return exchange->respond(api_.answer(request));
  }

  if (request.method != "POST" && request.method != "GET") {
    return exchange->respond(kube::status_response(
        405, "MethodNotAllowed", "streaming takes POST or GET, not " + request.method));
  }
  Result<kube::StreamingRequest> streaming = kube::parse_streaming_target(*target);
  if (!streaming) {
    return exchange->respond(kube::status_response(400, "BadRequest", streaming.error().message()));
  }
  const auto refuse = [this](const auto& asked) {
    if constexpr (requires { asked.container; }) return api_.refuse(asked.pod, asked.container);
    return api_.refuse(asked.pod, {});
  };
  if (auto refusal = std::visit(refuse, *streaming)) return exchange->respond(*refusal);
  std::visit(
      [&user](auto& asked) {
        if constexpr (requires { asked.user; }) asked.user = user.name;
      },
      *streaming);
  streaming_.serve_authorized(exchange, std::move(*streaming));
}

}  // namespace uvspdy::command
