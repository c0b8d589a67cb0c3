#include <uv.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

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

constexpr const char* kExamples = R"(# The output and the exit code of a command in a pod
uvspdy exec web -- date
# In one of several containers
uvspdy exec web -c main -- ls -l /etc
# A shell on a terminal
uvspdy exec -it web -- bash -il
# Standard input from a file
uvspdy exec -i web -- sh -c 'cat >/tmp/copy' <file
# At most a minute, and at most 10 MB of output
uvspdy exec --timeout 1m --max-output 10M web -- ./report
)";

struct ExecFlags : PodFlags {
  std::vector<std::string> command;
};

int exec(const ExecFlags& flags) {
  if (flags.command.empty()) {
    return report_usage_error("exec",
                              "give the command behind --, as in: uvspdy exec ... POD -- ls");
  }
  const Result<std::string> pod = parse_pod_name(flags.pod);
  if (!pod) return report_usage_error("exec", pod.error().message());
  Result<kube::ClientConfig> config = read_client_config(flags.client);
  if (!config) return report_error("exec", config.error().message());
  kube::ExecRequest request;
  request.pod_namespace = config->pod_namespace;
  request.command = flags.command;
  request.use_stdin = flags.use_stdin;

  Result<Loop> loop = Loop::open_with_threads();
  if (!loop) return report_error("exec", loop.error().message());
  auto server = make_api_server(loop->get(), flags.client, std::move(*config));
  if (!server) return report_error("exec", server.error().message());
  const auto found = find_container(*loop, **server, flags, request.pod_namespace, *pod);
  if (!found) return 1;
  request.pod = found->pod;
  request.container = found->container;
  request.tty = LocalEnd::wants_terminal(flags);
  LocalEnd local_end(loop->get(), flags);
  local_end.run(
      [&](kube::RemoteCommandHandlers handlers, kube::TerminalSize size) {
        return kube::exec(**server, request, std::move(handlers), size);
      },
      request.tty, false);
  loop->run();
  return report_error("exec", "the connection ended without a result");
}

}  // namespace

void add_exec(CLI::App& app, const std::vector<std::string>& command_words, int& exit_code) {
  CLI::App* command = app.add_subcommand("exec", "Run a command in a pod and exit as it does.");
  auto flags = std::make_shared<ExecFlags>();
  add_pod_flags(*command, *flags);
  set_help(*command, {.words = "-- COMMAND...", .examples = kExamples});
  command->callback([flags, &command_words, &exit_code] {
    flags->command = command_words;
    exit_code = exec(*flags);
  });
}

}  // namespace uvspdy::command
