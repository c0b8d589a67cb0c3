#pragma once

#include <csignal>
#include <fstream>
#include <string>

namespace uvspdy::test {

/// Whether a process runs; one that has ended and waits to be collected does not.
inline bool is_running(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  // "PID (NAME) STATE ...", and NAME may contain anything.
  const std::size_t state = line.rfind(')') + 2;
  return state < line.size() && line[state] != 'Z' && line[state] != 'X';
}

/// Ends a process that a test has caused to be started, at the end of the test.
class ProcessCleanup {
 public:
  explicit ProcessCleanup(int pid) : pid_(pid) {}
  ~ProcessCleanup() {
    if (is_running(pid_)) kill(pid_, SIGKILL);
  }
  ProcessCleanup(const ProcessCleanup&) = delete;
  ProcessCleanup& operator=(const ProcessCleanup&) = delete;

 private:
  int pid_;
};

}  // namespace uvspdy::test
