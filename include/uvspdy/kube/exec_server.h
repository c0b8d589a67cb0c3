#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/remotecommand.h"

namespace uvspdy::kube {

/// The server's side of exec: runs commands on this machine for clients that speak
/// v4.channel.k8s.io over SPDY (kubectl, client-go, uvspdy).
///
/// A command runs with the rights, the environment and the working directory of this process, so
/// whoever may reach the server may do what its user may. The process must ignore SIGPIPE, as
/// libuv asks of all its users: a command may close its stdin while bytes are on their way.
class ExecServer {
 public:
  struct Options {
    httpstream::ConnectionOptions connection;
    /// How long a client may take to create the streams that its request promises.
    std::chrono::milliseconds stream_creation_timeout = std::chrono::seconds(30);
    /// How long a command whose client has vanished may live on after SIGHUP, before SIGKILL.
    std::chrono::milliseconds termination_grace = std::chrono::seconds(5);
    /// How long to wait, behind the exit of a command, for output that something it has left
    /// running may still write.
    std::chrono::milliseconds output_grace = std::chrono::seconds(2);
    /// How long to wait for the client to close once it has its status.
    std::chrono::milliseconds close_grace = std::chrono::seconds(3);
    /// Hears, a line each, of commands and of connections that broke.
    std::function<void(std::string_view)> log;

    /// A PING every 5 s, so that a client that has vanished without a word is noticed also while a
    /// command neither reads nor writes.
    Options() { connection.session.ping_period = std::chrono::seconds(5); }
  };

  explicit ExecServer(uv_loop_t* loop, Options options = {});
  /// Commands that run are terminated as by `stop`.
  ~ExecServer();
  ExecServer(const ExecServer&) = delete;
  ExecServer& operator=(const ExecServer&) = delete;

  /// Answers an exec request: upgrades the connection, waits for its streams, runs the command,
  /// and ends with its status. A command that cannot be run gives a status that names it, with the
  /// exit code 127 (there is none) or 126. Requests that cannot be served (a terminal, no upgrade,
  /// no common protocol) are answered with a status and a text.
  void serve(const std::shared_ptr<httpstream::HttpExchange>& exchange, ExecRequest request);

  /// Sends every running command SIGHUP, and SIGKILL to what is left after termination_grace.
  /// `done` runs from the loop once no command runs any more.
  void stop(std::function<void()> done);

  /// Commands and connections under way.
  std::size_t sessions() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
