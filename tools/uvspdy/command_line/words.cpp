#include "command_line/words.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "command_line/nearest.h"
#include "report.h"

namespace uvspdy::command {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw CLI::ParseError(why, kUsageError); }

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() != 0; }

bool is_flag_word(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

// The name of a flag as it is in the help: kubectl takes --request_timeout, too.
std::string as_listed(std::string flag) {
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

// The option of "--NAME" or "-N"; null if the command has none.
const CLI::Option* find_option(const CLI::App& command, const std::string& flag) {
  return command.get_option_no_throw(flag.starts_with("--") ? as_listed(flag) : flag);
}

// As Go's strconv.ParseBool.
std::optional<bool> parse_bool(std::string_view text) {
  constexpr std::array kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  const auto is = [text](std::string_view word) { return word == text; };
  if (std::any_of(kTrue.begin(), kTrue.end(), is)) return true;
  if (std::any_of(kFalse.begin(), kFalse.end(), is)) return false;
  return std::nullopt;
}

void add_names_of_flags(const CLI::App& command, std::vector<std::string>& names) {
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
}

// `word` has the flag in it; `names` are those of the flags that there are.
[[noreturn]] void refuse_flag(const std::string& flag, const std::string& word,
                              const std::vector<std::string>& names) {
  if (!flag.starts_with("--")) {
    refuse("unknown flag: " + flag + (word.size() > flag.size() ? " in " + word : ""));
  }
  const std::string meant = nearest(as_listed(flag.substr(2)), names);
  refuse("unknown flag: " + flag + (meant.empty() ? "" : "; did you mean --" + meant + "?"));
}

// A word as a shell takes it back.
std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

class Reading {
 public:
  Reading(const CLI::App& command, const std::vector<std::string>& words, bool runs_words)
      : command_(command), words_(words), runs_words_(runs_words) {
    for (const CLI::Option* option : command.get_options()) {
      if (!option->get_positional()) continue;
      most_names_ += static_cast<std::size_t>(option->get_items_expected_max());
      if (option->get_required()) ++least_names_;
    }
  }

  CommandWords run() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_];
      if (word == "--") {
        read_rest();
      } else if (!is_flag_word(word)) {
        if (runs_words_ && names_.size() == most_names_) refuse_command(at_);
        names_.push_back(word);
        ++at_;
      } else {
        ++at_;
        if (word.starts_with("--")) {
          read_long(word);
        } else {
          read_short(word);
        }
      }
    }
    if (names_.size() > most_names_) {
      const auto first = names_.begin() + static_cast<Place>(most_names_);
      refuse("not expected:" + text_of(first, names_.end()));
    }
    std::vector<std::string>& parsed = result_.parsed;
    if (!names_.empty()) parsed.emplace_back("--");
    parsed.insert(parsed.end(), names_.begin(), names_.end());
    return std::move(result_);
  }

 private:
  using Place = std::vector<std::string>::difference_type;

  // The words behind "--".
  void read_rest() {
    const auto rest = words_.begin() + static_cast<Place>(at_ + 1);
    at_ = words_.size();
    if (!runs_words_) {
      names_.insert(names_.end(), rest, words_.end());
      return;
    }
    result_.behind_dashes.assign(rest, words_.end());
    if (names_.size() >= least_names_ || result_.behind_dashes.empty()) return;
    refuse("the pod goes in front of --; type: " + start() +
           text_of(rest, std::min(rest + 1, words_.end())) +
           (rest + 1 < words_.end() ? " --" + text_of(rest + 1, words_.end()) : " -- COMMAND"));
  }

  // A command that is not behind "--".
  [[noreturn]] void refuse_command(std::size_t place) {
    const auto first = words_.begin() + static_cast<Place>(place);
    if (most_names_ == 0) refuse("'" + *first + "' is not expected; a command goes behind --");
    refuse("the command goes behind --; type: " + start() + text_of(names_.begin(), names_.end()) +
           " --" + text_of(first, words_.end()));
  }

  // Flags are left out: they may have secrets.
  std::string start() const {
    return "uvspdy " + command_.get_name() + (result_.parsed.empty() ? "" : " ...");
  }

  template <class Iterator>
  static std::string text_of(Iterator first, Iterator last) {
    std::string text;
    for (; first != last; ++first) text += " " + shell_word(*first);
    return text;
  }

  void read_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string flag = word.substr(0, equals);
    const CLI::Option* option = find_option(command_, flag);
    if (option == nullptr) refuse_unknown(flag, word);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    take(*option, flag, std::move(value));
  }

  void read_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string name(1, word[i]);
      const CLI::Option* option = find_option(command_, "-" + name);
      if (option == nullptr) refuse_unknown("-" + name, word);
      const std::string rest = word.substr(i + 1);
      if (rest.starts_with('=')) return take(*option, "-" + name, rest.substr(1));
      if (takes_value(*option)) {
        return take(*option, "-" + name, rest.empty() ? std::nullopt : std::optional(rest));
      }
      take(*option, "-" + name, std::nullopt);
    }
  }

  [[noreturn]] void refuse_unknown(const std::string& flag, const std::string& word) const {
    if (command_.get_name() == "exec" && (flag == "-f" || flag == "--filename")) {
      refuse("unknown flag: " + flag + "; a file cannot name the pod: give POD in its place");
    }
    std::vector<std::string> names;
    add_names_of_flags(command_, names);
    refuse_flag(flag, word, names);
  }

  void take(const CLI::Option& option, const std::string& flag, std::optional<std::string> value) {
    if (!takes_value(option)) return take_boolean(option, flag, value);
    if (!value) {
      if (at_ == words_.size()) refuse("flag needs an argument: " + flag);
      value = words_[at_++];
    }
    std::string name = option.get_lnames().empty() ? "-" + option.get_snames().front()
                                                   : "--" + option.get_lnames().front();
    // CLI11 takes --flag= for a flag whose value is the next word.
    if (value->empty()) {
      result_.parsed.push_back(std::move(name));
      result_.parsed.emplace_back();
    } else {
      result_.parsed.push_back(name + (name.starts_with("--") ? "=" : "") + *value);
    }
  }

  void take_boolean(const CLI::Option& option, const std::string& flag,
                    const std::optional<std::string>& value) {
    const std::optional<bool> is_set = value ? parse_bool(*value) : true;
    if (!is_set) refuse("invalid argument '" + *value + "' for " + flag + ": true or false");
    const std::string name = "--" + option.get_lnames().front();
    // CLI11's own flags, such as --help, know no value.
    const bool knows_values = name != "--help" && name != "--version";
    if (value && knows_values) {
      result_.parsed.push_back(name + (*is_set ? "=true" : "=false"));
    } else if (*is_set) {
      result_.parsed.push_back(name);
    }
  }

  const CLI::App& command_;
  const std::vector<std::string>& words_;
  bool runs_words_;
  std::size_t most_names_ = 0;
  std::size_t least_names_ = 0;
  std::size_t at_ = 0;  // the next word
  std::vector<std::string> names_;
  CommandWords result_;
};

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The option of some command, or of all: one that takes a value, if there is one; null: there is
// none.
const CLI::Option* find_option_of_any(const CLI::App& app, const std::string& flag) {
  const CLI::Option* found = find_option(app, flag);
  for (const CLI::App* command : commands_of(app)) {
    const CLI::Option* option = find_option(*command, flag);
    if (option != nullptr && (found == nullptr || takes_value(*option))) found = option;
  }
  return found;
}

