#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kube/process.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/kube/exec_server.h"
#include "uvspdy/kube/status.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// One exec on the server: a connection, its streams, and the command. Its server owns it, until
/// `on_over` says, from the loop, that the connection is closed and the command is gone.
///
/// The end, in order (WIRE: output before status): each output's end becomes its stream's FIN;
/// when both FINs have gone out and the command has exited, the status and its FIN follow on the
/// error stream; then the client is given time to close, and at last the connection is closed.
class ExecSession : public std::enable_shared_from_this<ExecSession> {
 public:
  using OverHandler = std::function<void(const std::shared_ptr<ExecSession>&)>;

  ExecSession(uv_loop_t* loop, ExecRequest request, const ExecServer::Options& options,
              std::shared_ptr<BufferPool> pool, std::string peer, OverHandler on_over);

  /// For the connection that carries the session, before it exists.
  httpstream::NewStreamHandler new_stream_handler();
  void start(std::shared_ptr<httpstream::Connection> connection);

  /// Ends the command; the session follows.
  void terminate();

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  /// A command's output and the stream it goes to.
  struct OutputStream {
    Process::Output output;
    StreamPtr stream;
    bool wanted = false;
    bool done = false;  // its FIN has gone out, or nobody takes it any more
    // Once the command has exited and the grace for its output is over: what may still be read.
    std::optional<std::size_t> left;
  };

  void new_stream(StreamPtr stream, httpstream::StreamDecision decision);
  StreamPtr* place_for(std::string_view type);
  bool has_all_streams() const;
  void run();
  void connect_output(OutputStream& output);
  void connect_stdin();
  void command_output(OutputStream& output, Buffer buffer);
  void command_exited();
  void limit_output();
  void finish_output(OutputStream& output);
  void output_done(OutputStream& output);
  void maybe_send_status();
  void send_status(const Status& status);
  void kill();
  void connection_closed(const Error& error);
  void check_over();
  OutputStream& output_of(Process::Output output) {
    return output == Process::Output::kStdout ? stdout_ : stderr_;
  }
  void log(const std::string& line) const;

  uv_loop_t* loop_;
  ExecRequest request_;
  ExecServer::Options options_;
  std::shared_ptr<BufferPool> pool_;
  std::string peer_;
  std::shared_ptr<httpstream::Connection> connection_;
  StreamPtr error_;
  StreamPtr stdin_;
  OutputStream stdout_{Process::Output::kStdout, nullptr, false, false, {}};
  OutputStream stderr_{Process::Output::kStderr, nullptr, false, false, {}};
  std::unique_ptr<Process> process_;
  bool started_ = false;
  bool status_sent_ = false;  // or nobody is left to send it to
  bool connection_closed_ = false;
  bool terminating_ = false;  // SIGHUP was sent
  bool killed_ = false;       // SIGKILL was sent
  net::Timer stream_timer_;   // all streams must be there by then
  net::Timer output_timer_;   // no more output from behind the command's exit
  net::Timer close_timer_;    // the client must have closed by then
  net::Timer kill_timer_;     // SIGKILL
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
