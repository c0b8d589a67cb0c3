#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "kube/config/exec_api_version.h"
#include "kube/config/kubeconfig_content.h"
#include "uvspdy/httpstream/proxy.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

// Text::at of a value that comes from the overrides, not from a file.
constexpr const char* kGiven = "";

Error bad(const std::string& at, const std::string& why) {
  return Error(Errc::kBadKubeconfig, at.empty() ? why : at + ": " + why);
}

void override_with(Text& text, const std::string& given) {
  if (!given.empty()) text = {given, kGiven};
}

// Makes the path absolute, since the working directory may change later.
void override_file(Text& file, Text& data, const std::string& given) {
  if (given.empty()) return;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(given, error);
  file = {error ? given : path.string(), kGiven};
  data = {};
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kEnough = 20;
  if (names.empty()) return "none";
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kEnough; ++i) {
    list += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  return names.size() > kEnough ? list + ", ..." : list;
}

std::string files_of(const KubeconfigContent& content) {
  if (content.files.empty()) return "kubeconfig";
  std::string list;
  for (const std::string& file : content.files) list += (list.empty() ? "" : ", ") + file;
  return list;
}

template <class Entry>
Result<Entry> entry_of(const std::map<std::string, Entry>& entries, const char* kind,
                       const Text& name) {
  if (name.empty()) return Entry();
  if (const auto found = entries.find(name.value); found != entries.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const auto& [known, entry] : entries) names.push_back(known);
  return bad(name.at, "there is no " + std::string(kind) + " '" + name.value +
                          "'; there are: " + list_of(names));
}

Error check_readable(const Text& file, const char* field) {
  if (file.empty() || access(file.value.c_str(), R_OK) == 0) return {};
  return bad(file.at, std::string(field) + ": cannot read " + file.value + ": " +
                          std::error_code(errno, std::generic_category()).message());
}

// The -data field takes precedence over the file field.
Result<net::Pem> pem_of(const Text& data, const Text& file, const char* field) {
  net::Pem pem;
  if (!data.empty()) {
    pem.text = data.value;
  } else if (Error error = check_readable(file, field)) {
    return error;
  } else {
    pem.file = file.value;
  }
  return pem;
}

// The text does not quote the URL, which may contain a password.
Error check_proxy(const Text& proxy) {
  if (proxy.empty()) return {};
  if (proxy.value.find("://") == std::string::npos) {
    return bad(proxy.at, "proxy-url: it must begin with http://, https:// or socks5://");
  }
  const Result<httpstream::Proxy> parsed = httpstream::parse_proxy(proxy.value);
  return parsed ? Error() : bad(proxy.at, "proxy-url: " + parsed.error().message());
}

// HOST:PORT without a scheme, as client-go takes it: with https where the cluster has TLS to verify
// by, else with http.
std::string with_scheme(const std::string& server, bool has_tls) {
  if (server.find("://") != std::string::npos) return server;
  return (has_tls ? "https://" : "http://") + server;
}

Error apply_cluster(Cluster cluster, const KubeconfigOverrides& overrides, ClientConfig& config) {
  const bool insecure = overrides.insecure_skip_tls_verify.value_or(false);
  if (insecure || !overrides.certificate_authority.empty()) {
    cluster.insecure_skip_tls_verify = false;
    cluster.certificate_authority = {};
    cluster.certificate_authority_data = {};
  }
  if (!overrides.server.empty()) cluster.tls_server_name = {};
  cluster.insecure_skip_tls_verify =
      overrides.insecure_skip_tls_verify.value_or(cluster.insecure_skip_tls_verify);
  override_file(cluster.certificate_authority, cluster.certificate_authority_data,
                overrides.certificate_authority);
  override_with(cluster.server, overrides.server);
  override_with(cluster.tls_server_name, overrides.tls_server_name);
  override_with(cluster.proxy_url, overrides.proxy_url);

  if (cluster.server.empty()) return bad(cluster.at, "the cluster has no server");
  const bool has_tls = cluster.insecure_skip_tls_verify || !cluster.certificate_authority.empty() ||
                       !cluster.certificate_authority_data.empty();
  Result<httpstream::Url> server =
      httpstream::parse_url(with_scheme(cluster.server.value, has_tls));
  if (!server) return bad(cluster.server.at, "server: " + server.error().message());
  Result<net::Pem> ca = pem_of(cluster.certificate_authority_data, cluster.certificate_authority,
                               "certificate-authority");
  if (!ca) return ca.error();
  if (cluster.insecure_skip_tls_verify && !ca->empty()) {
    return bad(cluster.at,
               "insecure-skip-tls-verify together with a certificate authority: there must be but "
               "one of the two");
  }
  if (Error error = check_proxy(cluster.proxy_url)) return error;
  config.server = std::move(*server);
  config.tls.verify = !cluster.insecure_skip_tls_verify;
  config.tls.ca = std::move(*ca);
  config.tls.server_name = cluster.tls_server_name.value;
  config.proxy_url = cluster.proxy_url.value;
  return {};
}

