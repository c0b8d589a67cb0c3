#include <uv.h>

#include <string>
#include <vector>

#include "commands.h"
#include "flags/pod_flags.h"
#include "loop.h"
#include "report.h"
#include "terminal/remote_command.h"
#include "uvspdy/kube/client/remote_command_client.h"

using namespace uvspdy;

namespace {

struct ExecFlags : PodFlags {
  std::vector<std::string> command;
};

int exec(const ExecFlags& flags) {
  if (flags.command.empty()) {
    return report_error("exec", "give the command behind --, as in: uvspdy exec ... POD -- ls", 2);
  }
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
  RemoteCommand command(loop->get(), "exec");
  find_container(
      **server, flags, request.pod_namespace,
      [&](const PodContainer& found) {
        request.pod = found.pod;
        request.container = found.container;
        request.tty = RemoteCommand::wants_terminal(flags);
        request.use_stderr = !request.tty;
        command.run(
            [&](kube::RemoteCommandHandlers handlers, kube::TerminalSize size) {
              return kube::exec(**server, request, std::move(handlers), size);
            },
            request.tty, false);
      },
      [&](const std::string& line) { command.fail(line); });
  loop->run();
  return report_error("exec", "the connection ended without a result");
}

}  // namespace

void add_exec(CLI::App& app, const std::vector<std::string>& command_words, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "exec", "Run a command in a pod and exit as it does: exec [OPTIONS] POD -- COMMAND...");
  auto flags = std::make_shared<ExecFlags>();
  add_pod_flags(*command, *flags);
  command->callback([flags, command_words, &exit_code] {
    flags->command = command_words;
    exit_code = exec(*flags);
  });
}
