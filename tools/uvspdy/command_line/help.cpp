#include "command_line/help.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "command_line/lines.h"

namespace uvspdy::command {
namespace {

constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kMostWidth = 100;  // longer lines are hard to read
constexpr std::size_t kMargin = 6;

// The width to wrap at: COLUMNS, else that of the terminal at stdout, else 80.
std::size_t output_width() {
  std::size_t width = 0;
  if (const char* given = std::getenv("COLUMNS"); given != nullptr) {
    const std::string_view text = given;
    std::from_chars(text.data(), text.data() + text.size(), width);
  }
  winsize size{};
  if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
  return width == 0 ? kUsualWidth : std::clamp(width, kLeastWidth, kMostWidth);
}

void wrap_line(std::string_view line, std::size_t width, std::size_t margin, std::string& out) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  std::size_t indent = margin + first;
  line.remove_prefix(first);
  std::string current(indent, ' ');
  if (line.starts_with("- ")) indent += 2;
  bool is_empty = true;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (!is_empty && current.size() + 1 + word.size() > width) {
      out += current + "\n";
      current.assign(indent, ' ');
      is_empty = true;
    }
    if (!is_empty) current += ' ';
    current += word;
    is_empty = false;
  }
  out += (is_empty ? "" : current) + "\n";
}

std::string wrapped_comment(std::string_view text, std::size_t width) {
  static constexpr std::string_view kStart = "  # ";
  std::string comment;
  for_each_line(wrapped(text, width - kStart.size()), [&comment](std::string_view line) {
    comment.append(kStart).append(line).append("\n");
  });
  return comment;
}

class HelpFormatter final : public CLI::Formatter {
 public:
  explicit HelpFormatter(HelpText text) : text_(std::move(text)) {}

  const HelpText& text() const { return text_; }

  std::string make_help(const CLI::App* app, std::string /*name*/,
                        CLI::AppFormatMode /*mode*/) const override {
    const std::size_t width = output_width();
    std::string help = wrapped(app->get_description(), width) + "\nUsage: " + usage(*app) + "\n";
    if (!text_.examples.empty()) {
      help += "\nExamples:\n";
      for_each_line(text_.examples, [&help, width](std::string_view line) {
        help += line.starts_with("# ") ? wrapped_comment(line.substr(2), width)
                                       : "  " + std::string(line) + "\n";
      });
    }
    help += commands(*app, width) + arguments(*app, width) + options(*app, width);
    if (!app->get_footer().empty()) help += "\n" + wrapped(app->get_footer(), width);
    return help;
  }

 private:
  static std::string commands(const CLI::App& app, std::size_t width) {
    std::string text;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      if (command->get_group().empty()) continue;
      text += (text.empty() ? "\nCommands:\n  " : "  ") + command->get_name() + "\n" +
              wrapped(command->get_description(), width, kMargin);
    }
    return text;
  }

  static std::string arguments(const CLI::App& app, std::size_t width) {
    std::string text;
    for (const CLI::Option* option : app.get_options()) {
      if (!option->get_positional() || option->get_group().empty()) continue;
      text += (text.empty() ? "\nArguments:\n  " : "  ") + option->get_name(true) + "\n" +
              wrapped(option->get_description(), width, kMargin);
    }
    return text;
  }

  // An empty group hides its options.
  static std::string options(const CLI::App& app, std::size_t width) {
    std::string text;
    for (const std::string& group : app.get_groups()) {
      std::string of_group;
      for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional() || option->get_group() != group) continue;
        of_group +=
            "  " + option_line(*option) + "\n" + wrapped(option->get_description(), width, kMargin);
      }
      if (group.empty() || of_group.empty()) continue;
      text.append("\n").append(group).append(":\n").append(of_group);
    }
    return text;
  }

  HelpText text_;
};

}  // namespace

void set_help(CLI::App& command, HelpText text) {
  command.formatter(std::make_shared<HelpFormatter>(std::move(text)));
}

HelpText help_text(const CLI::App& command) {
  const auto formatter = std::dynamic_pointer_cast<HelpFormatter>(command.get_formatter());
  return formatter ? formatter->text() : HelpText();
}

std::string usage(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  std::string text = (parent == nullptr ? "" : parent->get_name() + " ") + command.get_name();
  if (parent == nullptr) return text + " COMMAND [OPTIONS] [ARGUMENTS]";
  text += " [OPTIONS]";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const bool is_list = option->get_items_expected_max() > 1;
    const std::string name = option->get_name(true) + (is_list ? "..." : "");
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  const std::string words = help_text(command).words;
  return words.empty() ? text : text + " " + words;
}

std::string option_line(const CLI::Option& option) {
  std::string line;
  for (const std::string& name : option.get_snames()) line += (line.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames()) line += (line.empty() ? "--" : ", --") + name;
  if (option.get_items_expected_max() == 0) return line;
  // Behind a colon are the names of checks, or in braces the values that are allowed.
  std::string type = option.get_type_name();
  const std::size_t colon = type.find(':');
  if (colon != std::string::npos) {
    type = type.compare(colon, 2, ":{") == 0 ? type.substr(colon + 1) : type.substr(0, colon);
  }
  if (!type.empty()) line += " " + type;
  if (!option.get_default_str().empty()) line += "=" + option.get_default_str();
  return line;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t margin) {
  std::string out;
  for_each_line(text, [&](std::string_view line) { wrap_line(line, width, margin, out); });
  return out;
}

std::string_view exit_codes() {
  return "0\tThe command has succeeded. A signal that ends serve, or port-forward that forwards "
         "already, is no failure either.\n"
         "1\tIt has failed: the server or the pod cannot be reached or refuses, a file cannot be "
         "read or written, or more output came than --max-output allows.\n"
         "2\tThe command line is wrong. Nothing was sent.\n"
         "124\tThe time of --timeout is over, as with timeout(1).\n"
         "128+N\tSignal N has ended the command: 130 is Ctrl-C, 143 is SIGTERM. exec and attach "
         "end by the signal itself, which a shell shows as this number; a copy that was "
         "interrupted "
         "exits with it. A second signal ends each command at once, by the signal itself.\n"
         "any\texec and attach end with the exit code of the command in the pod: 126 and 127 are "
         "of one that cannot be run or is not there, 128+N of one that signal N has ended. A line "
         "\"command terminated with exit code\" tells these from the codes above. serve -- COMMAND "
         "ends with the exit code of COMMAND.\n";
}

}  // namespace uvspdy::command
