#include <uv.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "commands.h"
#include "flow_control.h"
#include "loop.h"
#include "pod_server.h"
#include "report.h"
#include "server_security.h"
#include "stop_signals.h"
#include "uvspdy/net/tcp.h"

using namespace uvspdy;

namespace {

struct ServeOptions {
  std::string listen = "127.0.0.1:0";
  std::string pod = "uvspdy";
  ServerSecurityFlags security;
  session::FlowControl flow_control = session::FlowControl::kAutomatic;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string socket_path;  // of a local socket, in place of these
};

// HOST:PORT, an IPv6 host in brackets; port 0 is allowed here. Or unix:///PATH.
std::optional<Endpoint> parse_endpoint(const std::string& text) {
  if (text.starts_with("unix:///")) return Endpoint{{}, 0, text.substr(7)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  Endpoint endpoint;
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, endpoint.port);
  if (error != std::errc() || end != last) return std::nullopt;
  if (endpoint.host == "localhost") endpoint.host = "127.0.0.1";
  return endpoint;
}

int serve(const ServeOptions& options) {
  const std::optional<Endpoint> endpoint = parse_endpoint(options.listen);
  if (!endpoint) {
    return report_error("serve", "cannot read --listen '" + options.listen +
                                     "': give HOST:PORT, such as 127.0.0.1:8080, or unix:///PATH");
  }
  const bool guarded = options.security.has_tls() && options.security.authenticates();
  const bool local = !endpoint->socket_path.empty() || net::is_loopback(endpoint->host);
  if (!guarded && !local) {
    return report_error(
        "serve", "refusing to listen on " + options.listen +
                     ": whoever reaches this server can run commands; give --tls-cert-file and "
                     "--tls-private-key-file, and --client-ca-file or --token-auth-file, or use a "
                     "loopback address such as 127.0.0.1:" +
                     std::to_string(endpoint->port));
  }
  const Result<ServerSecurity> security = read_server_security(options.security);
  if (!security) return report_error("serve", security.error().message());

  Loop loop;
  PodServer::Options server_options;
  server_options.address = endpoint->host;
  server_options.port = endpoint->port;
  server_options.socket_path = endpoint->socket_path;
  server_options.pod = options.pod;
  server_options.tls = security->tls;
  server_options.authenticates = security->authenticates;
  server_options.tokens = security->tokens;
  server_options.flow_control = options.flow_control;
  server_options.log = [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  Result<std::unique_ptr<PodServer>> server = PodServer::start(loop.get(), server_options);
  if (!server) return report_error("serve", server.error().message());

  std::printf("listening on %s\n", (*server)->url().c_str());
  std::fflush(stdout);

  std::optional<CertificateReloader> reloader;
  if (security->tls) {
    reloader.emplace(loop.get(), options.security, *security, server_options.log);
  }
  // Stopping takes a few seconds at most, and ending sooner would leave commands running.
  std::optional<StopSignals> signals;
  signals.emplace(loop.get(), [&] {
    (*server)->stop([&] {
      signals->close();
      reloader.reset();
    });
  });
  loop.run();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("serve", "Let kubectl and uvspdy run commands on this machine");
  auto options = std::make_shared<ServeOptions>();
  command
      ->add_option(
          "--listen", options->listen,
          "HOST:PORT to listen on, port 0 picks a free one; or unix:///PATH, for the user's own "
          "processes")
      ->capture_default_str();
  command->add_option("--pod", options->pod, "The name this machine has as a pod")
      ->capture_default_str();
  add_server_security(*command, options->security);
  add_flow_control(*command, options->flow_control);
  command->callback([options, &exit_code] { exit_code = serve(*options); });
}
