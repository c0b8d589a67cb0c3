#include "client_flags.h"

#include <cstdio>
#include <string_view>
#include <utility>

#include "flow_control.h"

using namespace uvspdy;

void add_client_flags(CLI::App& command, ClientFlags& flags) {
  kube::KubeconfigOverrides& overrides = flags.overrides;
  command.add_option("--kubeconfig", flags.kubeconfig, "The kubeconfig to use");
  command.add_option("--context", overrides.context, "The kubeconfig's context to use");
  command.add_option("--cluster", overrides.cluster, "The kubeconfig's cluster to use");
  command.add_option("--user", overrides.user, "The kubeconfig's user to use");
  command.add_option("-n,--namespace", overrides.pod_namespace, "The pod's namespace");
  command.add_option("-s,--server", overrides.server,
                     "URL of the server: http://, https:// or unix://");
  command.add_option("--token", overrides.token, "Bearer token");
  command.add_option("--username", overrides.username, "User name, for Basic authentication");
  command.add_option("--password", overrides.password, "Its password");
  command.add_option("--certificate-authority", overrides.certificate_authority,
                     "PEM file with the CAs that the server's certificate may be from");
  command.add_option("--client-certificate", overrides.client_certificate,
                     "PEM file with the certificate to show");
  command.add_option("--client-key", overrides.client_key, "PEM file with its key");
  command.add_option("--tls-server-name", overrides.tls_server_name,
                     "Name that the server's certificate must be for, in place of the host");
  command.add_flag("--insecure-skip-tls-verify", flags.insecure_skip_tls_verify,
                   "Do not verify the server's certificate; anybody in between can read and change "
                   "everything then");
  command.add_option("--proxy-url", overrides.proxy_url,
                     "Proxy to go through, http://, https:// or socks5://; else the kubeconfig's, "
                     "else the environment's");
  add_flow_control(command, flags.flow_control);
}

Result<kube::ClientConfig> read_client_config(const ClientFlags& flags) {
  kube::KubeconfigOverrides overrides = flags.overrides;
  if (flags.insecure_skip_tls_verify) overrides.insecure_skip_tls_verify = true;
  auto kubeconfig = flags.kubeconfig.empty()
                        ? kube::Kubeconfig::load(kube::kubeconfig_files_from_environment())
                        : kube::Kubeconfig::load_file(flags.kubeconfig);
  if (!kubeconfig) return kubeconfig.error();
  const bool empty = kubeconfig->context_names().empty() && overrides.server.empty();
  if (empty && flags.kubeconfig.empty()) return kube::in_cluster_config_from_environment();
  return kubeconfig->client_config(overrides);
}

Result<std::shared_ptr<kube::ApiServer>> make_api_server(uv_loop_t* loop, const ClientFlags& flags,
                                                         kube::ClientConfig config) {
  kube::ApiServer::Options options;
  options.round_tripper.connection.session.flow_control = flags.flow_control;
  options.authenticator.on_stderr = [](std::string_view words) {
    std::fwrite(words.data(), 1, words.size(), stderr);
  };
  options.proxy_from_environment = true;
  return kube::ApiServer::create(loop, std::move(config), std::move(options));
}
