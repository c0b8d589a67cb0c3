#include "pod_flags.h"

#include <cstdio>
#include <string_view>
#include <utility>

#include "uvspdy/kube/error.h"
#include "uvspdy/kube/pod.h"
#include "uvspdy/kube/status.h"

using namespace uvspdy;

void add_pod_flags(CLI::App& command, PodFlags& flags) {
  flags.verb = command.get_name();
  add_client_flags(command, flags.client);
  command.add_option("-c,--container", flags.container,
                     "The container; else the one that the pod's annotation "
                     "kubectl.kubernetes.io/default-container names, else the first");
  command.add_flag("-i,--stdin", flags.use_stdin, "Pass standard input on");
  command.add_flag("-t,--tty", flags.tty,
                   "Use a terminal: together with -i, and where standard input is one");
  command.add_flag("-q,--quiet", flags.quiet, "Print nothing but what the other side prints");
  command.add_option("POD", flags.pod, "The pod, as NAME or pod/NAME")->required();
}

namespace {

// The name in "NAME" or "pod/NAME"; empty for another type.
std::string pod_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return text;
  const std::string_view type = std::string_view(text).substr(0, slash);
  return type == "pod" || type == "pods" || type == "po" ? text.substr(slash + 1) : std::string();
}

// Whether the server says that there is no such pod; anything else it may say of the request
// itself.
bool is_missing(const Error& error) {
  const kube::Status* status = kube::refusal(error);
  return status != nullptr && status->reason == "NotFound";
}

struct Finding {
  PodFlags flags;
  std::string pod;
  std::function<void(PodContainer)> handler;
  std::function<void(const std::string&)> fail;

  void found(const Result<kube::Pod>& result) const {
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
        std::fprintf(stderr, "Defaulted container \"%s\" out of: %s\n", name.c_str(),
                     kube::container_names(known).c_str());
      }
    }
    const kube::Pod::Container* container = known.find(name);
    if (container == nullptr) {
      return fail("error: container " + name + " is not valid for pod " + pod);
    }
    handler({pod, name, container->tty, true});
  }

  void failed(const Error& error) const {
    if (is_missing(error)) {
      return fail("Error from server (NotFound): " + kube::refusal(error)->message);
    }
    const bool answered = error.code() == kube::Errc::kRefused;
    if (!answered && error.code() != kube::Errc::kBadPod) {
      return fail("uvspdy " + flags.verb + ": " + error.message());
    }
    if (flags.client.verbosity > 0) {
      std::fprintf(stderr, "the pod is not shown: %s\n", error.message().c_str());
    }
    handler({pod, flags.container, false, false});
  }
};

}  // namespace

void find_container(kube::ApiServer& server, const PodFlags& flags,
                    const std::string& pod_namespace, std::function<void(PodContainer)> handler,
                    std::function<void(const std::string& line)> fail) {
  const std::string pod = pod_name(flags.pod);
  if (pod.empty() || pod.find('/') != std::string::npos) {
    return fail("error: '" + flags.pod + "' is no pod: give its name, as NAME or pod/NAME");
  }
  const Finding finding{flags, pod, std::move(handler), std::move(fail)};
  kube::get_pod(server, pod_namespace, pod,
                [finding](const Result<kube::Pod>& result) { finding.found(result); });
}
