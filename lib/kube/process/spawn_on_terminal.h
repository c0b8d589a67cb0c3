#pragma once

#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// Finds the file of a command's first word, as a shell does by the PATH of `environment`.
/// Errors: UV_ENOENT, or UV_EACCES if only files that cannot be executed have that name.
Result<std::string> find_command(const std::string& name,
                                 const std::vector<std::string>& environment);

/// Starts a command, which must not be empty, as the leader of a new session whose controlling
/// terminal, stdin, stdout and stderr are the pty's slave at `slave_path`. No signal is blocked or
/// ignored in the command. Returns its process id; the caller has to wait for it. Errors: libuv's
/// numbers for failures of execve (also for a script without "#!") and of opening the slave.
Result<int> spawn_on_terminal(const std::vector<std::string>& command,
                              const std::vector<std::string>& environment,
                              const std::string& slave_path);

}  // namespace uvspdy::kube
