#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console.h"
#include "deadline.h"
#include "stop_signals.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {

class PodCommand;

/// The pod that `cp` copies from or to. Commands run in it one after another. Code that waits for a
/// command runs the loop until the command is over. So libarchive's callbacks, which can only
/// block, are plain reads and writes in one thread, without a queue in between.
class Pod {
 public:
  /// `request` names the pod and the container.
  Pod(uv_loop_t* loop, std::shared_ptr<kube::ApiServer> server, kube::ExecRequest request,
      Console& console);

  /// From here on a signal (StopSignals) ends the running command, so that its leftovers can be
  /// tidied up; a second signal ends the process at once, but not one after the end of --timeout
  /// alone. Errors: libuv's.
  Error watch_signals();

  /// Runs a command without input to its end; its output, of at most a few KiB, goes to `output`,
  /// if there is one. Without `on_line` its stderr goes to the console. Errors: those of
  /// kube::exec.
  Result<kube::ExitStatus> run(std::vector<std::string> words, std::string* output = nullptr,
                               std::function<void(std::string_view line)> on_line = {});

  /// Like run, for a command that has to succeed. Errors: also when its exit code is not 0, with
  /// the command's name if the pod has none of that name.
  Error run_well(std::vector<std::string> words, std::string* output = nullptr);

  /// Runs a command that tidies up, without messages, also after a failure or a signal. All such
  /// commands of an attempt together have ten seconds, also when the time of --timeout is over, and
  /// after a signal what is left of time_to_end(). Returns whether the command has succeeded.
  bool tidy_up(std::vector<std::string> words);

  /// Runs the loop, without waiting, if it has not run for 20 ms: for work that neither reads nor
  /// writes for long. Returns false after a signal, when such work has to end.
  bool go_on();

  /// Runs the loop for some time, or until a signal.
  void sleep(std::chrono::milliseconds time);

  /// The last signal that came, or kTimeIsUp, or 0.
  int signal() const { return signal_; }

  /// How long this process may still take to end: a second, less the time since a signal.
  std::chrono::milliseconds time_to_end() const;

  /// Whether a command's result is unknown because its connection was lost or not made in time:
  /// another attempt may succeed.
  bool connection_lost() const { return lost_; }

  /// Begins an attempt: connection_lost() is false again, and tidying up has its full time.
  void begin_attempt() {
    lost_ = false;
    tidying_left_ = kTimeToTidyUp;
  }

  Console& console() { return console_; }

 private:
  friend class PodCommand;

  static constexpr std::chrono::milliseconds kTimeToTidyUp{10000};
  // How long the process takes at most to end after a signal, or after a copy that is over.
  static constexpr std::chrono::milliseconds kTimeToEnd{1000};
  static_assert(kTimeToTidyUp + kTimeToEnd < kTimeToEndInOrder);

  void turn();
  void stop(int signal);
  // Whether someone has sent a signal and waits; nobody waits for the end of --timeout.
  bool is_hurried() const { return signal_ != 0 && signal_ != kTimeIsUp; }

  uv_loop_t* loop_;
  std::shared_ptr<kube::ApiServer> server_;
  kube::ExecRequest request_;
  Console& console_;
  int signal_ = 0;
  bool stopping_ = false;         // commands must end
  std::uint64_t stopped_at_ = 0;  // nanoseconds
  std::optional<net::Timer> tidying_limit_;
  std::chrono::milliseconds tidying_left_ = kTimeToTidyUp;
  bool lost_ = false;
  std::uint64_t last_turn_ = 0;  // nanoseconds
  StopSignals signals_;
};

/// The exit_text of a command that has failed, or why it has no exit code; no error for success.
Error failure_of(const Result<kube::ExitStatus>& status);

}  // namespace uvspdy::command
