#include <unistd.h>
#include <uv.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line/help.h"
#include "commands.h"
#include "flags/flow_control.h"
#include "flags/port.h"
#include "flags/whole_number.h"
#include "line_writer.h"
#include "loop.h"
#include "report.h"
#include "serve/command_guard.h"
#include "serve/kubeconfig_out.h"
#include "serve/pod_server.h"
#include "serve/server_security.h"
#include "stop_signals.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::command {
namespace {

// How long connections with refused requests may take to close when all else has stopped.
constexpr std::chrono::seconds kGoodbye{1};

constexpr const char* kExamples =
    R"(# kubectl and uvspdy reach a pod "uvspdy" at once; only the owner of the file may
uvspdy serve --kubeconfig-out pod.conf
kubectl --kubeconfig pod.conf exec -it uvspdy -- sh
# A main process with a terminal, for attach
uvspdy serve --listen 127.0.0.1:8080 --pod box -it -- sh
)";

struct ServeOptions {
  std::string listen = "127.0.0.1:0";
  std::string pod = "uvspdy";
  std::string kubeconfig_out;
  kube::MainCommand main_command;
  ServerSecurityFlags security;
  session::FlowControl flow_control = session::FlowControl::kAutomatic;
  std::size_t max_connections = PodServer::Options().max_connections;
  std::size_t max_connections_per_address = PodServer::Options().max_connections_per_address;
  std::size_t max_commands = PodServer::Options().max_commands;
  std::size_t max_commands_per_user = PodServer::Options().max_commands_per_user;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string socket_path;  // of a local socket, in place of host and port
};

// Parses HOST:PORT, with an IPv6 host in brackets and a port that may be 0; or unix:///PATH.
std::optional<Endpoint> parse_endpoint(const std::string& text) {
  if (text.starts_with("unix:///")) return Endpoint{{}, 0, text.substr(7)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  Endpoint endpoint;
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  const auto port = parse_port(std::string_view(text).substr(colon + 1));
  if (!port) return std::nullopt;
  endpoint.port = *port;
  if (endpoint.host == "localhost") endpoint.host = "127.0.0.1";
  return endpoint;
}

int refuse(const Error& error) {
  const bool of_flags = error.code() == kube::Errc::kBadRequest;
  return report_error("serve", error.message(), of_flags ? kUsageError : 1);
}

int serve(const ServeOptions& options) {
  const kube::MainCommand& main_command = options.main_command;
  if (main_command.command.empty() &&
      (main_command.use_stdin || main_command.stdin_once || main_command.tty)) {
    return report_usage_error("serve",
                              "-i, --stdin-once and -t are for a command; give it behind --, as "
                              "in: uvspdy serve -it -- sh");
  }
  if (main_command.stdin_once && !main_command.use_stdin) {
    return report_usage_error("serve", "--stdin-once says when the stdin of -i ends; give -i, too");
  }
  const std::optional<Endpoint> endpoint = parse_endpoint(options.listen);
  if (!endpoint) {
    return report_usage_error("serve",
                              "cannot read --listen '" + options.listen +
                                  "': give HOST:PORT, such as 127.0.0.1:8080, or unix:///PATH");
  }
  const bool guarded = (options.security.has_tls() && options.security.authenticates()) ||
                       KubeconfigOut::makes_certificates(options.kubeconfig_out, options.security);
  const bool local = !endpoint->socket_path.empty() || net::is_loopback(endpoint->host);
  if (!guarded && !local) {
    return report_usage_error(
        "serve", "refusing to listen on " + options.listen +
                     ": whoever reaches this server can run commands; give --tls-cert-file and "
                     "--tls-private-key-file, and --client-ca-file or --token-auth-file, or "
                     "--kubeconfig-out alone, which makes them, or use a "
                     "loopback address such as 127.0.0.1:" +
                     std::to_string(endpoint->port));
  }
  // Before the keys are read, which are none of its business.
  Result<std::unique_ptr<CommandGuard>> guard = CommandGuard::start();
  if (!guard) return report_error("serve", guard.error().message());
  Result<ServerSecurity> security = read_server_security(options.security);
  if (!security) return refuse(security.error());
  std::optional<KubeconfigOut> kubeconfig;
  if (!options.kubeconfig_out.empty()) {
    auto prepared =
        KubeconfigOut::prepare(options.kubeconfig_out, endpoint->host, options.security, *security);
    if (!prepared) return refuse(prepared.error());
    kubeconfig = std::move(*prepared);
  }

  // Declared before the loop, whose last turn may still call main_over.
  int exit_code = 0;
  OnceCallback<void()> stop;
  // Never blocks the server, even if stderr is not read.
  const LineWriter log(STDERR_FILENO);
  Result<Loop> loop = Loop::open();
  if (!loop) return report_error("serve", loop.error().message());
  PodServer::Options server_options;
  server_options.address = endpoint->host;
  server_options.port = endpoint->port;
  server_options.socket_path = endpoint->socket_path;
  server_options.pod = options.pod;
  server_options.tls = security->tls;
  server_options.authenticates = security->authenticates;
  server_options.tokens = security->tokens;
  server_options.flow_control = options.flow_control;
  server_options.log = [log](std::string_view line) { log.write(line); };
  server_options.main_command = options.main_command;
  server_options.max_connections = options.max_connections;
  server_options.max_connections_per_address = options.max_connections_per_address;
  server_options.max_commands = options.max_commands;
  server_options.max_commands_per_user = options.max_commands_per_user;
  const auto check_guard = [log](bool is_there) {
    if (!is_there) log.write("the guard process has gone: killed, this one leaves commands behind");
  };
  CommandGuard* const told = guard->get();
  server_options.on_process_started = [told, check_guard](int pid) {
    check_guard(told->started(pid));
  };
  server_options.on_process_over = [told, check_guard](int pid) { check_guard(told->over(pid)); };
  Result<std::unique_ptr<PodServer>> server =
      PodServer::start(loop->get(), std::move(server_options));
  if (!server) return report_error("serve", server.error().message());
  // Written before the main process starts, which a failure would have to end.
  std::optional<FileReplacement> kubeconfig_file;
  if (kubeconfig) {
    Result<FileReplacement> written = kubeconfig->write((*server)->port(), options.pod);
    if (!written) return report_error("serve", written.error().message());
    kubeconfig_file.emplace(std::move(*written));
  }
  std::optional<CertificateReloader> reloader;
  if (options.security.has_tls()) {
    reloader.emplace(loop->get(), options.security, *security,
                     [log](std::string_view line) { log.write(line); });
  }
  // Stopping takes a few seconds, longer only while a slow client reads on. A second signal ends
  // this process at once, and leaves commands to the guard.
  StopSignals signals;
  stop = [&] {
    (*server)->stop([&] {
      reloader.reset();
      uv_stop(loop->get());
    });
  };
  // Also before the main process starts, which a signal would otherwise leave behind.
  Error error = signals.start(loop->get(), [&, heard = false](int signal) mutable {
    if (std::exchange(heard, true)) die_of(signal);
    stop();
  });
  // The server ends with its main process, with its exit code, unless it is stopping already.
  const auto main_over = [&](int main_exit_code) {
    if (!stop) return;
    exit_code = main_exit_code;
    stop();
  };
  if (!error && !main_command.command.empty())
    error = (*server)->start_main(main_command, main_over);
  // Put in place last, before the line "listening": a server that cannot start changes no file.
  if (!error && kubeconfig_file) error = kubeconfig_file->put_in_place();
  if (error) {
    exit_code = report_error("serve", error.message());
    stop();
  } else {
    std::printf("listening on %s\n", (*server)->url().c_str());
    std::fflush(stdout);
  }
  loop->run();
  loop->run_out(kGoodbye, exit_code);
  return exit_code;
}

}  // namespace

