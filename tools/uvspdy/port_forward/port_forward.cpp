#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_line/help.h"
#include "commands.h"
#include "deadline.h"
#include "flags/client_flags.h"
#include "flags/pod_flags.h"
#include "flags/pod_name.h"
#include "line_writer.h"
#include "loop.h"
#include "port_forward/listeners.h"
#include "port_forward/specs.h"
#include "report.h"
#include "stop_signals.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/client/port_forward_client.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {
using namespace std::chrono_literals;

namespace {

// Delays between attempts to reconnect.
constexpr std::chrono::milliseconds kFirstDelay = 500ms;
constexpr std::chrono::milliseconds kLongestDelay = 30s;

// How many local connections may wait for a reconnect.
constexpr std::size_t kMostWaiting = 256;

// How long, at the end, the connection may take to close, or a credential plugin to end, which gets
// SIGKILL a second after SIGTERM; and local programs to read what came for them, if there are any.
constexpr std::chrono::seconds kGoodbye{2};
constexpr std::chrono::seconds kLeaveGrace{5};
static_assert(kLeaveGrace < kTimeToEndInOrder && kGoodbye < kTimeToEndInOrder);

constexpr const char* kExamples = R"(# Port 8080 of this machine is port 80 of the pod, 5432 is 5432
uvspdy port-forward web 8080:80 5432
# A free port of this machine, which the first line of output names
uvspdy port-forward pod/web :80
# For other machines, too; the connection is made anew when it is lost
uvspdy port-forward --address 0.0.0.0 --reconnect web 8080:80
)";

struct PortForwardFlags {
  ClientFlags client;
  std::vector<std::string> addresses = {"localhost"};
  bool reconnect = false;
  std::optional<std::chrono::milliseconds> pod_running_timeout;
  std::string pod;
  std::vector<std::string> ports;
};

/// The error of a failed dial, in kubectl's words.
std::string why_not_connected(const Error& error) {
  const httpstream::UpgradeFailure* failure = httpstream::upgrade_failure(error);
  if (failure == nullptr) return "Unable to connect to the server: " + error.message();
  const Result<kube::Status> status = kube::parse_status(failure->body);
  if (status && !status->message.empty()) {
    return "Error from server (" + status->reason + "): " + status->message;
  }
  return "error upgrading connection: " + error.message();
}

/// Joins local listeners with a PortForwarder, which it dials again if asked to.
class PortForward {
 public:
  PortForward(uv_loop_t* loop, std::shared_ptr<kube::ApiServer> server,
              kube::PortForwardRequest request, bool reconnect, LineWriter errors)
      : loop_(loop),
        server_(std::move(server)),
        request_(std::move(request)),
        reconnect_(reconnect),
        errors_(std::move(errors)),
        listeners_(
            loop, [this](auto local, const PortSpec& port) { accepted(std::move(local), port); },
            errors_),
        again_(std::in_place, loop, [this] { dial(); }) {}

  /// Runs until it is over; returns the exit code.
  int run(Loop& loop, std::vector<PortSpec> ports, std::vector<LocalAddress> addresses) {
    ports_ = std::move(ports);
    addresses_ = std::move(addresses);
    if (const Error error = signals_.start(loop_, [this](int signal) { stop(signal); })) {
      return report_error("port-forward", error.message());
    }
    dial();
    loop.run();
    const int exit_code = exit_code_.value_or(1);
    const auto grace = forwarded_ == 0 ? kGoodbye : kLeaveGrace;
    loop.run_out(grace, exit_code, [this] { reset_connections(); });
    return exit_code;
  }

 private:
  struct Waiting {
    std::unique_ptr<net::Transport> local;
    PortSpec port;
  };

  void dial() {
    attempt_ = kube::PortForwarder::dial(
        *server_, request_, [this](Result<std::shared_ptr<kube::PortForwarder>> forwarder) {
          dialed(std::move(forwarder));
        });
  }

