#include "flags/pod_flags.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <utility>

#include "report.h"
#include "stop_signals.h"
#include "uvspdy/kube/client/pod.h"
#include "uvspdy/kube/process/exit_code.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::command {

void add_pod_flags(CLI::App& command, PodFlags& flags) {
  flags.verb = command.get_name();
  add_client_flags(command, flags.client);
  command.add_option("-c,--container", flags.container,
                     "The container; else the one that the pod's annotation "
                     "kubectl.kubernetes.io/default-container names, else the first");
  command.add_flag("-i,--stdin", flags.use_stdin, "Pass standard input on");
  command.add_flag("-t,--tty", flags.tty,
                   "Use a terminal: together with -i, and where standard input is one");
  command.add_flag("-q,--quiet", flags.quiet,
                   "Leave hints away: which container was chosen, and what is said of terminals; "
                   "errors are told");
  command.add_option("POD", flags.pod, "The pod, as NAME or pod/NAME")->required();
}

namespace {

// Whether the server answered that the pod does not exist. Any other refusal is ignored here: the
// server may still permit the command's own request.
bool is_missing(const Error& error) {
  const kube::Status* status = kube::refusal(error);
  return status != nullptr && status->reason == "NotFound";
}

// How long a credential plugin has to end; one second after SIGTERM it gets SIGKILL.
constexpr std::chrono::seconds kGoodbye{2};

class Finding {
 public:
  Finding(Loop& loop, const PodFlags& flags, std::string pod,
          std::function<bool(const Error&)> is_taken)
      : loop_(loop), flags_(flags), pod_(std::move(pod)), is_taken_(std::move(is_taken)) {}

  std::optional<PodContainer> run(kube::ApiServer& server, const std::string& pod_namespace) {
    const Error error = signals_.start(
        loop_.get(), [this](int signal) { stop(signal); }, StopSignals::kWithQuit);
    if (error) {
      report_error(flags_.verb, error.message());
      return std::nullopt;
    }
    attempt_ = kube::get_pod(server, pod_namespace, pod_, [this](const Result<kube::Pod>& pod) {
      if (signal_ == 0) found(pod);
      uv_stop(loop_.get());
    });
    loop_.run();
    if (signal_ != 0) {
      loop_.run_out(kGoodbye, kube::exit_code_of_signal(signal_), [this] { die_of(signal_); });
      die_of(signal_);
    }
    return result_;
  }

 private:
  // A second signal ends the process at once.
  void stop(int signal) {
    if (std::exchange(signal_, signal) != 0) die_of(signal);
    attempt_.cancel();
  }

  void found(const Result<kube::Pod>& result) {
    if (!result) return failed(result.error());
    const kube::Pod& known = *result;
    if (known.is_completed()) {
      const std::string what = flags_.verb == "exec" ? "exec into" : flags_.verb;
      return report_line("error: cannot " + what +
                         " a container in a completed pod; current phase is " + known.phase);
    }
    std::string name = flags_.container;
    if (name.empty()) {
      const auto chosen = kube::default_container(known);
      if (!chosen) return report_line("error: " + chosen.error().message());
      name = chosen->name;
      if (chosen->is_guess && !flags_.quiet) {
        report_line("Defaulted container \"" + name + "\" out of: " + kube::container_names(known));
      }
    }
    const kube::Pod::Container* container = known.find(name);
    if (container == nullptr) {
      return report_line("error: container " + name + " is not valid for pod " + pod_);
    }
    result_ = {pod_, name, container->tty, true};
  }

  void failed(const Error& error) {
    if (is_missing(error)) {
      return report_line("Error from server (NotFound): " + kube::refusal(error)->message);
    }
    const bool answered = error.code() == kube::Errc::kRefused;
    if (!answered && error.code() != kube::Errc::kBadPod) {
      if (is_taken_ && is_taken_(error)) return;
      return report_line("uvspdy " + flags_.verb + ": " + error.message());
    }
    if (flags_.client.verbosity > 0) {
      report_line("the pod is not shown: " + error.message());
    }
    result_ = {pod_, flags_.container, false, false};
  }

  Loop& loop_;
  const PodFlags& flags_;
  std::string pod_;
  std::function<bool(const Error&)> is_taken_;
  net::Attempt attempt_;
  StopSignals signals_;
  int signal_ = 0;  // the signal that ends this process
  std::optional<PodContainer> result_;
};

}  // namespace

std::optional<PodContainer> find_container(Loop& loop, kube::ApiServer& server,
                                           const PodFlags& flags, const std::string& pod_namespace,
                                           const std::string& pod,
                                           std::function<bool(const Error&)> is_taken) {
  return Finding(loop, flags, pod, std::move(is_taken)).run(server, pod_namespace);
}

}  // namespace uvspdy::command
