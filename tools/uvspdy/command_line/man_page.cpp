#include "command_line/man_page.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "command_line/help.h"
#include "command_line/lines.h"
#include "uvspdy/version.h"

namespace uvspdy::command {
namespace {

// Text as roff takes it back.
std::string escaped(std::string_view text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      default: out += c;
    }
  }
  return out;
}

void add_text(std::string& page, std::string_view text) {
  for_each_line(text, [&page](std::string_view line) {
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(first);
    if (line.starts_with("- ")) {
      page += ".IP \\(bu 2\n";
      line.remove_prefix(2);
    }
    page += line.empty() ? std::string(".PP\n") : escaped(line) + "\n";
  });
}

void add_item(std::string& page, const std::string& name, std::string_view text) {
  page += ".TP\n.B " + escaped(name) + "\n";
  add_text(page, text);
}

void add_options(std::string& page, const CLI::App& command, const std::string& group) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || option->get_group() != group) continue;
    add_item(page, option_line(*option), option->get_description());
  }
}

void add_command(std::string& page, const CLI::App& command) {
  page += ".SH " + escaped(usage(command)) + "\n";
  add_text(page, command.get_description());
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      add_item(page, option->get_name(true), option->get_description());
    }
  }
  for (const std::string& group : command.get_groups()) {
    if (!group.empty() && group != kConnectionGroup) add_options(page, command, group);
  }
  const auto groups = command.get_groups();
  if (std::find(groups.begin(), groups.end(), kConnectionGroup) != groups.end()) {
    page += ".PP\nAnd the options for the server and the credentials, below.\n";
  }
  // A command that is given no footer has the one of all, which is in the description already.
  if (command.get_footer() != command.get_parent()->get_footer()) {
    page += ".PP\n";
    add_text(page, command.get_footer());
  }
  const std::string examples = help_text(command).examples;
  if (examples.empty()) return;
  page += ".PP\nExamples:\n.PP\n.nf\n";
  for_each_line(examples, [&page](std::string_view line) { page += escaped(line) + "\n"; });
  page += ".fi\n";
}

constexpr std::string_view kEnd =
    ".SH ENVIRONMENT\n"
    ".TP\n.B KUBECONFIG\n"
    "Kubeconfig files, separated by colons; without it ~/.kube/config.\n"
    ".TP\n.B KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT\n"
    "In a pod, the server for which its service account is used when there is no kubeconfig.\n"
    ".TP\n.B HTTPS_PROXY, HTTP_PROXY, NO_PROXY\n"
    "Proxies, where the kubeconfig and \\-\\-proxy\\-url name none.\n"
    ".TP\n.B COLUMNS\n"
    "The width of the help, in place of the terminal's.\n"
    ".SH SEE ALSO\n"
    ".BR kubectl (1),\n.BR timeout (1)\n";

}  // namespace

int print_man_page(const CLI::App& app) {
  std::string page = ".TH UVSPDY 1 \"\" \"uvspdy " + std::string(kVersionText) +
                     "\" \"User Commands\"\n.SH NAME\nuvspdy \\- Kubernetes exec, attach, "
                     "port\\-forward and cp, and a server for them\n.SH SYNOPSIS\n.B uvspdy\n" +
                     escaped("COMMAND [OPTIONS] [ARGUMENTS]") + "\n.SH DESCRIPTION\n";
  add_text(page, app.get_description());
  page += ".PP\n";
  add_text(page, app.get_footer());
  const CLI::App* with_server = nullptr;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    add_command(page, *command);
    if (command->get_name() == "exec") with_server = command;
  }
  page +=
      ".SH OPTIONS FOR THE SERVER AND THE CREDENTIALS\nOf exec, attach, port\\-forward and cp.\n";
  if (with_server != nullptr) add_options(page, *with_server, kConnectionGroup);
  page += ".SH EXIT STATUS\n";
  for_each_line(exit_codes(), [&page](std::string_view line) {
    const std::size_t tab = std::min(line.find('\t'), line.size() - 1);
    add_item(page, std::string(line.substr(0, tab)), line.substr(tab + 1));
  });
  page += kEnd;
  std::fputs(page.c_str(), stdout);
  return 0;
}

}  // namespace uvspdy::command
