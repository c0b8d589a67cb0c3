#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "flags/cli_app.h"

namespace uvspdy::command {

// kubectl's command lines as CLI11 reads them. kubectl follows pflag, whose rules differ: a flag
// that needs a value takes the next word, whatever that begins with; -n=prod and -nprod are
// -n prod; --flag= is an empty value; a flag without a value takes one only behind "=", which is a
// boolean; flags may be in front of the command's name; of a flag that is repeated the last counts;
// in a flag's name "_" is "-".
//
// All functions throw CLI::ParseError with a text for people when the words are wrong.

/// Whether the words of a command that are behind "--" are a program to run and its arguments.
bool runs_words(const std::string& command);

/// How many words in front of the command's name are flags and their values. It is all of them when
/// there is no name.
std::size_t count_flags_in_front(const CLI::App& app, const std::vector<std::string>& words);

/// The command that the words name.
struct NamedCommand {
  CLI::App* command = nullptr;     ///< null: there is none, but a flag such as --help
  std::vector<std::string> words;  ///< all words but the command's name
};

/// Finds the name of the command, in front of which there may be flags of any command.
NamedCommand find_command(CLI::App& app, const std::vector<std::string>& words);

/// The words of one command.
struct CommandWords {
  std::vector<std::string> parsed;  ///< for CLI11: each flag is --name=value, names behind --
  std::vector<std::string> behind_dashes;  ///< of a command that runs them, as they are
};

/// Reads the words of one command by its flags. `runs_words`: the words behind "--" are a program
/// to run and its arguments; for other commands they are names, as those in front of it.
CommandWords read_words(const CLI::App& command, const std::vector<std::string>& words,
                        bool runs_words);

}  // namespace uvspdy::command
