#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/local/local_runtime.h"
#include "uvspdy/kube/server/pod_api.h"
#include "uvspdy/kube/server/request_authenticator.h"
#include "uvspdy/kube/server/streaming_server.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/session/options.h"

namespace uvspdy::command {

/// Serves this machine as a pod, for `serve` and `demo`.
class PodServer {
  using LogHandler = Callback<void(std::string_view)>;

 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string socket_path;  ///< of a local socket, used in place of address and port
    std::string pod = "uvspdy";
    /// If not null, every connection uses TLS.
    std::shared_ptr<const net::TlsServerContext> tls;
    /// Whether requests must be authenticated, by a client certificate that `tls` has verified or
    /// by one of `tokens`.
    bool authenticates = false;
    std::vector<kube::BearerToken> tokens;
    session::FlowControl flow_control = session::FlowControl::kAutomatic;
    /// HttpServerOptions and StreamingServerOptions say what these do.
    std::size_t max_connections = httpstream::HttpServerOptions().max_connections;
    std::size_t max_connections_per_address =
        httpstream::HttpServerOptions().max_connections_per_address;
    std::size_t max_commands = kube::StreamingServerOptions().max_commands;
    std::size_t max_commands_per_user = kube::StreamingServerOptions().max_commands_per_user;
    /// LocalRuntimeOptions says when they are called.
    Callback<void(int pid)> on_process_started;
    Callback<void(int pid)> on_process_over;
    /// The command that `start_main` will be called with, if it will be: clients can read whether
    /// it has stdin and a terminal.
    kube::MainCommand main_command;
    /// Receives lines of text; it must not block.
    LogHandler log;
  };

  static Result<std::unique_ptr<PodServer>> start(uv_loop_t* loop, Options options);

  /// Starts the main process, which clients attach to. `on_over` and errors: see
  /// LocalRuntime::start_main.
  Error start_main(const kube::MainCommand& command, OnceCallback<void(int exit_code)> on_over);

  std::uint16_t port() const { return http_->port(); }

  /// The URL at which it listens: "https://127.0.0.1:6443" or "unix:///run/x.sock".
  std::string url() const;

  /// Ends every command and then calls `done`.
  void stop(OnceCallback<void()> done);

  PodServer(uv_loop_t* loop, Options options, const std::shared_ptr<const LogHandler>& log);

 private:
  void handle(const std::shared_ptr<httpstream::HttpExchange>& exchange);

  bool tls_;
  bool authenticates_;
  kube::RequestAuthenticator authenticator_;
  kube::PodApi api_;
  std::shared_ptr<kube::LocalRuntime> runtime_;
  kube::StreamingServer streaming_;
  std::unique_ptr<httpstream::HttpServer> http_;
};

}  // namespace uvspdy::command
