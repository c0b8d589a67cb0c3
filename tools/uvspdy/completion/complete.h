#pragma once

#include <string>
#include <vector>

#include "flags/cli_app.h"

namespace uvspdy::command {

/// The hidden command of the completion scripts: `uvspdy __complete WORDS...`, of which the last is
/// the word to complete, and may be empty. Prints lines "CANDIDATE" or "CANDIDATE<tab>MEANING", and
/// last ":N", as kubectl's __complete does: N is a sum of 2 (no space behind the candidate) and 4
/// (no files). Returns the exit code. A process that has found nothing after 8 s prints ":4" and
/// ends.
int complete(CLI::App& app, std::vector<std::string> words);

}  // namespace uvspdy::command
