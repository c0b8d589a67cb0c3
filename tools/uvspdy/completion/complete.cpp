#include "completion/complete.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include "command_line/words.h"
#include "completion/cluster_names.h"
#include "cp/file_spec.h"
#include "flags/client_flags.h"
#include "flags/pod_name.h"

namespace uvspdy::command {
namespace {

constexpr int kNoSpace = 2;
constexpr int kNoFiles = 4;

// More than the names of a server may take (cluster_names.h). Reading a kubeconfig has no limit of
// its own: the file may be a FIFO without a writer.
constexpr std::chrono::seconds kMostTime{8};

void at_alarm(int /*signal*/) {
  constexpr std::string_view kNothing = ":4\n";
  (void)!write(STDOUT_FILENO, kNothing.data(), kNothing.size());
  _exit(0);
}

void limit_time() {
  struct sigaction action {};
  action.sa_handler = at_alarm;
  sigaction(SIGALRM, &action, nullptr);
  // A blocked signal is inherited from the process that started this one.
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarms, nullptr);
  alarm(static_cast<unsigned>(kMostTime.count()));
}

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

// In the place of the word to complete, to see what it is: a name, or a flag that each command has.
constexpr const char* kNameMark = "\x01";
constexpr const char* kFlagMark = "--help";

/// What the word to complete is.
enum class Kind {
  kName,         ///< an argument
  kFlag,         ///< a flag, maybe with "=" and a value
  kValueOfFlag,  ///< the value of the flag in front of it
  kProgramWord,  ///< behind "--": of a program that is run
};

/// What was typed.
struct Typed {
  Kind kind = Kind::kName;
  std::string flag;                // of kValueOfFlag: "--name"
  std::vector<std::string> flags;  // in front of the word: --name=value
  std::vector<std::string> names;  // in front of the word
};

Typed typed_words(const CLI::App& command, std::vector<std::string> words,
                  const std::string& word) {
  const std::string mark = word.starts_with('-') ? kFlagMark : kNameMark;
  words.push_back(mark);
  CommandWords read = read_words(command, words, runs_words(command.get_name()));
  Typed typed;
  const auto dashes = std::find(read.parsed.begin(), read.parsed.end(), "--");
  typed.flags.assign(read.parsed.begin(), dashes);
  if (dashes != read.parsed.end()) typed.names.assign(dashes + 1, read.parsed.end());
  if (!read.behind_dashes.empty()) {
    typed.kind = Kind::kProgramWord;
  } else if (!typed.names.empty() && typed.names.back() == mark) {
    typed.names.pop_back();
  } else {
    const std::string last = std::move(typed.flags.back());
    typed.flags.pop_back();
    typed.kind = last == mark ? Kind::kFlag : Kind::kValueOfFlag;
    typed.flag = last.substr(0, last.find('='));
  }
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

ClientFlags client_flags_in(std::vector<std::string> words, const std::string& pod_namespace) {
  if (!pod_namespace.empty()) words.push_back("--namespace=" + pod_namespace);
  return client_flags(std::move(words));
}

Candidates containers(const std::string& command, const Typed& typed) {
  if (command != "cp") {
    if (typed.names.empty()) return {};
    return {names_of_containers(client_flags(typed.flags), typed.names.front())};
  }
  for (const std::string& name : typed.names) {
    const Result<FileSpec> spec = parse_file_spec(name);
    if (!spec || spec->local()) continue;
    return {names_of_containers(client_flags_in(typed.flags, spec->pod_namespace), spec->pod)};
  }
  return {};
}

Candidates value_of(const std::string& command, const Typed& typed) {
  const std::string& flag = typed.flag;
  if (flag == "--flow-control") return {{"automatic", "standard", "none"}};
  for (const char* of_file : {"--kubeconfig", "--certificate-authority", "--client-certificate",
                              "--client-key", "--kubeconfig-out", "--reply"}) {
    if (flag == of_file) return files();
  }
  if (flag.ends_with("-file")) return files();
  if (flag == "--context") return {names_of_contexts(client_flags(typed.flags))};
  if (flag == "--namespace") return {names_of_namespaces(client_flags(typed.flags))};
  if (flag == "--container") return containers(command, typed);
  return {};
}

Candidates pods(const ClientFlags& flags, const std::string& in_front, const std::string& behind) {
  Candidates candidates{names_of_pods(flags)};
  for (std::string& name : candidates.lines) name.insert(0, in_front).append(behind);
  return candidates;
}

// web, or pod/web where that was begun.
Candidates pods_to_run_in(const Typed& typed, const std::string& word) {
  const std::string type = word.substr(0, word.find('/') + 1);
  if (!parse_pod_name(type + "any")) return {};
  return pods(client_flags(typed.flags), type, "");
}

// web:, or prod/web: where that was begun; or a file of this machine.
Candidates pods_to_copy(const Typed& typed, const std::string& word) {
  const std::size_t slash = word.find('/');
  const std::string pod_namespace = slash == std::string::npos ? "" : word.substr(0, slash);
  Candidates candidates = pods(client_flags_in(typed.flags, pod_namespace),
                               pod_namespace.empty() ? "" : pod_namespace + "/", ":");
  candidates.directive = kNoSpace;
  return candidates;
}

Candidates names_for(const CLI::App& app, const std::string& command, const Typed& typed,
                     const std::string& word) {
  const std::size_t at = typed.names.size();
  if (command == "exec" || command == "attach" || command == "port-forward") {
    return at == 0 ? pods_to_run_in(typed, word) : Candidates();
  }
  if (command == "cp") {
    if (word.starts_with('/') || word.starts_with('.') || word.starts_with('~')) return files();
    if (word.find(':') != std::string::npos) return {};
    return pods_to_copy(typed, word);
  }
  if (command == "help") return at == 0 ? commands(app) : Candidates();
  if (command == "completion") return at == 0 ? Candidates{{"bash", "zsh", "fish"}} : Candidates();
  return files();
}

Candidates flag_or_its_value(const CLI::App& command, Typed typed, const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return flags_of(command);
  typed.flag = word.substr(0, equals);
  Candidates candidates = value_of(command.get_name(), typed);
  for (std::string& line : candidates.lines) line.insert(0, typed.flag + "=");
  return candidates;
}

Candidates find_candidates(CLI::App& app, const std::vector<std::string>& words,
                           const std::string& word) {
  std::vector<std::string> marked = words;
  marked.emplace_back(kNameMark);
  const std::size_t in_front = count_flags_in_front(app, marked);
  if (in_front == marked.size()) return {};  // the value of a flag
  if (in_front == words.size()) return word.starts_with('-') ? flags_of(app) : commands(app);
  NamedCommand named = find_command(app, marked);
  named.words.pop_back();  // the mark
  const std::string command = named.command->get_name();
  Typed typed = typed_words(*named.command, named.words, word);
  switch (typed.kind) {
    case Kind::kProgramWord: return command == "serve" ? files() : Candidates();
    case Kind::kValueOfFlag: return value_of(command, typed);
    case Kind::kFlag: return flag_or_its_value(*named.command, std::move(typed), word);
    case Kind::kName: break;
  }
  return names_for(app, command, typed, word);
}

}  // namespace

int complete(CLI::App& app, std::vector<std::string> words) {
  limit_time();
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
  alarm(0);
  for (const std::string& line : candidates.lines) {
    if (line.starts_with(word)) std::printf("%s\n", line.c_str());
  }
  std::printf(":%d\n", candidates.directive);
  return 0;
}

}  // namespace uvspdy::command