// A word of flags in front of the command's name.
struct WordInFront {
  std::string unknown;           // the flag in it that no command has; empty: there is none
  bool takes_next_word = false;  // as the value of its last flag
};

WordInFront read_in_front(const CLI::App& app, const std::string& word) {
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    const std::string flag = word.substr(0, equals);
    const CLI::Option* option = find_option_of_any(app, flag);
    if (option == nullptr) return {flag};
    return {{}, equals == std::string::npos && takes_value(*option)};
  }
  // Of -it only the last may take a value, and -nprod has one.
  for (std::size_t i = 1; i < word.size(); ++i) {
    const std::string flag = std::string("-") + word[i];
    const CLI::Option* option = find_option_of_any(app, flag);
    if (option == nullptr) return {flag};
    if (takes_value(*option)) return {{}, i + 1 == word.size()};
    if (word.compare(i + 1, 1, "=") == 0) break;
  }
  return {};
}

void check_flags_in_front(const CLI::App& app, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const WordInFront read = read_in_front(app, words[i]);
    if (read.takes_next_word) ++i;
    if (read.unknown.empty()) continue;
    std::vector<std::string> names;
    for (const CLI::App* command : commands_of(app)) add_names_of_flags(*command, names);
    refuse_flag(read.unknown, words[i], names);
  }
}

[[noreturn]] void refuse_name(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const CLI::App* command : commands_of(app)) {
    if (command->get_group().empty()) continue;
    names.push_back(command->get_name());
    all += (all.empty() ? "" : ", ") + command->get_name();
  }
  const std::string meant = nearest(name, names);
  refuse("unknown command '" + name + "'; " +
         (meant.empty() ? "there are: " + all : "did you mean '" + meant + "'?"));
}

}  // namespace

bool runs_words(const std::string& command) { return command == "exec" || command == "serve"; }

std::size_t count_flags_in_front(const CLI::App& app, const std::vector<std::string>& words) {
  std::size_t count = 0;
  while (count < words.size() && is_flag_word(words[count]) && words[count] != "--") {
    count += read_in_front(app, words[count]).takes_next_word ? std::size_t{2} : std::size_t{1};
  }
  return std::min(count, words.size());
}

NamedCommand find_command(CLI::App& app, const std::vector<std::string>& words) {
  const std::size_t at = count_flags_in_front(app, words);
  NamedCommand named;
  named.words.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
  check_flags_in_front(app, named.words);
  if (at == words.size()) {
    const bool is_known = std::all_of(named.words.begin(), named.words.end(), [](const auto& word) {
      return word == "-h" || word == "--help" || word == "--version";
    });
    if (named.words.empty() || !is_known) refuse("no command is named");
    return named;
  }
  if (words[at] == "--") refuse("the name of a command goes in front of --");
  const auto commands =
      app.get_subcommands([&](CLI::App* each) { return each->get_name() == words[at]; });
  if (commands.empty()) refuse_name(app, words[at]);
  named.command = commands.front();
  named.words.insert(named.words.end(), words.begin() + static_cast<std::ptrdiff_t>(at + 1),
                     words.end());
  return named;
}

CommandWords read_words(const CLI::App& command, const std::vector<std::string>& words,
                        bool runs_words) {
  return Reading(command, words, runs_words).run();
}

}  // namespace uvspdy::command
