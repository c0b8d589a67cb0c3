#include "serve/command_guard.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "serve/process_facts.h"
#include "uvspdy/net/error.h"

namespace uvspdy::command {
namespace {

constexpr std::chrono::milliseconds kGrace{5000};  // LocalRuntimeOptions::termination_grace
constexpr std::chrono::milliseconds kLookInterval{50};
// Processes that a signal does not end at once wait for the kernel: for a disk, say.
constexpr std::chrono::milliseconds kPatience{5000};

/// The sessions of commands, each with the time at which its leader started; 0 if the leader had
/// ended before that could be read.
using Sessions = std::map<int, unsigned long long>;

void note(Sessions& sessions, std::int32_t message) {
  if (message < 0) {
    sessions.erase(-message);
  } else {
    const auto facts = facts_of(std::to_string(message));
    sessions[message] = facts ? facts->start_time : 0;
  }
}

// The processes of the sessions. A session whose leader is another process than the command has
// got the number after the command's session was gone.
std::vector<int> members_of(const Sessions& sessions) {
  std::map<int, std::vector<int>> found;
  std::error_code failed;
  const std::filesystem::directory_iterator last;
  for (std::filesystem::directory_iterator entry("/proc", failed); !failed && entry != last;
       entry.increment(failed)) {
    const std::string name = entry->path().filename();
    int pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    const auto facts = facts_of(name);
    if (!facts || facts->has_ended) continue;
    const auto session = sessions.find(facts->session);
    if (session == sessions.end()) continue;
    auto& members = found[session->first];
    if (pid == session->first && facts->start_time != session->second) {
      members.assign(1, 0);
    } else if (members.empty() || members.front() != 0) {
      members.push_back(pid);
    }
  }
  std::vector<int> all;
  for (const auto& [session, members] : found) {
    if (members.front() != 0) all.insert(all.end(), members.begin(), members.end());
  }
  return all;
}

// Sends the signal, again and again if it is SIGKILL, until the sessions are empty or time is up.
bool end(const Sessions& sessions, int signal, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (bool first = true;; first = false) {
    const std::vector<int> members = members_of(sessions);
    if (members.empty()) return true;
    for (const int pid : members) {
      if (first || signal == SIGKILL) kill(pid, signal);
    }
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kLookInterval);
  }
}

// The guard's own process. It keeps nothing of its parent's but the pipe.
[[noreturn]] void guard(const std::array<int, 2>& pipe) {
  setsid();  // Ctrl-C and a hang-up of the parent's terminal are none of its business
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(signal, SIG_IGN);
  prctl(PR_SET_NAME, "uvspdy-guard");
  constexpr int kPipe = 3;
  close(pipe[1]);  // or the pipe would never end
  dup2(pipe[0], kPipe);
  syscall(SYS_close_range, kPipe + 1, ~0U, 0);
  const int nothing = open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
  if (nothing > kPipe) close(nothing);

  Sessions sessions;
  std::int32_t message = 0;
  for (;;) {
    const ssize_t size = read(kPipe, &message, sizeof message);
    if (size == sizeof message) {
      note(sessions, message);
    } else if (size >= 0 || errno != EINTR) {
      break;
    }
  }
  if (!sessions.empty() && !end(sessions, SIGHUP, kGrace)) end(sessions, SIGKILL, kPatience);
  std::_Exit(0);
}

Error start_error() {
  return net::uv_error(uv_translate_sys_error(errno),
                       "start the process that ends commands if this one is killed");
}

}  // namespace

Result<std::unique_ptr<CommandGuard>> CommandGuard::start() {
  std::array<int, 2> pipe{};
  // Messages are smaller than PIPE_BUF, and so never cut.
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) return start_error();
  const pid_t pid = fork();
  if (pid < 0) {
    const Error error = start_error();
    close(pipe[0]);
    close(pipe[1]);
    return error;
  }
  if (pid == 0) guard(pipe);
  close(pipe[0]);
  // A guard that does not read must not block the server.
  fcntl(pipe[1], F_SETFL, O_NONBLOCK);
  return std::make_unique<CommandGuard>(pipe[1], pid);
}

CommandGuard::~CommandGuard() {
  if (pipe_ >= 0) close(pipe_);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool CommandGuard::tell(std::int32_t message) {
  if (pipe_ < 0 || write(pipe_, &message, sizeof message) == sizeof message) return true;
  close(pipe_);
  pipe_ = -1;
  return false;
}

}  // namespace uvspdy::command
