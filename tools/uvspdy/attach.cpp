#include <uv.h>

#include <CLI/CLI.hpp>
#include <string>

#include "command_line/help.h"
#include "commands.h"
#include "flags/pod_flags.h"
#include "flags/pod_name.h"
#include "loop.h"
#include "report.h"
#include "terminal/local_end.h"
#include "uvspdy/kube/client/remote_command_client.h"

namespace uvspdy::command {
namespace {

constexpr const char* kExamples = R"(# The output of a pod's main process, from now on
uvspdy attach web
# The main process of one of several containers, with its terminal
uvspdy attach web -c main -it
)";

// Whether to use a terminal: if the container's process has one, or, if that is unknown, by flags.
bool wants_terminal(PodFlags flags, const PodContainer& found) {
  if (found.is_known && flags.tty && !found.has_tty) {
    if (!flags.quiet) {
      report_line("error: Unable to use a TTY - container " + found.container +
                  " did not allocate one");
    }
    return false;
  }
  flags.tty = flags.tty || found.has_tty;
  return LocalEnd::wants_terminal(flags);
}

int attach(const PodFlags& flags) {
  const Result<std::string> pod = parse_pod_name(flags.pod);
  if (!pod) return report_usage_error("attach", pod.error().message());
  Result<kube::ClientConfig> config = read_client_config(flags.client);
  if (!config) return report_error("attach", config.error().message());
  kube::AttachRequest request;
  request.pod_namespace = config->pod_namespace;
  request.use_stdin = flags.use_stdin;

  Result<Loop> loop = Loop::open_with_threads();
  if (!loop) return report_error("attach", loop.error().message());
  auto server = make_api_server(loop->get(), flags.client, std::move(*config));
  if (!server) return report_error("attach", server.error().message());
  const auto found = find_container(*loop, **server, flags, request.pod_namespace, *pod);
  if (!found) return 1;
  request.pod = found->pod;
  request.container = found->container;
  request.tty = wants_terminal(flags, *found);
  if (request.tty && !flags.quiet) {
    report_line("If you don't see a command prompt, try pressing enter.");
  }
  LocalEnd local_end(loop->get(), flags);
  local_end.run(
      [&](kube::RemoteCommandHandlers handlers, kube::TerminalSize size) {
        return kube::attach(**server, request, std::move(handlers), size);
      },
      request.tty, true);
  loop->run();
  return report_error("attach", "the connection ended without a result");
}

}  // namespace

void add_attach(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("attach", "Join the process that a container runs.");
  auto flags = std::make_shared<PodFlags>();
  add_pod_flags(*command, *flags);
  set_help(*command, {.words = {}, .examples = kExamples});
  command->callback([flags, &exit_code] { exit_code = attach(*flags); });
}

}  // namespace uvspdy::command
