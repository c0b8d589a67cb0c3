#pragma once

#include <optional>
#include <string>

namespace uvspdy::command {

/// What proc(5) has about a process in /proc/PID/stat.
struct ProcessFacts {
  bool has_ended = false;  // and waits for its parent
  int session = 0;
  unsigned long long start_time = 0;  // since the machine's start
};

/// Nothing when there is no process with this id.
std::optional<ProcessFacts> facts_of(const std::string& pid);

/// The same of an open /proc/PID/stat, which stays the caller's. Nothing when the process has gone
/// since the file was opened: read() fails then.
std::optional<ProcessFacts> read_facts(int descriptor);

}  // namespace uvspdy::command
