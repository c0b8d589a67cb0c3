#include "flags/pod_flags.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "report.h"
#include "uvspdy/kube/client/pod.h"
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

struct Finding {
  PodFlags flags;
  std::string pod;
  OnceCallback<void(PodContainer)> handler;
  OnceCallback<void(const std::string&)> fail;

  void found(const Result<kube::Pod>& result) {
    if (!result) return failed(result.error());
    const kube::Pod& known = *result;
    if (known.is_completed()) {
      const std::string what = flags.verb == "exec" ? "exec into" : flags.verb;
      return fail("error: cannot " + what + " a container in a completed pod; current phase is " +
                  known.phase);
    }
    std::string name = flags.container;
    if (name.empty()) {
      const auto chosen = kube::default_container(known);
      if (!chosen) return fail("error: " + chosen.error().message());
      name = chosen->name;
      if (chosen->is_guess && !flags.quiet) {
        report_line("Defaulted container \"" + name + "\" out of: " + kube::container_names(known));
      }
    }
    const kube::Pod::Container* container = known.find(name);
    if (container == nullptr) {
      return fail("error: container " + name + " is not valid for pod " + pod);
    }
    handler({pod, name, container->tty, true});
  }

  void failed(const Error& error) {
    if (is_missing(error)) {
      return fail("Error from server (NotFound): " + kube::refusal(error)->message);
    }
    const bool answered = error.code() == kube::Errc::kRefused;
    if (!answered && error.code() != kube::Errc::kBadPod) {
      return fail("uvspdy " + flags.verb + ": " + error.message());
    }
    if (flags.client.verbosity > 0) {
      report_line("the pod is not shown: " + error.message());
    }
    handler({pod, flags.container, false, false});
  }
};

}  // namespace

void find_container(kube::ApiServer& server, const PodFlags& flags,
                    const std::string& pod_namespace, const std::string& pod,
                    OnceCallback<void(PodContainer)> handler,
                    OnceCallback<void(const std::string& line)> fail) {
  kube::get_pod(server, pod_namespace, pod,
                [finding = Finding{flags, pod, std::move(handler), std::move(fail)}](
                    const Result<kube::Pod>& result) mutable { finding.found(result); });
}

}  // namespace uvspdy::command
