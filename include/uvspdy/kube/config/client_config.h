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

/// The user to act as, if the server permits it, as by `kubectl --as` (Impersonate-User headers).
struct Impersonation {
  std::string user{};  ///< empty: no impersonation; the other fields are then ignored
  std::string uid{};
  std::vector<std::string> groups{};
  std::vector<std::pair<std::string, std::vector<std::string>>> extra{};
};

/// Whether a credential plugin inherits this process's stdin (a kubeconfig's interactiveMode).
enum class InteractiveMode {
  kNever,
  kIfAvailable,  ///< if stdin is a terminal and AuthenticatorOptions::stdin_available
  kAlways,       ///< like kIfAvailable; without that stdin the plugin is not run (kCredentials)
};

/// A credential plugin: a command that prints an ExecCredential (client.authentication.k8s.io/v1
/// or v1beta1) to stdout.
struct ExecConfig {
  std::string command{};  ///< looked up on PATH unless it contains a '/'
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};  ///< added to this process's own
  std::string api_version{};          ///< the apiVersion of the ExecCredential that it prints
  std::string install_hint{};         ///< added to the error's text when the command does not exist
  bool provide_cluster_info = false;  ///< whether the plugin gets the server's address and CA
  InteractiveMode interactive_mode = InteractiveMode::kNever;
  /// The cluster's extension "client.authentication.k8s.io/exec" as JSON; empty: none.
  std::string cluster_extension{};
};

/// The credentials of a client, other than a client certificate (which is in ClientConfig::tls).
struct Credentials {
  std::string token{};  ///< a bearer token
  /// A file with a bearer token, read anew for each request. It takes precedence over `token`,
  /// which is used only while the file is empty or cannot be read.
  std::string token_file{};
  std::string username{};  ///< for Basic authentication, which is used only without a token
  std::string password{};
  /// Run only when all fields above are empty and there is no client certificate.
  std::optional<ExecConfig> exec{};
  Impersonation impersonate{};
};

/// The address of an API server and the credentials for it: client-go's rest.Config, as far as
/// streaming uses it. Kubeconfig::client_config and in_cluster_config make one.
struct ClientConfig {
  httpstream::Url server{};  ///< the URL's target is the path prefix of the server's API
  std::string pod_namespace = "default";  ///< for the caller to put into its requests
  net::TlsClientOptions tls{};
  std::string proxy_url{};  ///< empty: no proxy, but see ApiServerOptions::proxy_from_environment
  Credentials credentials{};
};

/// The folder in which a pod finds its service account.
inline constexpr const char* kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

/// Makes the ClientConfig of a program that runs in a pod, for https://HOST:PORT: the service
/// account's token, CA and namespace, from the files "token" (read anew for each request), "ca.crt"
/// and "namespace" (which may be missing) of `folder`. Blocks while it reads them.
/// Errors: kBadKubeconfig when host and port make no URL, or the token or CA cannot be read.
UVSPDY_EXPORT Result<ClientConfig> in_cluster_config(
    const std::string& host, const std::string& port,
    const std::string& folder = kServiceAccountFolder);

/// Like in_cluster_config, for the server of the environment variables KUBERNETES_SERVICE_HOST and
/// KUBERNETES_SERVICE_PORT. Errors: kBadKubeconfig also when one is not set (not in a cluster).
UVSPDY_EXPORT Result<ClientConfig> in_cluster_config_from_environment();

}  // namespace uvspdy::kube
