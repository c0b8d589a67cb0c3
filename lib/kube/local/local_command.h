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

/// One exec: a process whose standard streams are joined with a client's streams by pumps. Its
/// LocalRuntime owns it until `on_over` reports, from the loop, that the process is gone.
///
/// The status is given to the client when the process has exited and both outputs have been read to
/// their ends, or were reset by the client. The pumps then go on alone until the client has all
/// output. A stdin that breaks off ends the process, and makes the status a failure.
class LocalCommand : public std::enable_shared_from_this<LocalCommand> {
 public:
  using OverHandler = OnceCallback<void(const std::shared_ptr<LocalCommand>&)>;

  LocalCommand(uv_loop_t* loop, std::vector<std::string> words,
               std::shared_ptr<ServedCommand> client,
               std::shared_ptr<const LocalRuntime::Options> options,
               std::shared_ptr<BufferPool> pool, OverHandler on_over);

  void start();

  /// Ends the process (SIGHUP, later SIGKILL); its client gets the status.
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
  void tell_over();
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
  Error input_error_;  // why the client's stdin broke off
  std::array<PumpPtr, 2> outputs_;
  bool finished_ = false;    // the client has been given the status, or is gone
  bool stopping_ = false;    // by stop(): the client waits for the status
  net::Timer output_timer_;  // output_grace, from the exit on
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
