#include "kube/config/kubeconfig_content.h"

#include <yaml-cpp/depthguard.h>

#include <filesystem>
#include <system_error>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

constexpr const char* kExecExtension = "client.authentication.k8s.io/exec";

/// Makes names of files absolute that are relative to the kubeconfig's folder.
class Resolver {
 public:
  explicit Resolver(const std::string& file) {
    std::error_code ignored;  // then names stay as they are
    folder_ = std::filesystem::absolute(file, ignored).parent_path();
  }

  Text operator()(Text file) const {
    if (!file.empty()) file.value = (folder_ / file.value).lexically_normal().string();
    return file;
  }

  // A command without '/' is looked up on PATH.
  std::string command(const std::string& name) const {
    if (name.find('/') == std::string::npos) return name;
    return (folder_ / name).lexically_normal().string();
  }

 private:
  std::filesystem::path folder_;
};

Cluster read_cluster(const YamlMap& map, const Resolver& resolve) {
  Cluster cluster;
  cluster.server = map.text("server");
  cluster.tls_server_name = map.text("tls-server-name");
  cluster.insecure_skip_tls_verify = map.flag("insecure-skip-tls-verify");
  cluster.certificate_authority = resolve(map.text("certificate-authority"));
  cluster.certificate_authority_data = map.base64("certificate-authority-data");
  cluster.proxy_url = map.text("proxy-url");
  map.each("extensions", [&cluster](const YamlMap& extension) {
    if (extension.text("name").value == kExecExtension) {
      cluster.exec_extension = extension.json_text("extension");
    }
  });
  return cluster;
}

ExecPluginEntry read_exec(const YamlMap& map, const Resolver& resolve) {
  ExecPluginEntry exec;
  exec.at = map.place();
  exec.config.command = resolve.command(map.text("command").value);
  for (Text& argument : map.texts("args")) {
    exec.config.arguments.push_back(std::move(argument.value));
  }
  map.each("env", [&exec](const YamlMap& variable) {
    const std::string name = variable.text("name").value;
    if (name.empty() || name.find('=') != std::string::npos) {
      variable.fail(variable.name() + ".name must be the name of an environment variable");
    }
    exec.config.environment.emplace_back(name, variable.text("value").value);
  });
  exec.api_version = map.text("apiVersion");
  exec.config.api_version = exec.api_version.value;
  exec.config.install_hint = map.text("installHint").value;
  exec.config.provide_cluster_info = map.flag("provideClusterInfo");
  exec.interactive_mode = map.text("interactiveMode");
  return exec;
}

KubeconfigUser read_user(const YamlMap& map, const Resolver& resolve) {
  KubeconfigUser user;
  user.client_certificate = resolve(map.text("client-certificate"));
  user.client_certificate_data = map.base64("client-certificate-data");
  user.client_key = resolve(map.text("client-key"));
  user.client_key_data = map.base64("client-key-data");
  user.token = map.text("token");
  user.token_file = resolve(map.text("tokenFile"));
  user.username = map.text("username");
  user.password = map.text("password");
  user.impersonate.user = map.text("as").value;
  user.impersonate.uid = map.text("as-uid").value;
  for (Text& group : map.texts("as-groups")) {
    user.impersonate.groups.push_back(std::move(group.value));
  }
  user.impersonate.extra = map.map("as-user-extra").lists_of_texts();
  if (map.has("auth-provider")) user.auth_provider = map.map("auth-provider").place();
  if (map.has("exec")) user.exec = read_exec(map.map("exec"), resolve);
  return user;
}

Context read_context(const YamlMap& map) {
  Context context;
  context.cluster = map.text("cluster");
  context.user = map.text("user");
  context.pod_namespace = map.text("namespace");
  return context;
}

template <class Entry, class Read>
void read_entries(const YamlMap& root, const std::string& list, const std::string& field,
                  std::map<std::string, Entry>& entries, Read read) {
  root.each(list, [&](const YamlMap& item) {
    const std::string name = item.text("name").value;
    if (name.empty()) item.fail(item.name() + " has no name");
    const auto [entry, is_new] = entries.emplace(name, read(item.map(field)));
    if (!is_new) item.fail(list + " has two entries with the name '" + name + "'");
    entry->second.at = item.place();
  });
}

void expect(const YamlMap& root, const std::string& field, const std::string& value) {
  const Text text = root.text(field);
  if (!text.empty() && text.value != value) {
    root.fail(field + " is '" + text.value + "', of a kubeconfig it is '" + value + "'");
  }
}

KubeconfigContent read_content(const YamlMap& root, const Resolver& resolve) {
  KubeconfigContent content;
  expect(root, "kind", "Config");
  expect(root, "apiVersion", "v1");
  content.current_context = root.text("current-context");
  read_entries(root, "clusters", "cluster", content.clusters,
               [&resolve](const YamlMap& map) { return read_cluster(map, resolve); });
  read_entries(root, "users", "user", content.users,
               [&resolve](const YamlMap& map) { return read_user(map, resolve); });
  read_entries(root, "contexts", "context", content.contexts, read_context);
  return content;
}

}  // namespace

Result<KubeconfigContent> parse_kubeconfig(const std::string& text, const std::string& file) {
  YamlReading reading(file);
  KubeconfigContent content;
  try {
    // yaml-cpp accepts a quote that is still open at the end of the text, but not one that is open
    // at the end of a document ("...").
    const YAML::Node root = YAML::Load(text + "\n...\n");
    content = read_content(YamlMap(reading, root, ""), Resolver(file));
  } catch (const YAML::DeepRecursion& exception) {
    reading.fail(exception.mark, "malformed YAML: it is nested too deep");
  } catch (const YAML::Exception& exception) {
    reading.fail(exception.mark, "malformed YAML: " + exception.msg);
  }
  if (reading.failed()) return reading.error();
  return content;
}

}  // namespace uvspdy::kube