  void dialed(Result<std::shared_ptr<kube::PortForwarder>> forwarder) {
    if (exit_code_) {
      if (forwarder) (*forwarder)->close();
      return;
    }
    if (!forwarder) {
      const std::string why = why_not_connected(forwarder.error());
      if (listening_) return try_again(why);
      report_line(why);
      return leave(1);
    }
    forwarder_ = std::move(*forwarder);
    forwarder_->on_close([this, number = ++connected_](const Error& error) {
      if (number == connected_) lost(error);
    });
    if (!listening_) return listen();
    delay_ = kFirstDelay;
    errors_.write("connected to pod " + request_.pod + " again");
    for (Waiting& next : std::exchange(waiting_, {})) forward(std::move(next.local), next.port);
  }

  void listen() {
    listening_ = listeners_.listen(ports_, addresses_);
    if (listening_) return;
    std::string all;
    for (const PortSpec& port : ports_) all += (all.empty() ? "" : " ") + to_string(port);
    report_error("port-forward", "unable to listen on any of the requested ports: [" + all + "]");
    leave(1);
  }

  void lost(const Error& error) {
    if (exit_code_ || !forwarder_) return;
    forwarder_.reset();
    const std::string why = "lost connection to pod" + (error ? ": " + error.message() : "");
    if (reconnect_) return try_again(why);
    errors_.write("uvspdy port-forward: " + why);
    leave(1);
  }

  void try_again(const std::string& why) {
    errors_.write(why + "; connecting again in " + std::to_string(delay_.count()) + " ms");
    again_->start(delay_);
    delay_ = std::min(delay_ * 2, kLongestDelay);
  }

  void accepted(std::unique_ptr<net::Transport> local, const PortSpec& port) {
    output_.write("Handling connection for " + std::to_string(port.local));
    if (forwarder_) return forward(std::move(local), port);
    if (waiting_.size() < kMostWaiting) return waiting_.push_back({std::move(local), port});
    errors_.write("a connection for " + std::to_string(port.local) +
                  " was dropped: " + std::to_string(kMostWaiting) + " wait for the pod already");
  }

  void forward(std::unique_ptr<net::Transport> local, const PortSpec& port) {
    ++forwarded_;
    forwarder_->forward(
        std::move(local), port.remote,
        [this, port, number = connected_](const Error& error) { forwarded(port, number, error); });
  }

  void forwarded(const PortSpec& port, std::uint64_t number, const Error& error) {
    --forwarded_;
    if (exit_code_) return;
    const bool is_lost = error.code() == session::Errc::kConnectionLost;
    if (is_lost || error.code() == session::Errc::kConnectionClosed) {
      // The forwarder's on_close reports this, too, but only when local programs have read all.
      if (number == connected_) lost(is_lost ? error : Error());
      return;
    }
    // A local program that breaks its connection is not reported.
    if (!error || error.code().category() == net::uv_category()) return;
    errors_.write("an error occurred forwarding " + std::to_string(port.local) + " -> " +
                  std::to_string(port.remote) + ": " + error.message());
  }

  // A second signal ends the process at once.
  void stop(int signal) {
    if (!exit_code_) return leave(signal == kTimeIsUp ? kTimeIsUpCode : 0);
    reset_connections();
    die_of(signal);
  }

  // Accepts nothing more; bytes that have come are still written, for kLeaveGrace at most.
  void leave(int exit_code) {
    if (exit_code_) return;
    exit_code_ = exit_code;
    listeners_.close();
    waiting_.clear();
    attempt_.cancel();
    again_.reset();
    if (forwarder_) forwarder_->close();
    uv_stop(loop_);
  }

  // When the process ends the kernel closes local connections in order, as if all data had come.
  void reset_connections() const {
    uv_walk(
        loop_,
        [](uv_handle_t* handle, void*) {
          uv_os_fd_t fd = -1;
          if (handle->type != UV_TCP || uv_fileno(handle, &fd) != 0) return;
          const linger at_once{.l_onoff = 1, .l_linger = 0};
          setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        },
        nullptr);
  }

