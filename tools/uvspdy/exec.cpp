#include <uv.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "command_words.h"
#include "commands.h"
#include "flags/pod_flags.h"
#include "flags/pod_name.h"
#include "loop.h"
#include "report.h"
#include "terminal/local_end.h"
#include "uvspdy/kube/client/remote_command_client.h"

namespace uvspdy::command {
namespace {

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
  LocalEnd local_end(loop->get(), "exec");
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
  CLI::App* command = app.add_subcommand(
      "exec", "Run a command in a pod and exit as it does: exec [OPTIONS] POD -- COMMAND...");
  auto flags = std::make_shared<ExecFlags>();
  add_pod_flags(*command, *flags);
  show_command_words(*command, "-- COMMAND...");
  command->allow_extras();
  command->callback([flags, command, command_words, &exit_code] {
    const std::vector<std::string> others = command->remaining();
    if (!others.empty() && !others.front().starts_with('-')) {
      exit_code = report_usage_error("exec",
                                     "exec [POD] [COMMAND] is not supported. Use exec [POD] -- "
                                     "[COMMAND] instead");
      return;
    }
    if (!others.empty()) throw CLI::ExtrasError(others);
    flags->command = command_words;
    exit_code = exec(*flags);
  });
}

}  // namespace uvspdy::command
