#pragma once

#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// The file that a command's first word names, as a shell finds it by the PATH of `environment`.
/// Errors: UV_ENOENT, or UV_EACCES for files that may not be executed.
Result<std::string> find_command(const std::string& name,
                                 const std::vector<std::string>& environment);

/// Starts a command, of a word at least, as the leader of a new session whose controlling terminal
/// is the pty's slave at `slave_path`; that is its stdin, stdout and stderr, too. No signal is
/// blocked or ignored in it. Returns its process id; the caller has to wait for it. Errors: libuv's
/// numbers of what execve (for a script without "#!", too) or opening the slave ran into.
Result<int> spawn_on_terminal(const std::vector<std::string>& command,
                              const std::vector<std::string>& environment,
                              const std::string& slave_path);

}  // namespace uvspdy::kube
