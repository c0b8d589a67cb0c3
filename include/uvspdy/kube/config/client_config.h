#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::kube {

/// The user to act as, for those who may: what `kubectl --as` asks for.
struct Impersonation {
  std::string user;  ///< empty: nobody, and the rest must be empty too
  std::string uid;
  std::vector<std::string> groups;
  std::vector<std::pair<std::string, std::vector<std::string>>> extra;
};

/// Whether a credential plugin gets our stdin.
enum class InteractiveMode {
  kNever,
  kIfAvailable,  ///< if it is a terminal
  kAlways,       ///< and without one the plugin is not run
};

/// A credential plugin: a command that prints an ExecCredential (client.authentication.k8s.io/v1
/// or v1beta1).
struct ExecConfig {
  std::string command;  ///< looked up on PATH unless it has a '/'
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< on top of our own
  std::string api_version;
  std::string install_hint;  ///< for people, when there is no such command
  bool provide_cluster_info = false;
  InteractiveMode interactive_mode = InteractiveMode::kNever;
  /// The cluster's extension "client.authentication.k8s.io/exec" as JSON; empty: none.
  std::string cluster_extension;
};

/// How to show who we are, beside a client certificate.
struct Credentials {
  std::string token;
  /// Holds the token; read anew for each dial. It goes before `token`, which is used while the file
  /// cannot be read.
  std::string token_file;
  std::string username;
  std::string password;
  /// Run only when there is nothing of the above and no client certificate.
  std::optional<ExecConfig> exec;
  Impersonation impersonate;
};

/// What it takes to reach one API server: client-go's rest.Config, as far as streaming uses it. Get
/// one from Kubeconfig::client_config or in_cluster_config, or fill it in.
struct ClientConfig {
  httpstream::Url server;  ///< its target is the path that the server's API is under
  std::string pod_namespace = "default";
  net::TlsClientOptions tls;
  std::string proxy_url;  ///< empty: none
  Credentials credentials;
};

/// Where a pod's service account is.
inline constexpr const char* kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

/// The ClientConfig of a pod: its service account's token (read anew for each dial), CA and
/// namespace, from the files "token", "ca.crt" and "namespace" of `folder`. Blocks for as long as
/// reading these takes.
/// Errors: kBadKubeconfig, for a server that is none, or files that are not there.
UVSPDY_EXPORT Result<ClientConfig> in_cluster_config(
    const std::string& host, const std::string& port,
    const std::string& folder = kServiceAccountFolder);

/// The same for the server that KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name.
/// Errors: kBadKubeconfig also when they are not set: we are in no cluster.
UVSPDY_EXPORT Result<ClientConfig> in_cluster_config_from_environment();

}  // namespace uvspdy::kube
