#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/kube/config/client_config.h"

namespace uvspdy::kube {

/// The largest kubeconfig that is read, in bytes.
inline constexpr std::size_t kMaxKubeconfigSize = 4 * 1024 * 1024;

/// Values that replace the kubeconfig's, as kubectl's flags of these names do. An empty field keeps
/// the kubeconfig's value. Relative paths are relative to the working directory.
struct KubeconfigOverrides {
  std::string context{};
  std::string cluster{};  ///< the name of a cluster in the kubeconfig
  std::string user{};     ///< the name of a user in the kubeconfig
  std::string pod_namespace{};
  /// A URL, or HOST:PORT, which is https if the cluster has a CA or insecure-skip-tls-verify, else
  /// http. Also removes the kubeconfig's tls-server-name.
  std::string server{};
  std::string certificate_authority{};  ///< also removes its certificate-authority-data and
                                        ///< insecure-skip-tls-verify
  std::string client_certificate{};
  std::string client_key{};
  std::string token{};  ///< also removes the kubeconfig's token file
  std::string username{};
  std::string password{};
  std::string tls_server_name{};
  std::string proxy_url{};
  /// If given: whether certificates are not verified. True also removes the kubeconfig's CA.
  std::optional<bool> insecure_skip_tls_verify{};
  Impersonation impersonate{};  ///< each field that is not empty replaces the kubeconfig's
};

/// Lists the files that kubectl would read: those that the environment variable KUBECONFIG names,
/// separated by colons, or $HOME/.kube/config if it is not set or empty.
UVSPDY_EXPORT std::vector<std::string> kubeconfig_files_from_environment();

struct KubeconfigContent;

/// The merged content of one or more kubeconfig files. From docs/examples/kube_client.cpp:
///
///     const Result<Kubeconfig> kubeconfig = Kubeconfig::load(files);
///     if (!kubeconfig) return kubeconfig.error();
///     Result<ClientConfig> config = kubeconfig->client_config();
///     if (!config) return config.error();
///
/// All errors are kBadKubeconfig; the text names the place of a fault inside a file as
/// FILE:LINE:COLUMN. Functions block while they read files. Copies share the content.
class UVSPDY_EXPORT Kubeconfig {
  struct Private {};

 public:
  /// Reads one file, which must exist and have at most kMaxKubeconfigSize bytes.
  static Result<Kubeconfig> load_file(const std::string& path);

  /// Reads files and merges them as kubectl does: of two entries with the same name, and of two
  /// current-contexts, the first is kept. Files that do not exist and empty paths are skipped.
  static Result<Kubeconfig> load(const std::vector<std::string>& paths);

  /// Makes the ClientConfig of one context: the one in `overrides`, else the current one. Without
  /// either, `overrides` must name a server or a cluster. Paths in the result are absolute; files
  /// of certificates and keys must be readable. As in client-go, credentials other than the
  /// impersonation are left out for a server without TLS ("http://").
  Result<ClientConfig> client_config(const KubeconfigOverrides& overrides = {}) const;

  /// The value of current-context; empty if there is none.
  const std::string& current_context() const;

  /// The names of all contexts, sorted.
  std::vector<std::string> context_names() const;

  Kubeconfig(Private, std::shared_ptr<const KubeconfigContent> content);  // use `load`, `load_file`

 private:
  std::shared_ptr<const KubeconfigContent> content_;
};

}  // namespace uvspdy::kube