void add_serve(CLI::App& app, const std::vector<std::string>& command_words, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "serve",
      "Let kubectl and uvspdy run commands on this machine, and attach to COMMAND, with which it "
      "ends.");
  auto options = std::make_shared<ServeOptions>();
  command
      ->add_option(
          "--listen", options->listen,
          "HOST:PORT to listen on, port 0 picks a free one; or unix:///PATH, for the user's own "
          "processes")
      ->capture_default_str();
  command->add_option("--pod", options->pod, "The name this machine has as a pod")
      ->capture_default_str();
  command->add_flag("-i,--stdin", options->main_command.use_stdin,
                    "Let one client at a time write to the stdin of COMMAND");
  command->add_flag("--stdin-once", options->main_command.stdin_once,
                    "End that stdin with the first client that had it");
  command->add_flag("-t,--tty", options->main_command.tty, "Give COMMAND a terminal");
  add_server_security(*command, options->security);
  command->add_option("--kubeconfig-out", options->kubeconfig_out,
                      "The file to write a kubeconfig to that kubectl can use at once; only its "
                      "owner may read it. Without --tls-cert-file, --client-ca-file and "
                      "--token-auth-file the server makes a CA and certificates for itself and for "
                      "the kubeconfig, anew at each start, and lets in nobody else. With "
                      "--tls-cert-file the kubeconfig trusts that certificate, and has the first "
                      "token of --token-auth-file");
  add_flow_control(*command, options->flow_control);
  command
      ->add_option("--max-connections", options->max_connections,
                   "How many connections may be open at a time; past it, connections without a "
                   "request are closed, else the newest")
      ->check(check_whole_number<std::size_t>)
      ->capture_default_str();
  command
      ->add_option("--max-connections-per-address", options->max_connections_per_address,
                   "How many of one client address (an IPv6 address: of its /64); a proxy is one "
                   "address")
      ->check(check_whole_number<std::size_t>)
      ->capture_default_str();
  command
      ->add_option("--max-commands", options->max_commands,
                   "How many execs and attaches may be under way at a time; more are answered "
                   "with 429")
      ->check(check_whole_number<std::size_t>)
      ->capture_default_str();
  command
      ->add_option("--max-commands-per-user", options->max_commands_per_user,
                   "How many of one user, where users are authenticated")
      ->check(check_whole_number<std::size_t>)
      ->capture_default_str();
  set_help(*command, {.words = "[-- COMMAND...]", .examples = kExamples});
  command->callback([options, &command_words, &exit_code] {
    options->main_command.command = command_words;
    exit_code = serve(*options);
  });
}

}  // namespace uvspdy::command
