#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/log.h"
#include "uvspdy/kube/protocol/runtime.h"

namespace uvspdy::kube {

/// The process that attach joins clients with, in place of a container's main process.
struct MainCommand {
  std::vector<std::string> command{};
  /// Whether clients may write to its stdin, one at a time. If not, stdin is /dev/null, or a
  /// terminal without input.
  bool use_stdin = false;
  /// Whether its stdin ends when the first client that had it ends it or goes, as containerd does
  /// for stdinOnce. If not, and always with a terminal, it stays open for the next client.
  bool stdin_once = false;
  /// Whether it runs on a terminal, of the size that any client sent last.
  bool tty = false;
};

/// The clients that are attached to the main process.
struct AttachStats {
  std::size_t clients = 0;
  /// Output that is buffered for all of them, beyond the bytes queued on their streams.
  std::size_t waiting_bytes = 0;
};

/// How a LocalRuntime behaves. Every field has a default. A time limit of 0 is over at once.
struct LocalRuntimeOptions {
  /// How long a command that is being ended may run on after the first signal, until SIGKILL.
  std::chrono::milliseconds termination_grace = std::chrono::seconds(5);
  /// How long after a command's exit its output is still read when a process that it has left
  /// running keeps that output open.
  std::chrono::milliseconds output_grace = std::chrono::seconds(2);
  /// Ports that are forwarded to a local (Unix) socket: port to path. Any other port is forwarded
  /// to 127.0.0.1 or, if that refuses the connection, to ::1.
  std::map<std::uint16_t, std::string> unix_targets{};
  /// How long connecting to the target of a port-forward may take.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
  /// How many bytes of output may be buffered for an attached client, beyond the bytes queued on
  /// its streams (Limits::write_high_water each). A client that falls further behind is dropped,
  /// with a failure that names this reason.
  std::size_t attach_buffer = 1024 * 1024;
  /// How long in all reading from the main process may pause for a client, while more than half of
  /// attach_buffer is buffered for it: so no client is dropped for one burst of output. A client
  /// regains a tenth of the time that passes; one that stays too slow uses it up and is dropped. 0:
  /// reading never pauses.
  std::chrono::milliseconds attach_patience = std::chrono::seconds(1);
  /// Called when a command, or the main process, has been started, with its process id, which is
  /// also its session and process group. For an embedder that ends commands when this process is
  /// killed and can do that itself no more: nothing here survives it.
  Callback<void(int pid)> on_process_started{};
  /// Called, once, when a command that was started is over: nothing of it would be ended any more.
  Callback<void(int pid)> on_process_over{};
  /// Receives a line of text for each event of a command or an attached client, within
  /// `log_limits`.
  httpstream::LogHandler log{};
  httpstream::LogLimits log_limits{};
};

/// A Runtime that runs commands on this machine and forwards to its ports.
///
/// A command has the rights, the environment and the working directory of this process, so a client
/// of the server can do whatever the process's user can. This process must ignore SIGPIPE, as libuv
/// asks of all its users: a command may close its stdin while bytes are written to it.
///
/// A command that cannot be run ends with exit code 127 (not found) or 126, and a message that
/// names it. When a client goes, its command's process group gets SIGHUP, and SIGKILL after
/// termination_grace.
///
/// With tty a command leads a session on a terminal (a pty) of its own, with TERM=xterm unless this
/// process has a TERM. The end of the client's stdin does not end the terminal's input, for Ctrl-D
/// is a byte. When the client goes, the terminal hangs up. Terminals need Linux 5.3.
class UVSPDY_EXPORT LocalRuntime : public Runtime {
 public:
  using Options = LocalRuntimeOptions;

  explicit LocalRuntime(uv_loop_t* loop, LocalRuntimeOptions options = {});
  /// Ends all commands as `stop` does; they may outlive the runtime. The `done` of earlier calls of
  /// `stop` still runs.
  ~LocalRuntime() override;
  LocalRuntime(const LocalRuntime&) = delete;
  LocalRuntime& operator=(const LocalRuntime&) = delete;

  /// Starts the main process, one in a LocalRuntime's life. `on_over`, which may be empty, runs
  /// once, from the loop, when it has exited, each client's status is given (and, after `stop`, its
  /// process group is gone), with its exit code, or 128 + the signal that ended it; not after an
  /// error. Errors: libuv's numbers when it cannot be run (UV_ENOENT, UV_EACCES, UV_EINVAL without
  /// a command); kBadRequest when there is or was a main process, or after `stop`.
  Error start_main(MainCommand command, OnceCallback<void(int exit_code)> on_over);

  void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) override;
  /// Joins a client with the main process, whose output the client gets from then on (a terminal's
  /// only as stdout). The client gets a failure if no main process runs, or if it asks for a
  /// terminal that there is not, or for stdin that there is not, has ended, or is another client's.
  void attach(AttachRequest request, std::shared_ptr<ServedCommand> command) override;
  void port_forward(PortForwardRequest request,
                    std::shared_ptr<ForwardedConnection> connection) override;

  /// Ends all commands: sends SIGHUP (to a main process without a terminal SIGTERM) to each process
  /// group, and SIGKILL after termination_grace; clients get their status. Output that an exec's
  /// client has not taken output_grace after the exit is cut off, and its status is then a failure.
  /// `done`, which may be empty, runs once, from the loop, when no command is left; so does the
  /// `done` of each further call. Later execs and attaches are refused.
  void stop(OnceCallback<void()> done);

  /// The clients that are attached now.
  AttachStats attached() const;

  /// The number of commands that are not over, the main process included.
  std::size_t commands() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
