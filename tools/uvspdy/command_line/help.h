#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "flags/cli_app.h"

namespace uvspdy::command {

/// The group of the flags for the server and the credentials, in help and man page.
inline constexpr const char* kConnectionGroup = "Options for the server and the credentials";

/// What the help of a command has beside its description and its options.
struct HelpText {
  std::string words;     ///< at the end of the usage, such as "-- COMMAND..."
  std::string examples;  ///< lines: "# a comment", or a command line
};

/// Sets the help of a command: of kubectl's form, wrapped to the width of the terminal.
void set_help(CLI::App& command, HelpText text);

/// The text that set_help was given; empty without it.
HelpText help_text(const CLI::App& command);

/// The usage of a command: "uvspdy exec [OPTIONS] POD -- COMMAND...".
std::string usage(const CLI::App& command);

/// An option with its value and default: "-c, --container NAME", "--retries N=0".
std::string option_line(const CLI::Option& option);

/// Wraps text at spaces. Lines that begin with spaces keep these as their margin, "- " is an
/// item's, and no word is cut.
std::string wrapped(std::string_view text, std::size_t width, std::size_t margin = 0);

/// The exit codes of the command, as lines "CODE<tab>MEANING".
std::string_view exit_codes();

}  // namespace uvspdy::command
