#include "flags/pod_flags.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <utility>

#include "flags/size.h"
#include "flags/timeout.h"
#include "report.h"
#include "stop_signals.h"
#include "uvspdy/kube/client/pod.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {

void add_pod_flags(CLI::App& command, PodFlags& flags) {
  flags.verb = command.get_name();
  add_client_flags(command, flags.client);
  command
      .add_option("-c,--container", flags.container,
                  "The container; else the one that the pod's annotation "
                  "kubectl.kubernetes.io/default-container names, else the first")
      ->type_name("NAME");
  command.add_flag("-i,--stdin", flags.use_stdin, "Pass standard input on");
  command.add_flag("-t,--tty", flags.tty,
                   "Use a terminal: together with -i, and where standard input is one");
  command.add_flag("-q,--quiet", flags.quiet,
                   "Leave hints away: which container was chosen, and what is said of terminals; "
                   "errors are told");
  add_pod_running_timeout(command, flags.pod_running_timeout);
  command
      .add_option_function<std::string>(
          "--max-output",
          [&flags](const std::string& text) {
            flags.max_output = parse_size(text);
            if (!flags.max_output) {
              throw CLI::ValidationError("--max-output",
                                         "'" + text +
                                             "' is no size: give a number of bytes, "
                                             "or one with a unit (64Ki, 10M, 1Gi)");
            }
          },
          "End the command, with exit code 1, when it prints more than SIZE bytes to stdout and "
          "stderr together; so many are printed. Units are Kubernetes' (64Ki, 10M, 1Gi)")
      ->type_name("SIZE");
  command.add_option("POD", flags.pod, "The pod, as NAME or pod/NAME")->required();
}

void add_pod_running_timeout(CLI::App& command, std::optional<std::chrono::milliseconds>& time) {
  command
      .add_option_function<std::string>(
          "--pod-running-timeout",
          [&time](const std::string& text) {
            time = parse_timeout(text);
            if (!time || time->count() == 0) {
              throw CLI::ValidationError("--pod-running-timeout",
                                         "'" + text +
                                             "' is no time to wait: give more than 0 seconds, or "
                                             "numbers with their units (5s, 2m, 1m30s)");
            }
          },
          "Wait so long for a pod that is pending. Without it the pod is used as it is, as kubectl "
          "does with a pod that is named")
      ->type_name("TIME");
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

// How long a pod that is pending is left alone before it is asked for again.
constexpr std::chrono::milliseconds kBetweenQuestions{500};

class Finding {
 public:
  Finding(Loop& loop, kube::ApiServer& server, const PodFlags& flags, std::string pod_namespace,
          std::string pod, std::function<bool(const Error&)> is_taken)
      : loop_(loop),
        server_(server),
        flags_(flags),
        pod_namespace_(std::move(pod_namespace)),
        pod_(std::move(pod)),
        is_taken_(std::move(is_taken)),
        again_(loop.get(), [this] { ask(); }) {}

  std::optional<PodContainer> run() {
    const Error error = signals_.start(
        loop_.get(), [this](int signal) { stop(signal); }, StopSignals::kWithQuit);
    if (error) {
      report_error(flags_.verb, error.message());
      return std::nullopt;
    }
    uv_update_time(loop_.get());
    start_ = uv_now(loop_.get());
    ask();
    loop_.run();
    if (signal_ != 0) {
      loop_.run_out(kGoodbye, exit_code_of_stop(signal_), [this] { die_of(signal_); });
      die_of(signal_);
    }
    return result_;
  }

 private:
  // A second signal ends the process at once.
  void stop(int signal) {
    if (std::exchange(signal_, signal) != 0) die_of(signal);
    if (is_waiting_) return uv_stop(loop_.get());
    attempt_.cancel();
  }

  void ask() {
    is_waiting_ = false;
    attempt_ = kube::get_pod(server_, pod_namespace_, pod_, [this](const Result<kube::Pod>& pod) {
      if (signal_ == 0 && pod && waits_for(*pod)) {
        is_waiting_ = true;
        return again_.start(kBetweenQuestions);
      }
      if (signal_ == 0) found(pod);
      uv_stop(loop_.get());
    });
  }

  bool is_pending(const kube::Pod& pod) const {
    return flags_.pod_running_timeout && pod.phase == "Pending";
  }

  bool waits_for(const kube::Pod& pod) const {
    const std::chrono::milliseconds waited(uv_now(loop_.get()) - start_);
    return is_pending(pod) && waited < *flags_.pod_running_timeout;
  }

  void found(const Result<kube::Pod>& result) {
    if (!result) return failed(result.error());
    const kube::Pod& known = *result;
    if (is_pending(known)) {
      return report_line("error: pod " + pod_ +
                         " is still pending after the time of "
                         "--pod-running-timeout");
    }
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
  kube::ApiServer& server_;
  const PodFlags& flags_;
  std::string pod_namespace_;
  std::string pod_;
  std::function<bool(const Error&)> is_taken_;
  std::uint64_t start_ = 0;
  bool is_waiting_ = false;  // until the pod is asked for again
  net::Timer again_;
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
  return Finding(loop, server, flags, pod_namespace, pod, std::move(is_taken)).run();
}

}  // namespace uvspdy::command
