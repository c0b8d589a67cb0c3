#pragma once

#include <uv.h>

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

/// This machine as a pod: what `serve` and `demo` run.
class PodServer {
  using LogHandler = Callback<void(std::string_view)>;

 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string socket_path;  ///< of a local socket, in place of address and port
    std::string pod = "uvspdy";
    /// Not null: every connection is TLS.
    std::shared_ptr<const net::TlsServerContext> tls;
    /// Whether requests must come from somebody we know: by a client certificate that `tls` has
    /// verified, or one of `tokens`.
    bool authenticates = false;
    std::vector<kube::BearerToken> tokens;
    session::FlowControl flow_control = session::FlowControl::kAutomatic;
    /// What `start_main` will be called with, if at all: clients are told of its stdin and
    /// terminal.
    kube::MainCommand main_command;
    /// Hears a line each; it must not wait for whoever reads them.
    LogHandler log;
  };

  static Result<std::unique_ptr<PodServer>> start(uv_loop_t* loop, Options options);

  /// Starts the process that attach joins; `on_over` hears with what it exited, once its clients
  /// have been told. Errors: those of LocalRuntime::start_main.
  Error start_main(const kube::MainCommand& command, OnceCallback<void(int exit_code)> on_over);

  std::uint16_t port() const { return http_->port(); }

  /// Where it listens, as "https://127.0.0.1:6443" or "unix:///run/x.sock".
  std::string url() const;

  /// Ends every command and then calls `done`.
  void stop(OnceCallback<void()> done);

  PodServer(uv_loop_t* loop, const Options& options, std::shared_ptr<const LogHandler> log);

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
