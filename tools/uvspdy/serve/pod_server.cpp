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

std::shared_ptr<kube::LocalRuntime> make_runtime(uv_loop_t* loop, LogHandler log) {
  kube::LocalRuntime::Options runtime;
  runtime.log = std::move(log);
  return std::make_shared<kube::LocalRuntime>(loop, std::move(runtime));
}

kube::StreamingServer::Options streaming_options(const PodServer::Options& options,
                                                 LogHandler log) {
  kube::StreamingServer::Options streaming;
  streaming.log = std::move(log);
  streaming.connection.session.flow_control = options.flow_control;
  return streaming;
}

}  // namespace

PodServer::PodServer(uv_loop_t* loop, const Options& options,
                     const std::shared_ptr<const LogHandler>& log)
    : tls_(options.tls != nullptr),
      authenticates_(options.authenticates),
      authenticator_(options.tokens),
      api_(options.pod, kContainer,
           {options.main_command.use_stdin, options.main_command.stdin_once,
            options.main_command.tty}),
      runtime_(make_runtime(loop, copy_of(log))),
      streaming_(loop, runtime_, streaming_options(options, copy_of(log))) {}

Result<std::unique_ptr<PodServer>> PodServer::start(uv_loop_t* loop, Options options) {
  const auto log = std::make_shared<const LogHandler>(std::move(options.log));
  auto server = std::make_unique<PodServer>(loop, options, log);
  httpstream::HttpServerOptions http;
  http.log = copy_of(log);
  http.tls = options.tls;
  const auto handler = [self = server.get()](const auto& exchange) { self->handle(exchange); };
  Result<std::unique_ptr<httpstream::HttpServer>> listening =
      options.socket_path.empty()
          ? httpstream::HttpServer::listen(loop, options.address, options.port, handler,
                                           std::move(http))
          : httpstream::HttpServer::listen_pipe(loop, options.socket_path, handler,
                                                std::move(http));
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
  if (authenticates_) {
    const Result<kube::User> user = authenticator_.authenticate(request, exchange->tls());
    if (!user) {
      return exchange->respond(
          kube::status_response(401, "Unauthorized", "Unauthorized: " + user.error().message()));
    }
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
  streaming_.serve_authorized(exchange, std::move(*streaming));
}

}  // namespace uvspdy::command
