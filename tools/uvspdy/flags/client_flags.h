#pragma once

#include <unistd.h>
#include <uv.h>

#include <memory>
#include <string>

#include "line_writer.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/session/options.h"

namespace CLI {
class App;
}

namespace uvspdy::command {

/// The flags that say which server a command talks to, and as whom. Their names are kubectl's.
struct ClientFlags {
  std::string kubeconfig;
  kube::KubeconfigOverrides overrides;
  bool insecure_skip_tls_verify = false;
  session::FlowControl flow_control = session::FlowControl::kAutomatic;
  /// Of what is told on stderr: from 1 on, what is connected to; from 6 on, requests; from 8 on,
  /// their headers, too, without secrets.
  int verbosity = 0;
};

void add_client_flags(CLI::App& command, ClientFlags& flags);

/// What the flags and the kubeconfig come to: the one of --kubeconfig, else those that kubectl
/// would read, which need not exist when --server is given; else, where KUBERNETES_SERVICE_HOST is
/// set, a pod's service account, with which only --namespace, --token and --certificate-authority
/// go together.
Result<kube::ClientConfig> read_client_config(const ClientFlags& flags);

/// The server of such a configuration, with the environment's proxies. What -v asks for, and what
/// a credential plugin has to say, goes to `errors`.
Result<std::shared_ptr<kube::ApiServer>> make_api_server(
    uv_loop_t* loop, const ClientFlags& flags, kube::ClientConfig config,
    const LineWriter& errors = LineWriter(STDERR_FILENO));

}  // namespace uvspdy::command
