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
#include "uvspdy/kube/protocol/runtime.h"

namespace uvspdy::kube {

/// The process that attach joins clients with: what a container's own process is.
struct MainCommand {
  std::vector<std::string> command{};
  /// One client at a time may write to its stdin. Without it, it reads the end of a file at once.
  bool use_stdin = false;
  /// Its stdin ends when the first client that had it ends it or goes. Otherwise, and always with a
  /// terminal, it stays open for the next one. As Kubernetes' stdinOnce with containerd.
  bool stdin_once = false;
  /// It has a terminal, of the size that a client's terminal had last.
  bool tty = false;
};

/// Who is attached to the main process.
struct AttachStats {
  std::size_t clients = 0;
  /// Output in memory that waits behind what is queued on their streams, over all.
  std::size_t waiting_bytes = 0;
};

/// How a LocalRuntime behaves. Every field has a default. Times of 0 are over at once.
struct LocalRuntimeOptions {
  /// How long a command that was told to go may live on after SIGHUP, before SIGKILL.
  std::chrono::milliseconds termination_grace = std::chrono::seconds(5);
  /// How long to wait, behind the exit of a command, for output that something it has left
  /// running may still write.
  std::chrono::milliseconds output_grace = std::chrono::seconds(2);
  /// A port is that of 127.0.0.1, or, where nobody listens there, of ::1. Those that stand here
  /// are local (Unix) sockets instead: port to path.
  std::map<std::uint16_t, std::string> unix_targets{};
  /// How long connecting to a target may take.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
  /// Bytes that may wait in memory for each attached client, of both outputs together, behind what
  /// its streams queue (Limits::write_high_water each). A client for which more would wait is
  /// dropped, with a failure that says so.
  std::size_t attach_buffer = 1024 * 1024;
  /// For how long, in all, the main process's output may be left unread so that a client can
  /// catch up which half of attach_buffer waits for: a burst is not to cost a client its
  /// connection. It regains a tenth of the time that passes, so that one that stays too slow is
  /// dropped. 0: the process never waits.
  std::chrono::milliseconds attach_patience = std::chrono::seconds(1);
  /// Hears, a line each, of commands and of attached clients.
  Callback<void(std::string_view)> log{};
};

/// A Runtime that runs commands on this machine, and forwards to its ports.
///
/// A command runs with the rights, the environment and the working directory of this process, so
/// whoever may reach the server may do what its user may. The process must ignore SIGPIPE, as
/// libuv asks of all its users: a command may close its stdin while bytes are on their way.
///
/// A command that cannot be run gives a status that names it, with the exit code 127 (there is
/// none) or 126. The command of a client that has gone gets SIGHUP, with all that it has started,
/// and what is left of it SIGKILL after termination_grace.
///
/// With tty a command leads a session on a terminal (a pty) of its own, with TERM=xterm unless this
/// process has a TERM. Its stdin does not end when the client's does: Ctrl-D is a byte. When the
/// client goes, the terminal hangs up. Terminals need Linux 5.3.
class UVSPDY_EXPORT LocalRuntime : public Runtime {
 public:
  using Options = LocalRuntimeOptions;

  explicit LocalRuntime(uv_loop_t* loop, LocalRuntimeOptions options = {});
  /// Commands that run are terminated as by `stop`, whose `done` is still called if it was given
  /// before.
  ~LocalRuntime() override;
  LocalRuntime(const LocalRuntime&) = delete;
  LocalRuntime& operator=(const LocalRuntime&) = delete;

  /// Runs the process for attach, at most one in a LocalRuntime's life. `on_over` is called from
  /// the loop when it has exited, its clients have been told how, and, if it was told to stop, its
  /// process group is gone; with its exit code, 128 and the signal if one has ended it. It may be
  /// empty, and is not called on an error. Errors: libuv's, with a text, as for a command that
  /// cannot be run; kBadRequest when there is such a process already, or was, and when the
  /// LocalRuntime was stopped.
  Error start_main(MainCommand command, OnceCallback<void(int exit_code)> on_over);

  void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) override;
  /// Joins a client with the main process. It gets the output from now on, on a terminal the one
  /// output of that. A failure for a client that asks for what there is not: a main process that
  /// runs, a terminal, stdin, or stdin that another client has.
  void attach(AttachRequest request, std::shared_ptr<ServedCommand> command) override;
  void port_forward(PortForwardRequest request,
                    std::shared_ptr<ForwardedConnection> connection) override;

  /// Sends every running command SIGHUP (the main process SIGTERM, or SIGHUP if it has a terminal),
  /// and SIGKILL to what is left after termination_grace; their clients are told how they ended.
  /// Output that a client has not taken output_grace after the exit is cut off, and the status is
  /// then a failure. `done`, which may be empty, runs from the loop, once, when no command runs any
  /// more; so does that of each further call. Commands that come later are refused.
  void stop(OnceCallback<void()> done);

  /// Clients that are attached.
  AttachStats attached() const;

  /// Commands under way, the main process included.
  std::size_t commands() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
