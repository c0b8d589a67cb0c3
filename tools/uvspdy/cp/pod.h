#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "console.h"
#include "stop_signals.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::command {

class PodCommand;

/// The pod that `cp` copies from or to. Commands run in it one after another, and whoever waits for
/// one turns the loop until it is over: libarchive's callbacks, which may only block, then are
/// plain reads and writes, in one thread and with nothing queued in between.
class Pod {
 public:
  /// `request` names the pod and the container.
  Pod(uv_loop_t* loop, std::shared_ptr<kube::ApiServer> server, kube::ExecRequest request,
      Console& console);

  /// From here on a signal (StopSignals) ends the command that runs, so that what it leaves can be
  /// tidied up; a second one ends the process at once. Errors: libuv's.
  Error watch_signals();

  /// Runs a command without input to its end; its output, of at most a few KiB, goes to `output`,
  /// if there is one. Errors: those of kube::exec.
  Result<kube::ExitStatus> run(std::vector<std::string> words, std::string* output = nullptr);

  /// The same for one that has to succeed. Errors: also when its exit code is not 0.
  Error run_well(std::vector<std::string> words, std::string* output = nullptr);

  /// Runs one that tidies up, behind a failure: quietly, and after a signal, too. All of an
  /// attempt's together have ten seconds.
  void tidy_up(std::vector<std::string> words);

  /// Lets some time pass.
  void sleep(std::chrono::milliseconds time);

  /// The signal that came, or 0.
  int signal() const { return signal_; }

  /// Whether a command's end is unknown because its connection was lost, or never made: it may go
  /// better another time.
  bool connection_lost() const { return lost_; }

  /// Begins an attempt, of which nothing is known yet.
  void begin_attempt() {
    lost_ = false;
    tidying_left_ = kTidyingTime;
  }

  Console& console() { return console_; }

 private:
  friend class PodCommand;

  static constexpr std::chrono::milliseconds kTidyingTime{10000};

  void turn();

  uv_loop_t* loop_;
  std::shared_ptr<kube::ApiServer> server_;
  kube::ExecRequest request_;
  Console& console_;
  int signal_ = 0;
  bool stopping_ = false;  // commands are to end
  bool tidying_ = false;
  std::chrono::milliseconds tidying_left_ = kTidyingTime;
  bool lost_ = false;
  StopSignals signals_;
};

/// "command terminated with exit code 2", or the server's words; nothing for success.
Error failure_of(const Result<kube::ExitStatus>& status);

}  // namespace uvspdy::command
