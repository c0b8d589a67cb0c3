#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "command_line/help.h"
#include "command_line/words.h"
#include "commands.h"
#include "completion/scripts.h"
#include "uvspdy/version.h"

namespace uvspdy::command {
namespace {

constexpr const char* kCompletionExamples = R"(# bash, in ~/.bashrc
source <(uvspdy completion bash)
# zsh, in ~/.zshrc behind compinit
source <(uvspdy completion zsh)
# fish
uvspdy completion fish >~/.config/fish/completions/uvspdy.fish
)";

}  // namespace

void add_completion(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "completion",
      "Print a script with which a shell completes commands, flags, pods, containers, namespaces "
      "and contexts. Pods and their like are asked of the server.");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  set_help(*command, {.words = {}, .examples = kCompletionExamples});
  command->callback([shell] {
    const std::string script(completion_script(*shell));
    std::fputs(script.c_str(), stdout);
  });
}

void add_help(CLI::App& app) {
  CLI::App* command = app.add_subcommand("help", "Print the help of a command.");
  auto name = std::make_shared<std::string>();
  command->add_option("COMMAND", *name, "The command; else what there is in all");
  set_help(*command, {});
  command->callback([name, &app] {
    const CLI::App* of = name->empty() ? &app : find_command(app, {*name}).command;
    if (of == nullptr) of = &app;
    std::fputs(of->get_formatter()->make_help(of, {}, CLI::AppFormatMode::Normal).c_str(), stdout);
  });
}

void add_version(CLI::App& app) {
  CLI::App* command = app.add_subcommand("version", "Print the version of this program.");
  command->add_flag_function(
      "--client", [](std::int64_t) {}, "The same: no server is asked");
  set_help(*command, {});
  command->callback([] { std::printf("uvspdy %s\n", kVersionText); });
}

}  // namespace uvspdy::command
