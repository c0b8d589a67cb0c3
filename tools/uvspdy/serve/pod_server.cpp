#include "serve/pod_server.h"

#include <utility>

#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/streaming_target.h"

using namespace uvspdy;

namespace {

constexpr const char* kContainer = "main";

std::shared_ptr<kube::LocalRuntime> make_runtime(uv_loop_t* loop,
                                                 const PodServer::Options& options) {
  kube::LocalRuntime::Options runtime;
  runtime.log = options.log;
  return std::make_shared<kube::LocalRuntime>(loop, std::move(runtime));
}

kube::StreamingServer::Options streaming_options(const PodServer::Options& options) {
  kube::StreamingServer::Options streaming;
  streaming.log = options.log;
  streaming.connection.session.flow_control = options.flow_control;
  return streaming;
}

}  // namespace

PodServer::PodServer(uv_loop_t* loop, const Options& options)
    : tls_(options.tls != nullptr),
      authenticates_(options.authenticates),
      authenticator_(options.tokens),
      api_(options.pod, kContainer,
           {options.main_command.use_stdin, options.main_command.stdin_once,
            options.main_command.tty}),
      runtime_(make_runtime(loop, options)),
      streaming_(loop, runtime_, streaming_options(options)) {}

Result<std::unique_ptr<PodServer>> PodServer::start(uv_loop_t* loop, const Options& options) {
  auto server = std::make_unique<PodServer>(loop, options);
  httpstream::HttpServerOptions http;
  http.log = options.log;
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
                            std::function<void(int exit_code)> on_over) {
  return runtime_->start_main(command, std::move(on_over));
}

std::string PodServer::url() const {
  const std::string address = http_->address();
  constexpr std::string_view kUnix = "unix:";
  if (address.starts_with(kUnix)) return "unix://" + address.substr(kUnix.size());
  return (tls_ ? "https://" : "http://") + address;
}

void PodServer::stop(std::function<void()> done) {
  http_->close();
  // Both: a command may outlive its connection, and a connection its command.
  const auto stopped = [left = std::make_shared<int>(2), done = std::move(done)] {
    if (--*left == 0) done();
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
  streaming_.serve(exchange, std::move(*streaming));
}
