#include "pod_server.h"

#include <utility>

#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/remotecommand.h"

using namespace uvspdy;

namespace {

constexpr const char* kContainer = "main";

kube::ExecServer::Options exec_options(const PodServer::Options& options) {
  kube::ExecServer::Options exec;
  exec.log = options.log;
  exec.connection.session.flow_control = options.flow_control;
  return exec;
}

}  // namespace

PodServer::PodServer(uv_loop_t* loop, const Options& options)
    : tls_(options.tls != nullptr),
      authenticates_(options.authenticates),
      authenticator_(options.tokens),
      api_(options.pod, kContainer),
      exec_(loop, exec_options(options)) {}

Result<std::unique_ptr<PodServer>> PodServer::start(uv_loop_t* loop, const Options& options) {
  auto server = std::make_unique<PodServer>(loop, options);
  httpstream::HttpServer::Options http;
  http.log = options.log;
  http.tls = options.tls;
  const auto handler = [self = server.get()](const auto& exchange) { self->handle(exchange); };
  Result<std::unique_ptr<httpstream::HttpServer>> listening =
      options.socket_path.empty()
          ? httpstream::HttpServer::listen(loop, options.address, options.port, handler, http)
          : httpstream::HttpServer::listen_pipe(loop, options.socket_path, handler, http);
  if (!listening) return listening.error();
  server->http_ = std::move(*listening);
  return server;
}

std::string PodServer::url() const {
  const std::string address = http_->address();
  constexpr std::string_view kUnix = "unix:";
  if (address.starts_with(kUnix)) return "unix://" + address.substr(kUnix.size());
  return (tls_ ? "https://" : "http://") + address;
}

void PodServer::stop(std::function<void()> done) {
  http_->close();
  exec_.stop(std::move(done));
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
  if (!target || !kube::is_exec_path(target->path)) return exchange->respond(api_.answer(request));

  if (request.method != "POST" && request.method != "GET") {
    return exchange->respond(kube::status_response(
        405, "MethodNotAllowed", "exec takes POST or GET, not " + request.method));
  }
  Result<kube::ExecRequest> exec = kube::parse_exec_target(*target);
  if (!exec) {
    return exchange->respond(kube::status_response(400, "BadRequest", exec.error().message()));
  }
  if (auto refusal = api_.refuse(exec->pod, exec->container)) return exchange->respond(*refusal);
  exec_.serve(exchange, std::move(*exec));
}
