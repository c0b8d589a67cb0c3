#pragma once

#include <unistd.h>
#include <uv.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "flags/cli_app.h"
#include "line_writer.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/session/options.h"

namespace uvspdy::command {

/// The flags for a command's server and credentials. Their names are kubectl's.
struct ClientFlags {
  std::string kubeconfig;
  kube::KubeconfigOverrides overrides;
  bool insecure_skip_tls_verify = false;
  session::FlowControl flow_control = session::FlowControl::kAutomatic;
  /// How long a request may take, as kubectl has it; 0: its answer may take for ever.
  std::optional<std::chrono::milliseconds> request_timeout;
  /// The verbosity of stderr: from 1 on, the server and proxy; from 6 on, each request; from 8 on,
  /// the requests' headers, too, without secrets.
  int verbosity = 0;
};

/// Adds the flags, and --timeout, whose time begins when it is parsed (start_deadline).
void add_client_flags(CLI::App& command, ClientFlags& flags);

/// Makes the ClientConfig from the flags and a kubeconfig: the file of --kubeconfig, else the files
/// that kubectl would read, which need not exist with --server. Without any of these and with
/// KUBERNETES_SERVICE_HOST set, it is the pod's service account, which can be combined only with
/// --namespace, --token, --certificate-authority and --as with its like.
Result<kube::ClientConfig> read_client_config(const ClientFlags& flags);

/// Makes the ApiServer of a ClientConfig, with the environment's proxies. The messages of -v and
/// the stderr of a credential plugin go to `errors`.
Result<std::shared_ptr<kube::ApiServer>> make_api_server(
    uv_loop_t* loop, const ClientFlags& flags, kube::ClientConfig config,
    const LineWriter& errors = LineWriter(STDERR_FILENO));

}  // namespace uvspdy::command
