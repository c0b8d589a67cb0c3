#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "command_line/help.h"
#include "command_line/man_page.h"
#include "command_line/words.h"
#include "commands.h"
#include "completion/complete.h"
#include "report.h"
#include "standard_descriptors.h"
#include "uvspdy/version.h"

namespace uvspdy::command {
namespace {

constexpr const char* kExamples = R"(# A command in a pod, and a shell on a terminal
uvspdy exec web -- uname -a
uvspdy exec -it web -- sh
# A file from a pod
uvspdy cp web:/var/log/app.log .
# Port 8080 of this machine is port 80 of the pod
uvspdy port-forward web 8080:80
# A server in the place of a pod, and kubectl as its client
uvspdy serve --listen 127.0.0.1:8080 --pod box
kubectl --server http://127.0.0.1:8080 exec box -- date
)";

constexpr const char* kCpExamples =
    R"(# A folder to a pod, and a file from one, in a namespace of its own
uvspdy cp ./site web:/srv
uvspdy cp prod/web:/etc/hostname hostname
# From one of several containers, tried again twice when the connection is lost
uvspdy cp --retries 2 -c main web:/var/log logs
)";

constexpr const char* kDescription =
    "Kubernetes exec, attach, port-forward and cp over SPDY/3.1, with kubectl's flags; and a "
    "server "
    "in the place of a pod.";

constexpr const char* kFooter =
    "Flags may be in front of the command's name or behind it. 'uvspdy COMMAND --help' has the "
    "flags and examples of each command.\n\n"
    "The manual page uvspdy(1) has the exit codes, too.";

// Of a flag that is repeated the last one counts, as with kubectl; lists collect.
void take_last_of_each(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options()) {
      if (!option->get_positional() && option->get_items_expected_max() <= 1) option->take_last();
    }
  }
}

int run(int argc, char** argv) {
  open_standard_descriptors();
  // Writing to a peer or command that has gone must be an error that is reported, not the end of
  // this process.
  std::signal(SIGPIPE, SIG_IGN);
  // So must writing to a file that has the size that `ulimit -f` allows. Commands that this process
  // starts get all signals back.
  std::signal(SIGXFSZ, SIG_IGN);

  CLI::App app{kDescription, "uvspdy"};
  app.set_version_flag("--version", std::string("uvspdy ") + kVersionText,
                       "Print the version and exit");
  app.footer(kFooter);
  set_help(app, {.words = {}, .examples = kExamples});
  app.require_subcommand(1);
  int exit_code = 0;
  // The words of a program to run, which CLI11 must not read: it would interpret brackets and the
  // like. The commands that were added refer to it.
  std::vector<std::string> words;
  add_exec(app, words, exit_code);
  add_attach(app, exit_code);
  add_port_forward(app, exit_code);
  add_cp(app, exit_code);
  add_serve(app, words, exit_code);
  add_dump(app, exit_code);
  add_demo(app, exit_code);
  add_completion(app);
  add_help(app);
  add_version(app);
  set_help(*app.get_subcommand("cp"), {.words = {}, .examples = kCpExamples});
  take_last_of_each(app);
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  std::string name;  // of the command
  try {
    // Hidden commands, for the completion scripts and for the build.
    if (!arguments.empty() && arguments.front() == "__complete") {
      return complete(app, {arguments.begin() + 1, arguments.end()});
    }
    if (arguments == std::vector<std::string>{"__man"}) return print_man_page(app);
    NamedCommand named = find_command(app, arguments);
    std::vector<std::string> parsed;
    if (named.command == nullptr) {
      parsed = std::move(named.words);
    } else {
      name = named.command->get_name();
      CommandWords read = read_words(*named.command, named.words, runs_words(name));
      parsed = std::move(read.parsed);
      parsed.insert(parsed.begin(), name);
      words = std::move(read.behind_dashes);
    }
    std::reverse(parsed.begin(), parsed.end());  // as CLI11 takes them
    app.parse(std::move(parsed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const std::string command = name.empty() ? "uvspdy" : "uvspdy " + name;
    report_line(command + ": " + error.what() + " (see " + command + " --help)");
    return kUsageError;
  } catch (const std::exception& error) {
    // Above all std::bad_alloc.
    report_line(std::string("uvspdy: ") + error.what());
    return 1;
  }
  return exit_code;
}

}  // namespace
}  // namespace uvspdy::command

int main(int argc, char** argv) { return uvspdy::command::run(argc, argv); }