Result<ExecConfig> exec_config(const ExecPluginEntry& entry, const std::string& extension) {
  ExecConfig exec = entry.config;
  if (exec.command.empty()) return bad(entry.at, "exec has no command");
  if (!is_exec_api_version(exec.api_version)) {
    return bad(exec.api_version.empty() ? entry.at : entry.api_version.at,
               "exec has the apiVersion '" + exec.api_version + "'; it must be " +
                   std::string(kExecV1) + " or " + std::string(kExecV1Beta1));
  }
  const std::string& mode = entry.interactive_mode.value;
  if (mode == "Never") {
    exec.interactive_mode = InteractiveMode::kNever;
  } else if (mode == "IfAvailable" || (mode.empty() && exec.api_version == kExecV1Beta1)) {
    exec.interactive_mode = InteractiveMode::kIfAvailable;
  } else if (mode == "Always") {
    exec.interactive_mode = InteractiveMode::kAlways;
  } else {
    return bad(
        mode.empty() ? entry.at : entry.interactive_mode.at,
        "exec has the interactiveMode '" + mode + "'; it must be Never, IfAvailable or Always");
  }
  exec.cluster_extension = extension;
  return exec;
}

Error apply_key_pair(const KubeconfigUser& user, net::TlsClientOptions& tls) {
  if (user.client_certificate.empty() && user.client_certificate_data.empty()) return {};
  if (user.client_key.empty() && user.client_key_data.empty()) {
    return bad(user.at, "client-certificate without client-key: there must be both");
  }
  Result<net::Pem> certificate =
      pem_of(user.client_certificate_data, user.client_certificate, "client-certificate");
  if (!certificate) return certificate.error();
  Result<net::Pem> key = pem_of(user.client_key_data, user.client_key, "client-key");
  if (!key) return key.error();
  tls.key_pair = net::TlsKeyPair{std::move(*certificate), std::move(*key), nullptr};
  return {};
}

// Each field alone, as client-go merges them: groups may be added to the kubeconfig's user.
void override_impersonation(Impersonation& impersonate, const Impersonation& given) {
  if (!given.user.empty()) impersonate.user = given.user;
  if (!given.uid.empty()) impersonate.uid = given.uid;
  if (!given.groups.empty()) impersonate.groups = given.groups;
  if (!given.extra.empty()) impersonate.extra = given.extra;
}

Error apply_user(KubeconfigUser user, const KubeconfigOverrides& overrides,
                 const std::string& extension, ClientConfig& config) {
  override_file(user.client_certificate, user.client_certificate_data,
                overrides.client_certificate);
  override_file(user.client_key, user.client_key_data, overrides.client_key);
  if (!overrides.token.empty()) user.token_file = {};
  override_with(user.token, overrides.token);
  override_with(user.username, overrides.username);
  override_with(user.password, overrides.password);
  override_impersonation(user.impersonate, overrides.impersonate);

  if (user.impersonate.user.empty() &&
      (!user.impersonate.uid.empty() || !user.impersonate.groups.empty() ||
       !user.impersonate.extra.empty())) {
    return bad(user.at,
               "as-uid, as-groups or as-user-extra without 'as': whom to act as is missing");
  }
  const bool has_token = !user.token.empty() || !user.token_file.empty();
  if (has_token && (!user.username.empty() || !user.password.empty())) {
    return bad(user.at, "a token together with a username: there must be but one of the two");
  }
  config.credentials.impersonate = user.impersonate;
  if (config.server.scheme == "http") return {};
  if (user.auth_provider) {
    return bad(*user.auth_provider,
               "auth-provider: Kubernetes 1.26 has removed these plugins; use 'exec' with a "
               "credential plugin");
  }
  if (Error error = apply_key_pair(user, config.tls)) return error;
  config.credentials.token = user.token.value;
  config.credentials.token_file = user.token_file.value;
  config.credentials.username = user.username.value;
  config.credentials.password = user.password.value;
  if (!user.exec) return {};
  Result<ExecConfig> exec = exec_config(*user.exec, extension);
  if (!exec) return exec.error();
  config.credentials.exec = std::move(*exec);
  return {};
}

}  // namespace

Result<ClientConfig> Kubeconfig::client_config(const KubeconfigOverrides& overrides) const {
  const KubeconfigContent& content = *content_;
  Text name = content.current_context;
  override_with(name, overrides.context);
  if (name.empty() && overrides.server.empty() && overrides.cluster.empty()) {
    return bad(files_of(content),
               "there is no current-context and no context was asked for; there are: " +
                   list_of(context_names()));
  }
  Result<Context> context = entry_of(content.contexts, "context", name);
  if (!context) return context.error();
  override_with(context->cluster, overrides.cluster);
  override_with(context->user, overrides.user);
  override_with(context->pod_namespace, overrides.pod_namespace);
  if (context->cluster.empty() && overrides.server.empty()) {
    return bad(context->at, "the context '" + name.value + "' names no cluster");
  }
  Result<Cluster> cluster = entry_of(content.clusters, "cluster", context->cluster);
  if (!cluster) return cluster.error();
  Result<KubeconfigUser> user = entry_of(content.users, "user", context->user);
  if (!user) return user.error();

  ClientConfig config;
  if (!context->pod_namespace.empty()) config.pod_namespace = context->pod_namespace.value;
  const std::string extension = cluster->exec_extension;
  if (Error error = apply_cluster(std::move(*cluster), overrides, config)) return error;
  if (Error error = apply_user(std::move(*user), overrides, extension, config)) return error;
  return config;
}

}  // namespace uvspdy::kube
