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

/// What goes before the kubeconfig: kubectl's flags of these names. Empty: as the kubeconfig says.
/// Files are relative to the working directory.
struct KubeconfigOverrides {
  std::string context{};
  std::string cluster{};  ///< the name of one
  std::string user{};     ///< the name of one
  std::string pod_namespace{};
  std::string server{};                 ///< takes the kubeconfig's tls-server-name away
  std::string certificate_authority{};  ///< takes its certificate-authority-data, and
                                        ///< insecure-skip-tls-verify, away
  std::string client_certificate{};
  std::string client_key{};
  std::string token{};  ///< takes its token file away
  std::string username{};
  std::string password{};
  std::string tls_server_name{};
  std::string proxy_url{};
  /// True takes the kubeconfig's certificate authority away.
  std::optional<bool> insecure_skip_tls_verify{};
  Impersonation impersonate{};
};

/// The files that kubectl would read: those that KUBECONFIG lists, separated by colons, or
/// ~/.kube/config. Reads the environment (KUBECONFIG, HOME).
UVSPDY_EXPORT std::vector<std::string> kubeconfig_files_from_environment();

struct KubeconfigContent;

/// One or more kubeconfig files, read and merged. From docs/examples/kube_client.cpp:
///
///     const Result<Kubeconfig> kubeconfig = Kubeconfig::load(files);
///     if (!kubeconfig) return kubeconfig.error();
///     Result<ClientConfig> config = kubeconfig->client_config();
///     if (!config) return config.error();
///
/// Errors are kBadKubeconfig; what is wrong inside a file is named as FILE:LINE:COLUMN. Functions
/// block while they read files.
class UVSPDY_EXPORT Kubeconfig {
  struct Private {};

 public:
  /// Reads one file, which must exist.
  static Result<Kubeconfig> load_file(const std::string& path);

  /// Reads files and merges them: of two entries with one name, and of two current contexts, the
  /// first stays. Files that do not exist, and empty names, are passed over.
  static Result<Kubeconfig> load(const std::vector<std::string>& paths);

  /// Puts together what one context says: the one asked for, or the current one. With neither, the
  /// overrides must name a server or a cluster. Names of files come out absolute; those of
  /// certificates and keys must be readable. As in client-go, a server without TLS is sent no
  /// credentials: they are left out for "http://".
  Result<ClientConfig> client_config(const KubeconfigOverrides& overrides = {}) const;

  /// The name that current-context has; empty if there is none.
  const std::string& current_context() const;

  /// The names of all contexts, sorted.
  std::vector<std::string> context_names() const;

  Kubeconfig(Private, std::shared_ptr<const KubeconfigContent> content);  // use `load`, `load_file`

 private:
  std::shared_ptr<const KubeconfigContent> content_;
};

}  // namespace uvspdy::kube
