#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/process/process.h"
#include "kube/process/termination.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// One exec: a process between the streams of a session. Its LocalRuntime owns it, until `on_over`
/// says, from the loop, that the process is gone and the session finished.
///
/// Each output's end becomes its stream's FIN; when both have ended and the process has exited, the
/// session is finished with its status.
class LocalCommand : public std::enable_shared_from_this<LocalCommand> {
 public:
  using OverHandler = std::function<void(const std::shared_ptr<LocalCommand>&)>;

  LocalCommand(uv_loop_t* loop, std::vector<std::string> command,
               std::shared_ptr<RemoteCommandSession> session, const LocalRuntime::Options& options,
               std::shared_ptr<BufferPool> pool, OverHandler on_over);

  void start();

  /// Ends the process (SIGHUP, later SIGKILL); its client is told.
  void stop();

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  /// An output of the process and the stream it goes to.
  struct OutputStream {
    Process::Output output;
    StreamPtr stream;
    bool done = true;  // its stream is closed, or nobody takes it any more
  };

  OutputStream& output_of(Process::Output output) {
    return outputs_[static_cast<std::size_t>(output)];
  }
  Process::Handlers process_handlers();
  void connect_stdin();
  void connect_output(OutputStream& output);
  void take_output(OutputStream& output, Buffer buffer);
  void end_output(OutputStream& output);
  void output_done(OutputStream& output);
  void exited();
  void drop_stdin();
  void limit_output();
  void maybe_finish();
  void finish(const Status& status);
  void terminate();
  void check_over();
  void log(const std::string& line) const;

  uv_loop_t* loop_;
  std::vector<std::string> command_;
  std::shared_ptr<RemoteCommandSession> session_;
  LocalRuntime::Options options_;
  std::shared_ptr<BufferPool> pool_;
  StreamPtr stdin_;
  std::array<OutputStream, 2> outputs_{OutputStream{Process::Output::kStdout, {}},
                                       OutputStream{Process::Output::kStderr, {}}};
  std::unique_ptr<Process> process_;
  std::optional<Termination> termination_;  // of the process
  bool finished_ = false;                   // the session, or its client is gone
  bool stopping_ = false;                   // told to stop: its client waits for the end
  net::Timer output_timer_;                 // no more output from behind the exit
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