  uv_loop_t* loop_;
  std::shared_ptr<kube::ApiServer> server_;
  kube::PortForwardRequest request_;
  bool reconnect_;
  // These never block, even if they are not read.
  LineWriter output_{STDOUT_FILENO};
  LineWriter errors_;
  std::vector<PortSpec> ports_;
  std::vector<LocalAddress> addresses_;
  LocalListeners listeners_;
  bool listening_ = false;
  net::Attempt attempt_;
  std::shared_ptr<kube::PortForwarder> forwarder_;  // null while not connected
  std::uint64_t connected_ = 0;                     // how often it has connected
  std::size_t forwarded_ = 0;                       // local connections
  std::deque<Waiting> waiting_;                     // connections accepted while not connected
  std::chrono::milliseconds delay_ = kFirstDelay;
  std::optional<net::Timer> again_;
  StopSignals signals_;
  std::optional<int> exit_code_;
};

int port_forward(const PortForwardFlags& flags) {
  if (flags.pod.empty() || flags.ports.empty()) {
    return report_usage_error(
        "port-forward",
        "TYPE/NAME and list of ports are required for port-forward, as in: uvspdy port-forward POD "
        "8080:80");
  }
  const Result<std::string> pod = parse_pod_name(flags.pod);
  if (!pod) return report_usage_error("port-forward", pod.error().message());
  std::vector<PortSpec> ports;
  for (const std::string& text : flags.ports) {
    const Result<PortSpec> port = parse_port_spec(text);
    if (!port) return report_usage_error("port-forward", port.error().message());
    ports.push_back(*port);
  }
  Result<std::vector<LocalAddress>> addresses = parse_local_addresses(flags.addresses);
  if (!addresses) return report_usage_error("port-forward", addresses.error().message());
  Result<kube::ClientConfig> config = read_client_config(flags.client);
  if (!config) return report_error("port-forward", config.error().message());
  kube::PortForwardRequest request;
  request.pod_namespace = config->pod_namespace;
  request.pod = *pod;

  Result<Loop> loop = Loop::open_with_threads();
  if (!loop) return report_error("port-forward", loop.error().message());
  LineWriter errors(STDERR_FILENO);
  auto server = make_api_server(loop->get(), flags.client, std::move(*config), errors);
  if (!server) return report_error("port-forward", server.error().message());
  if (flags.pod_running_timeout) {
    PodFlags waiting{.verb = "port-forward", .client = flags.client, .quiet = true};
    waiting.pod_running_timeout = flags.pod_running_timeout;
    if (!find_container(*loop, **server, waiting, request.pod_namespace, request.pod)) return 1;
  }
  PortForward command(loop->get(), std::move(*server), std::move(request), flags.reconnect,
                      std::move(errors));
  return command.run(*loop, std::move(ports), std::move(*addresses));
}

}  // namespace

void add_port_forward(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("port-forward", "Forward ports of this machine to a pod, until Ctrl-C.");
  auto flags = std::make_shared<PortForwardFlags>();
  add_client_flags(*command, flags->client);
  set_help(*command, {.words = {}, .examples = kExamples});
  command
      ->add_option("--address", flags->addresses,
                   "Addresses to listen on, comma-separated: numeric ones, or localhost, which is "
                   "127.0.0.1 and ::1")
      ->type_name("ADDRESS")
      ->delimiter(',')
      ->allow_extra_args(false)  // the next argument is the pod
      ->capture_default_str();
  command->add_flag("--reconnect", flags->reconnect,
                    "When the connection to the pod is lost, keep listening and connect again, "
                    "after 0.5 s, then twice as long each time, up to 30 s");
  add_pod_running_timeout(*command, flags->pod_running_timeout);
  command->add_option("POD", flags->pod, "The pod: NAME or pod/NAME");
  command->add_option("PORTS", flags->ports, "[LOCAL:]REMOTE, or :REMOTE for a free local port");
  command->callback([flags, &exit_code] { exit_code = port_forward(*flags); });
}

}  // namespace uvspdy::command
