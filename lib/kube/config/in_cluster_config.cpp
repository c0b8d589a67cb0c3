#include <array>
#include <utility>

#include "core/trimmed.h"
#include "kube/config/read_file.h"
#include "kube/process/environment.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kMaxFileSize = 1024 * 1024;

Error not_in_cluster(const std::string& why) {
  return Error(Errc::kBadKubeconfig, "in-cluster configuration: " + why);
}

}  // namespace

Result<ClientConfig> in_cluster_config(const std::string& host, const std::string& port,
                                       const std::string& folder) {
  const bool ip6 = host.find(':') != std::string::npos;
  Result<httpstream::Url> server =
      httpstream::parse_url("https://" + (ip6 ? "[" + host + "]" : host) + ":" + port);
  if (!server) return not_in_cluster(server.error().message());
  ClientConfig config;
  config.server = std::move(*server);
  config.credentials.token_file = folder + "/token";
  config.tls.ca.file = folder + "/ca.crt";
  for (const std::string& file : {config.credentials.token_file, config.tls.ca.file}) {
    if (const Result<std::string> content = read_file(file, kMaxFileSize); !content) {
      return not_in_cluster(content.error().message());
    }
  }
  // The file may be missing.
  if (const Result<std::string> name = read_file(folder + "/namespace", kMaxFileSize)) {
    if (!trimmed(*name).empty()) config.pod_namespace = trimmed(*name);
  }
  return config;
}

Result<ClientConfig> in_cluster_config_from_environment() {
  const std::string host = environment_variable("KUBERNETES_SERVICE_HOST");
  const std::string port = environment_variable("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return not_in_cluster(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, as they are in a pod");
  }
  return in_cluster_config(host, port);
}

}  // namespace uvspdy::kube
