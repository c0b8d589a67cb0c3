#include "completion/complete.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "command_line/words.h"
#include "completion/cluster_names.h"
#include "flags/client_flags.h"

namespace uvspdy::command {
namespace {

// In the place of the word to complete, to see what it is.
constexpr std::string_view kMark = "\x01";

constexpr int kNoSpace = 2;
constexpr int kNoFiles = 4;

struct Candidates {
  std::vector<std::string> lines;
  int directive = kNoFiles;
};

Candidates files() { return {{}, 0}; }

std::string first_line(const std::string& text) {
  const std::size_t end = text.find_first_of(".;\n");
  return text.substr(0, end);
}

Candidates commands(const CLI::App& app) {
  Candidates candidates;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;
    candidates.lines.push_back(command->get_name() + "\t" + first_line(command->get_description()));
  }
  return candidates;
}

Candidates flags_of(const CLI::App& command) {
  Candidates candidates;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) {
      candidates.lines.push_back("--" + name + "\t" + first_line(option->get_description()));
    }
  }
  return candidates;
}

/// The words in front of the one to complete, and what that is.
struct Typed {
  std::vector<std::string> flags;  // --name=value
  std::vector<std::string> names;
  std::string flag;               // "--name", whose value is completed
  bool is_behind_dashes = false;  // a word of a command that is run
};

Typed typed_words(const CLI::App& command, std::vector<std::string> words, bool is_flag) {
  // Of a flag there is nothing to see, and it is no name.
  if (!is_flag) words.emplace_back(kMark);
  CommandWords read = read_words(command, words, runs_words(command.get_name()));
  Typed typed;
  typed.is_behind_dashes = !read.behind_dashes.empty();
  const auto dashes = std::find(read.parsed.begin(), read.parsed.end(), "--");
  for (auto word = read.parsed.begin(); word != dashes; ++word) {
    if (word->ends_with(kMark)) {
      typed.flag = word->substr(0, word->find('='));
    } else {
      typed.flags.push_back(std::move(*word));
    }
  }
  if (dashes == read.parsed.end()) return typed;
  typed.names.assign(dashes + 1, read.parsed.end());
  if (!typed.names.empty() && typed.names.back() == kMark) typed.names.pop_back();
  return typed;
}

// The flags for server and credentials out of all that were typed.
ClientFlags client_flags(std::vector<std::string> words) {
  ClientFlags flags;
  CLI::App reader;
  add_client_flags(reader, flags);
  for (CLI::Option* option : reader.get_options()) {
    if (option->get_items_expected_max() <= 1) option->take_last();
  }
  reader.allow_extras();
  std::erase_if(words, [](const std::string& word) { return word.starts_with("--timeout"); });
  std::reverse(words.begin(), words.end());
  reader.parse(std::move(words));
  return flags;
}

Candidates value_of(const Typed& typed) {
  const std::string& flag = typed.flag;
  if (flag == "--flow-control") return {{"automatic", "standard", "none"}};
  for (const char* of_file : {"--kubeconfig", "--certificate-authority", "--client-certificate",
                              "--client-key", "--kubeconfig-out", "--reply"}) {
    if (flag == of_file) return files();
  }
  if (flag.ends_with("-file")) return files();
  if (flag == "--context") return {names_of_contexts(client_flags(typed.flags))};
  if (flag == "--namespace") return {names_of_namespaces(client_flags(typed.flags))};
  if (flag == "--container" && !typed.names.empty()) {
    return {names_of_containers(client_flags(typed.flags), typed.names.front())};
  }
  return {};
}

// Pods as they are named on the command line: web, or pod/web where that was begun.
Candidates pods(const Typed& typed, std::string_view word, std::string_view behind) {
  const std::size_t slash = word.find('/');
  const std::string type(word.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
  Candidates candidates{names_of_pods(client_flags(typed.flags))};
  for (std::string& name : candidates.lines) name = type + name + std::string(behind);
  return candidates;
}

Candidates names_for(const CLI::App& app, const std::string& command, const Typed& typed,
                     const std::string& word) {
  const std::size_t at = typed.names.size();
  if (command == "exec" || command == "attach" || command == "port-forward") {
    return at == 0 ? pods(typed, word, "") : Candidates();
  }
  if (command == "cp") {
    const bool is_path = word.starts_with('/') || word.starts_with('.') || word.starts_with('~');
    if (at > 1 || is_path) return files();
    if (word.find(':') != std::string::npos) return {};
    Candidates candidates = pods(typed, "", ":");
    candidates.directive = kNoSpace;
    return candidates;
  }
  if (command == "help") return at == 0 ? commands(app) : Candidates();
  if (command == "completion") return at == 0 ? Candidates{{"bash", "zsh", "fish"}} : Candidates();
  return files();
}

Candidates find_candidates(CLI::App& app, const std::vector<std::string>& words,
                           const std::string& word) {
  std::vector<std::string> marked = words;
  marked.emplace_back(kMark);
  const std::size_t in_front = count_flags_in_front(app, marked);
  if (in_front == marked.size()) return {};  // the value of a flag
  if (in_front == words.size()) return word.starts_with('-') ? flags_of(app) : commands(app);
  NamedCommand named = find_command(app, marked);
  named.words.pop_back();  // the mark
  const std::string command = named.command->get_name();
  Typed typed = typed_words(*named.command, named.words, word.starts_with('-'));
  if (typed.is_behind_dashes) return command == "serve" ? files() : Candidates();
  if (!typed.flag.empty()) return value_of(typed);
  if (!word.starts_with('-')) return names_for(app, command, typed, word);
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return flags_of(*named.command);
  typed.flag = word.substr(0, equals);
  Candidates candidates = value_of(typed);
  for (std::string& line : candidates.lines) line.insert(0, typed.flag + "=");
  return candidates;
}

}  // namespace

int complete(CLI::App& app, std::vector<std::string> words) {
  // A credential plugin must not read what is being typed.
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (words.empty()) words.emplace_back();
  const std::string word = std::move(words.back());
  words.pop_back();
  Candidates candidates;
  try {
    candidates = find_candidates(app, words, word);
  } catch (const CLI::ParseError&) {
    // Behind a mistake nothing is completed.
  }
  for (const std::string& line : candidates.lines) {
    if (line.starts_with(word)) std::printf("%s\n", line.c_str());
  }
  std::printf(":%d\n", candidates.directive);
  return 0;
}

}  // namespace uvspdy::command
