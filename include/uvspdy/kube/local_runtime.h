#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "uvspdy/kube/runtime.h"

namespace uvspdy::kube {

/// A Runtime that runs commands on this machine.
///
/// A command runs with the rights, the environment and the working directory of this process, so
/// whoever may reach the server may do what its user may. The process must ignore SIGPIPE, as
/// libuv asks of all its users: a command may close its stdin while bytes are on their way.
///
/// A command that cannot be run gives a status that names it, with the exit code 127 (there is
/// none) or 126. The command of a client that has gone gets SIGHUP, with all that it has started,
/// and what is left of it SIGKILL after termination_grace.
class LocalRuntime : public Runtime {
 public:
  struct Options {
    /// How long a command that was told to go may live on after SIGHUP, before SIGKILL.
    std::chrono::milliseconds termination_grace = std::chrono::seconds(5);
    /// How long to wait, behind the exit of a command, for output that something it has left
    /// running may still write.
    std::chrono::milliseconds output_grace = std::chrono::seconds(2);
    /// Hears, a line each, of commands.
    std::function<void(std::string_view)> log;
  };

  explicit LocalRuntime(uv_loop_t* loop);
  LocalRuntime(uv_loop_t* loop, Options options);
  /// Commands that run are terminated as by `stop`.
  ~LocalRuntime() override;
  LocalRuntime(const LocalRuntime&) = delete;
  LocalRuntime& operator=(const LocalRuntime&) = delete;

  void exec(ExecRequest request, std::shared_ptr<RemoteCommandSession> session) override;
  void attach(AttachRequest request, std::shared_ptr<RemoteCommandSession> session) override;

  /// Sends every running command SIGHUP, and SIGKILL to what is left after termination_grace; their
  /// clients are told how they ended. Output that a client has not taken output_grace after
  /// the exit is cut off, and the status is then a failure. `done` runs from the loop once no
  /// command runs any more. Commands that come later are refused.
  void stop(std::function<void()> done);

  /// Commands under way.
  std::size_t commands() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
