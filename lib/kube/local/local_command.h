#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/process/process.h"
#include "kube/process/termination.h"
#include "uvspdy/callback.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/kube/protocol/served_command.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// One exec: a process between the streams of a client, joined by pumps. Its LocalRuntime owns it,
/// until `on_over` says, from the loop, that the process is gone and its client knows.
///
/// When both outputs have ended, or the client has taken them away, and the process has exited, its
/// status is told. Behind that the pumps go on alone, until the client has taken the rest. A stdin
/// that breaks off ends the process, and makes the status a failure.
class LocalCommand : public std::enable_shared_from_this<LocalCommand> {
 public:
  using OverHandler = OnceCallback<void(const std::shared_ptr<LocalCommand>&)>;

  LocalCommand(uv_loop_t* loop, std::vector<std::string> words,
               std::shared_ptr<ServedCommand> client,
               std::shared_ptr<const LocalRuntime::Options> options,
               std::shared_ptr<BufferPool> pool, OverHandler on_over);

  void start();

  /// Ends the process (SIGHUP, later SIGKILL); its client is told.
  void stop();

 private:
  using PumpPtr = std::shared_ptr<httpstream::Pump>;

  PumpPtr& pump_of(Process::Output output) { return outputs_[static_cast<std::size_t>(output)]; }
  void pump_output(Process::Output output, httpstream::StreamWriter writer);
  void input_broke(const Error& how);
  void client_gone();
  void exited();
  void limit_output();
  void maybe_finish();
  void finish(const Status& status);
  void terminate();
  void check_over();
  void log(const std::string& line) const;

  uv_loop_t* loop_;
  std::vector<std::string> words_;
  std::shared_ptr<ServedCommand> client_;
  std::shared_ptr<const LocalRuntime::Options> options_;
  std::shared_ptr<BufferPool> pool_;
  OverHandler on_over_;
  std::unique_ptr<Process> process_;
  std::optional<Termination> termination_;  // of the process
  PumpPtr input_;
  Error input_error_;  // it broke off
  std::array<PumpPtr, 2> outputs_;
  bool finished_ = false;    // the client knows the status, or is gone
  bool stopping_ = false;    // told to stop: its client waits for the end
  net::Timer output_timer_;  // no more output from behind the exit
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
