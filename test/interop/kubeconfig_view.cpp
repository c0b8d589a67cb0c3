// kubeconfig-view [CONTEXT]: what the library makes of the kubeconfigs that KUBECONFIG names, as
// one line of JSON, for comparing with `kubectl config view`. Errors go to stderr, and the exit
// code is 1.

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "uvspdy/kube/config/kubeconfig.h"

namespace {

using nlohmann::json;
using namespace uvspdy;

json pem(const net::Pem& pem) { return {{"file", pem.file}, {"text", pem.text}}; }

json view(const kube::ClientConfig& config) {
  const httpstream::Url& server = config.server;
  json object = {
      {"server", server.scheme + "://" + server.authority() + server.target},
      {"namespace", config.pod_namespace},
      {"ca", pem(config.tls.ca)},
      {"insecure", !config.tls.verify},
      {"tls-server-name", config.tls.server_name},
      {"proxy-url", config.proxy_url},
      {"token", config.credentials.token},
      {"tokenFile", config.credentials.token_file},
      {"username", config.credentials.username},
      {"password", config.credentials.password},
      {"as", config.credentials.impersonate.user},
  };
  if (config.tls.key_pair) {
    object["certificate"] = pem(config.tls.key_pair->certificate);
    object["key"] = pem(config.tls.key_pair->key);
  }
  if (config.credentials.exec) {
    object["exec"] = {{"command", config.credentials.exec->command},
                      {"args", config.credentials.exec->arguments},
                      {"env", config.credentials.exec->environment}};
  }
  return object;
}

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Result<kube::Kubeconfig> kubeconfig =
      kube::Kubeconfig::load(kube::kubeconfig_files_from_environment());
  if (!kubeconfig) return fail(kubeconfig.error());
  const Result<kube::ClientConfig> config =
      kubeconfig->client_config({.context = argc > 1 ? argv[1] : ""});
  if (!config) return fail(config.error());
  std::printf("%s\n", view(*config).dump().c_str());
  return 0;
}
