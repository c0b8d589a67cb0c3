// A client like kubectl: it finds its server in a kubeconfig, execs a command, and forwards a
// connection to a port of the pod. The pod here is this machine, with a server that runs in the
// same loop.

#include <unistd.h>
#include <uvspdy/httpstream.h>
#include <uvspdy/kube.h>
#include <uvspdy/net/listener.h>
#include <uvspdy/net/tcp.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace uvspdy;
using namespace uvspdy::kube;
using namespace uvspdy::httpstream;

namespace {

constexpr std::chrono::seconds kConnectTimeout{10};

using TransportPtr = std::unique_ptr<net::Transport>;
using ForwarderPtr = std::shared_ptr<PortForwarder>;

void report(const Error& error) {
  if (error) std::fprintf(stderr, "%s\n", describe(error).c_str());
}

void print(Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

/// The server that the current context names.
Result<std::shared_ptr<ApiServer>> current_server(uv_loop_t* loop,
                                                  const std::vector<std::string>& files) {
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load(files);
  if (!kubeconfig) return kubeconfig.error();
  Result<ClientConfig> config = kubeconfig->client_config();
  if (!config) return config.error();
  return ApiServer::create(loop, std::move(*config));
}

/// Prints the credentials for a request, for programs that send requests by other means.
void print_credentials(uv_loop_t* loop, const ClientConfig& config) {
  Authenticator authenticator(loop, config);
  authenticator.authenticate([](const Result<Authentication>& shown) {
    if (!shown) return report(shown.error());
    for (const auto& [name, value] : shown->headers) {
      std::cout << name << ": " << value << '\n';
    }
  });
}

/// Runs a command in the pod and prints its output.
void run(ApiServer& server, const ExecRequest& request,
         OnceCallback<void(Result<ExitStatus>)> done) {
  const auto output = std::make_shared<StreamReader>();
  RemoteCommandHandlers handlers;
  handlers.on_started = [output](RemoteCommandStreams streams) {
    *output = std::move(streams.standard_output);
    output->on_data(print);
  };
  handlers.on_exit = [output, done = std::move(done)](Result<ExitStatus> status) mutable {
    done(std::move(status));
  };
  kube::exec(server, request, std::move(handlers));
}

/// Joins a connection with a port of the pod, over a SPDY connection of its own.
void forward(ApiServer& server, TransportPtr local, std::uint16_t port) {
  PortForwardRequest request;
  request.pod = "box";
  auto join = [local = std::move(local), port](Result<ForwarderPtr> dialed) mutable {
    if (!dialed) return report(dialed.error());
    const ForwarderPtr forwarder = *dialed;
    forwarder->forward(std::move(local), port, [forwarder](const Error& error) {
      report(error);
      forwarder->close();
    });
  };
  PortForwarder::dial(server, request, std::move(join));
}

// ---- the pod

/// Runs commands on this machine, and connects clients with its ports.
class Machine final : public Runtime {
 public:
  explicit Machine(uv_loop_t* loop) : loop_(loop), commands_(loop) {}

  void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) override {
    commands_.exec(std::move(request), std::move(command));
  }
  void attach(AttachRequest request, std::shared_ptr<ServedCommand> command) override {
    commands_.attach(std::move(request), std::move(command));
  }
  void port_forward(PortForwardRequest, std::shared_ptr<ForwardedConnection> connection) override {
    net::connect_tcp(loop_, "127.0.0.1", connection->port(), kConnectTimeout,
                     [connection](Result<std::unique_ptr<net::Transport>> target) {
                       if (!target) return connection->fail(target.error().message());
                       connection->connect_to(std::move(*target));
                     });
  }

 private:
  uv_loop_t* loop_;
  LocalRuntime commands_;
};

void write_kubeconfig(const std::string& path, std::uint16_t port) {
  std::ofstream(path) << "current-context: box\n"
                         "contexts: [{name: box, context: {cluster: box, user: me}}]\n"
                         "users: [{name: me, user: {}}]\n"
                         "clusters: [{name: box, cluster: {server: 'http://127.0.0.1:"
                      << port << "'}}]\n";
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  uv_loop_t* loop = uv_default_loop();
  StreamingServer pod(loop, std::make_shared<Machine>(loop));
  auto http = HttpServer::listen(loop, "127.0.0.1", 0, [&](const auto& exchange) {
    const auto target = parse_target(exchange->request().target);
    auto request = target ? parse_streaming_target(*target) : target.error();
    if (!request) return exchange->respond(pod.response_for(request.error()));
    pod.serve_authorized(exchange, std::move(*request));
  });
  if (!http) return report(http.error()), 1;
  const std::string path = "/tmp/kube_client-" + std::to_string(getpid()) + ".conf";
  write_kubeconfig(path, (*http)->port());
  auto server = current_server(loop, {path});  // or kubeconfig_files_from_environment()
  unlink(path.c_str());
  if (!server) return report(server.error()), 1;

  ClientConfig with_token;
  with_token.credentials.token = "of-this-example";
  print_credentials(loop, with_token);

  // The port of the pod is an echo server, and "local" a connection that this program has accepted.
  auto echo = net::Listener::listen_tcp(loop, "127.0.0.1", 0, [](TransportPtr accepted) {
    TransportEnds ends = ends_of(std::move(accepted));
    Pump::start(std::move(ends.source), std::move(ends.sink), report);
  });
  if (!echo) return report(echo.error()), 1;
  auto listener = net::Listener::listen_tcp(loop, "127.0.0.1", 0, [&](TransportPtr accepted) {
    forward(**server, std::move(accepted), (*echo)->port());
  });
  if (!listener) return report(listener.error()), 1;
  TransportPtr user;
  const auto stop = [&] {
    user.reset();
    (*listener)->close();
    (*echo)->close();
    (*http)->close();
    pod.stop({});
  };
  const auto use_port = [&](Result<TransportPtr> connected) {
    if (!connected) return report(connected.error()), stop();
    user = std::move(*connected);
    user->set_read_handlers(print, [&](const Error& error) {
      report(error);
      stop();
    });
    user->start_reading();
    static const Bytes kHello = bytes_of("hello, port\n");
    user->write(std::span(&kHello, 1), [&](const auto&) { user->shutdown(report); });
  };

  ExecRequest request;
  request.pod = "box";
  request.command = {"sh", "-c", "echo hello, command; exit 3"};
  run(**server, request, [&](Result<ExitStatus> status) {
    if (!status) return report(status.error()), stop();
    std::printf("exit code %d\n", status->code);
    net::connect_tcp(loop, "127.0.0.1", (*listener)->port(), kConnectTimeout, use_port);
  });
  return uv_run(loop, UV_RUN_DEFAULT);
}
