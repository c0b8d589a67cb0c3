#pragma once

#include <uv.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kube/process/process.h"
#include "kube/process/termination.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// One run of a credential plugin. Keeps itself alive until the process is gone.
class CredentialPlugin : public std::enable_shared_from_this<CredentialPlugin> {
  struct Private {};

 public:
  using StderrHandler = Callback<void(std::string_view)>;
  struct Options {
    std::chrono::milliseconds timeout;
    bool interactive = false;  // inherits stdin, and stays in this process's group
    std::string exec_info;     // for KUBERNETES_EXEC_INFO
    std::shared_ptr<const StderrHandler> on_stderr;
  };
  /// Receives the plugin's output (stdout).
  using Handler = OnceCallback<void(Result<std::string>)>;

  /// Starts the plugin. The handler runs once, from the loop, unless `stop` is called before.
  /// Errors: kCredentials, net::Errc::kTimeout.
  static std::shared_ptr<CredentialPlugin> run(uv_loop_t* loop, const ExecConfig& exec,
                                               Options options, Handler handler);

  CredentialPlugin(Private, uv_loop_t* loop, const ExecConfig& exec, Options options,
                   Handler handler);  // use `run`

  /// Ends the plugin: SIGTERM, and SIGKILL a second later; if it has a process group of its own,
  /// the whole group.
  void stop();

 private:
  void start(uv_loop_t* loop);
  void start_output(Process::Output output);
  void take_output(Process::Output output, std::string_view text);
  void conclude_when_over();
  void conclude();
  void on_time();
  void terminate();
  void fail(const Error& error);
  void deliver(Result<std::string> result);
  Error start_failure(const Error& error) const;
  Error exit_failure() const;

  ExecConfig exec_;
  Options options_;
  Handler handler_;
  std::shared_ptr<CredentialPlugin> self_;
  net::Timer timer_;
  net::Wakeup concluding_;
  std::unique_ptr<Process> process_;
  std::optional<Termination> termination_;  // of the process
  std::array<std::unique_ptr<httpstream::Source>, 2> outputs_;
  Error start_error_;
  std::string stdout_;
  std::string stderr_;  // the last 4 KiB
};

}  // namespace uvspdy::kube
