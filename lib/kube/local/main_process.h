#pragma once

#include <uv.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "kube/local/attached_client.h"
#include "kube/local/patience.h"
#include "kube/process/process.h"
#include "kube/process/termination.h"
#include "uvspdy/callback.h"
#include "uvspdy/httpstream/piece.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/kube/protocol/served_command.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// A process that clients attach to and leave. Each client gets the output that is written while it
/// is attached; without clients, output is dropped. For a client that does not keep up, reading of
/// the output pauses for that client's Patience at most; then the client is dropped.
///
/// When the process has exited and its output has ended, every client gets the status. Then, and
/// after `stop` once its process group is gone, `on_over` is called from the loop.
class MainProcess : public std::enable_shared_from_this<MainProcess> {
 public:
  using OverHandler = OnceCallback<void(int exit_code)>;

  MainProcess(uv_loop_t* loop, MainCommand command,
              std::shared_ptr<const LocalRuntime::Options> options,
              std::shared_ptr<BufferPool> pool, OverHandler on_over);

  /// Starts it, once. Errors: those of Process::start.
  Error start();

  /// Joins a client with the process, or finishes `command` with a failure that says why not.
  void attach(const AttachRequest& request, std::shared_ptr<ServedCommand> command);

  /// Ends the process: SIGTERM, or SIGHUP with a terminal, on which shells ignore SIGTERM; and
  /// SIGKILL after termination_grace.
  void stop();

  bool is_over() const { return told_over_; }
  AttachStats attached() const;

 private:
  class ClientInput;
  using ClientPtr = std::shared_ptr<AttachedClient>;

  struct Member {
    ClientPtr client;
    Patience patience;
    bool holds = false;
    Error input_error{};  // why its stdin broke off, which has ended the process's
  };

  std::optional<Status> refusal(const AttachRequest& request) const;
  void start_stdin();
  void start_output(Process::Output output);
  void let_go_of_stdin(const ClientInput* input);
  void input_broke(const ClientInput* input, const std::weak_ptr<AttachedClient>& client,
                   const Error& how);
  void take_output(Process::Output output, const httpstream::Piece& piece);
  void drop(const ClientPtr& client);
  void client_gone(const AttachedClient* client);
  void maybe_hold();
  void maybe_release();
  void release();
  void exited();
  void limit_output();
  void maybe_conclude();
  void check_over();
  void log(std::string_view line) const;

  uv_loop_t* loop_;
  MainCommand command_;
  std::shared_ptr<const LocalRuntime::Options> options_;
  std::shared_ptr<BufferPool> pool_;
  std::unique_ptr<Process> process_;
  std::optional<Termination> termination_;  // of the process
  std::unique_ptr<httpstream::Sink> stdin_;
  std::array<std::unique_ptr<httpstream::Source>, 2> outputs_;
  std::vector<Member> members_;
  bool held_ = false;  // reading of the output is paused
  std::uint64_t held_since_ = 0;
  ClientInput* input_ = nullptr;  // of the client that may write to stdin
  bool stdin_ended_ = false;      // by stdin_once
  bool concluded_ = false;        // the clients have been given the status
  bool stopping_ = false;
  bool told_over_ = false;
  net::Timer hold_timer_;    // the shortest patience of those that hold
  net::Timer output_timer_;  // output_grace, from the exit on
  OverHandler on_over_;
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
