#include "kube/process/spawn_on_terminal.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>
#include <uv.h>

#include <csignal>
#include <string_view>

#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

// The search path of execvp when PATH is not set.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

Error system_error(int number, const std::string& what) {
  return net::uv_error(uv_translate_sys_error(number), what);
}

/// The attributes and file actions of posix_spawn.
class SpawnSettings {
 public:
  explicit SpawnSettings(const char* slave_path) {
    note(posix_spawnattr_init(&attributes_));
    note(posix_spawn_file_actions_init(&actions_));
    sigset_t signals;
    sigfillset(&signals);
    note(posix_spawnattr_setsigdefault(&attributes_, &signals));
    sigemptyset(&signals);
    note(posix_spawnattr_setsigmask(&attributes_, &signals));
    note(posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    // posix_spawn makes the session before it opens files: a session leader without a terminal
    // that opens one without O_NOCTTY gets it as its controlling terminal, see tty_ioctl(4).
    note(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, slave_path, O_RDWR, 0));
    note(posix_spawn_file_actions_adddup2(&actions_, STDIN_FILENO, STDOUT_FILENO));
    note(posix_spawn_file_actions_adddup2(&actions_, STDIN_FILENO, STDERR_FILENO));
  }
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  /// The first error of setting them (no memory); 0: none.
  int error() const { return error_; }

  const posix_spawnattr_t* attributes() const { return &attributes_; }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  void note(int number) {
    if (error_ == 0) error_ = number;
  }

  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
  int error_ = 0;
};

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool is_folder(const std::string& path) {
  const int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

}  // namespace

Result<std::string> find_command(const std::string& name,
                                 const std::vector<std::string>& environment) {
  if (name.find('/') != std::string::npos) return name;  // execve reports errors
  std::string_view path = kDefaultPath;
  for (const std::string& variable : environment) {
    if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
  }
  bool forbidden = false;
  while (!name.empty()) {
    const std::size_t colon = path.find(':');
    std::string file(path.substr(0, colon));
    // With a slash in it, so that PATH is not searched again.
    file.append(file.empty() ? "./" : "/").append(name);
    if (access(file.c_str(), F_OK) == 0) {
      if (access(file.c_str(), X_OK) == 0 && !is_folder(file)) return file;
      forbidden = true;
    }
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return net::uv_error(forbidden ? UV_EACCES : UV_ENOENT, name);
}

Result<int> spawn_on_terminal(const std::vector<std::string>& command,
                              const std::vector<std::string>& environment,
                              const std::string& slave_path) {
  const Result<std::string> file = find_command(command.front(), environment);
  if (!file) return file.error();
  const SpawnSettings settings(slave_path.c_str());
  if (settings.error() != 0) return system_error(settings.error(), command.front());
  std::vector<std::string> words = command;
  std::vector<std::string> variables = environment;
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment_pointers = pointers_to(variables);
  pid_t pid = 0;
  const int number = posix_spawn(&pid, file->c_str(), settings.actions(), settings.attributes(),
                                 arguments.data(), environment_pointers.data());
  if (number != 0) return system_error(number, command.front());
  return pid;
}

}  // namespace uvspdy::kube
