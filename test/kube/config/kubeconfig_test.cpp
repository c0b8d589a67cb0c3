#include "uvspdy/kube/config/kubeconfig.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "support/catch.h"
#include "support/mentions.h"
#include "support/temporary_folder.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

using test::IsSuccess;
using test::mentions;
using test::TemporaryFolder;

constexpr const char* kOne = R"(apiVersion: v1
kind: Config
current-context: one
clusters:
- name: east
  cluster:
    server: https://east.example:6443/base
    certificate-authority-data: Q0E=
    tls-server-name: kubernetes.default
    proxy-url: socks5://127.0.0.1:1080
- name: plain
  cluster: {server: "http://127.0.0.1:8001"}
users:
- name: token
  user: {token: secret}
- name: certificate
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
contexts:
- name: one
  context: {cluster: east, user: token, namespace: shop}
- name: two
  context: {cluster: east, user: certificate}
- name: insecure
  context: {cluster: plain, user: token}
)";

Result<ClientConfig> config_of(const TemporaryFolder& folder, const std::string& text,
                               const KubeconfigOverrides& overrides = {}) {
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load_file(folder.write("config", text));
  if (!kubeconfig) return kubeconfig.error();
  return kubeconfig->client_config(overrides);
}

/// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST_CASE("a kubeconfig's current context becomes a client config", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, kOne);
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->server.scheme == "https");
  CHECK(config->server.host == "east.example");
  CHECK(config->server.port == 6443);
  CHECK(config->server.target == "/base");
  CHECK(config->pod_namespace == "shop");
  CHECK(config->tls.verify);
  CHECK(config->tls.ca.text == "CA");
  CHECK(config->tls.ca.file.empty());
  CHECK(config->tls.server_name == "kubernetes.default");
  CHECK_FALSE(config->tls.key_pair);
  CHECK(config->proxy_url == "socks5://127.0.0.1:1080");
  CHECK(config->credentials.token == "secret");
}

TEST_CASE("a context is asked for by name", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, kOne, {.context = "two"});
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->pod_namespace == "default");
  CHECK(config->credentials.token.empty());
  REQUIRE(config->tls.key_pair);
  CHECK(config->tls.key_pair->certificate.text == "CERT");
  CHECK(config->tls.key_pair->key.text == "KEY");
}

TEST_CASE("a server without TLS is sent no credentials", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, kOne, {.context = "insecure"});
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->server.scheme == "http");
  CHECK(config->credentials.token.empty());
}

TEST_CASE("the port of https is 443 unless the server names one", "[kubeconfig]") {
  const TemporaryFolder folder;
  for (const auto& [server, port] :
       {std::pair("https://h", 443), std::pair("https://h/p:1", 443),
        std::pair("https://[::1]", 443), std::pair("https://[::1]:80", 80),
        std::pair("HTTPS://h:80/", 80)}) {
    const Result<ClientConfig> config = config_of(folder, kOne, {.server = server});
    INFO(server);
    REQUIRE_THAT(config, IsSuccess());
    CHECK(config->server.scheme == "https");
    CHECK(config->server.port == port);
  }
}

TEST_CASE("a server may be HOST:PORT, and its scheme follows from the cluster's TLS",
          "[kubeconfig]") {
  const TemporaryFolder folder;
  const std::string ca = folder.write("ca.pem", "");
  const auto scheme_with = [&](const KubeconfigOverrides& overrides) {
    const Result<ClientConfig> config = config_of(folder, "{}", overrides);
    REQUIRE_THAT(config, IsSuccess());
    CHECK(config->server.host == "h");
    CHECK(config->server.port == 81);
    return config->server.scheme;
  };
  CHECK(scheme_with({.server = "h:81"}) == "http");
  CHECK(scheme_with({.server = "h:81", .certificate_authority = ca}) == "https");
  CHECK(scheme_with({.server = "h:81", .insecure_skip_tls_verify = true}) == "https");
  CHECK(scheme_with({.server = "h:81", .insecure_skip_tls_verify = false}) == "http");
}

TEST_CASE("each field of an impersonation that is given replaces the kubeconfig's",
          "[kubeconfig]") {
  const TemporaryFolder folder;
  const auto impersonation_with = [&](const Impersonation& given) {
    const Result<ClientConfig> config = config_of(folder, R"({
      current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
      clusters: [{name: c, cluster: {server: "http://h"}}],
      users: [{name: u, user: {as: other, as-uid: "1", as-groups: [some]}}]})",
                                                  {.impersonate = given});
    REQUIRE_THAT(config, IsSuccess());
    return config->credentials.impersonate;
  };
  Impersonation found = impersonation_with({.user = "jane"});
  CHECK(found.user == "jane");
  CHECK(found.uid == "1");
  CHECK(found.groups == std::vector<std::string>{"some"});
  found = impersonation_with({.uid = "2", .groups = {"one", "two"}});
  CHECK(found.user == "other");
  CHECK(found.uid == "2");
  CHECK(found.groups == std::vector<std::string>{"one", "two"});
}

TEST_CASE("files are relative to the kubeconfig that names them", "[kubeconfig]") {
  const TemporaryFolder folder;
  folder.write("a/ca.pem", "");
  folder.write("a/pki/cert.pem", "");
  folder.write("a/pki/key.pem", "");
  const std::string file = folder.write("a/config", R"(
current-context: c
clusters: [{name: c, cluster: {server: "https://h", certificate-authority: ./ca.pem}}]
users:
- name: files
  user: {client-certificate: pki/cert.pem, client-key: pki/../pki/key.pem, tokenFile: ../token}
- name: plugin
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/plugin, interactiveMode: Never}
- name: on-path
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: plugin}
contexts: [{name: c, context: {cluster: c, user: files}}]
)");
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load_file(file);
  REQUIRE_THAT(kubeconfig, IsSuccess());
  const Result<ClientConfig> files = kubeconfig->client_config();
  REQUIRE_THAT(files, IsSuccess());
  CHECK(files->tls.ca.file == folder.path("a/ca.pem"));
  REQUIRE(files->tls.key_pair);
  CHECK(files->tls.key_pair->certificate.file == folder.path("a/pki/cert.pem"));
  CHECK(files->tls.key_pair->key.file == folder.path("a/pki/key.pem"));
  CHECK(files->credentials.token_file == folder.path("token"));

  const Result<ClientConfig> plugin = kubeconfig->client_config({.user = "plugin"});
  REQUIRE_THAT(plugin, IsSuccess());
  REQUIRE(plugin->credentials.exec);
  CHECK(plugin->credentials.exec->command == folder.path("a/bin/plugin"));
  CHECK(plugin->credentials.exec->interactive_mode == InteractiveMode::kNever);

  const Result<ClientConfig> on_path = kubeconfig->client_config({.user = "on-path"});
  REQUIRE_THAT(on_path, IsSuccess());
  REQUIRE(on_path->credentials.exec);
  CHECK(on_path->credentials.exec->command == "plugin");
  CHECK(on_path->credentials.exec->interactive_mode == InteractiveMode::kIfAvailable);
}

TEST_CASE("data goes before the file beside it", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, R"(
current-context: c
clusters:
- {name: c, cluster: {server: "https://h", certificate-authority: none, certificate-authority-data: Q0E=}}
users:
- name: u
  user: {client-certificate: none, client-certificate-data: Q0VSVA==, client-key: none, client-key-data: S0VZ}
contexts: [{name: c, context: {cluster: c, user: u}}]
)");
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->tls.ca.text == "CA");
  CHECK(config->tls.ca.file.empty());
  CHECK(config->tls.key_pair->certificate.file.empty());
  CHECK(config->tls.key_pair->key.text == "KEY");
}

TEST_CASE("of several files the first wins, name by name", "[kubeconfig]") {
  const TemporaryFolder folder;
  const std::string one = folder.write("one", R"(
clusters: [{name: c, cluster: {server: "https://first"}}]
users: [{name: u, user: {token: first}}]
)");
  const std::string two = folder.write("two", R"(
current-context: second
clusters: [{name: c, cluster: {server: "https://second", tls-server-name: second}}]
users: [{name: u, user: {username: second}}]
contexts: [{name: second, context: {cluster: c, user: u}}]
)");
  const std::string three = folder.write("three", "current-context: third\n");
  const Result<Kubeconfig> kubeconfig =
      Kubeconfig::load({folder.path("missing"), "", one, two, three, folder.write("empty", "")});
  REQUIRE_THAT(kubeconfig, IsSuccess());
  CHECK(kubeconfig->current_context() == "second");
  CHECK(kubeconfig->context_names() == std::vector<std::string>{"second"});
  const Result<ClientConfig> config = kubeconfig->client_config();
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->server.host == "first");
  CHECK(config->tls.server_name.empty());
  CHECK(config->credentials.token == "first");
  CHECK(config->credentials.username.empty());
}

TEST_CASE("one file that was asked for must exist", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load_file(folder.path("missing"));
  REQUIRE_FALSE(kubeconfig);
  CHECK(kubeconfig.error().code() == Errc::kBadKubeconfig);
  CHECK(mentions(kubeconfig.error().message(), {folder.path("missing"), "no such file"}));
}

TEST_CASE("KUBECONFIG lists files; without it there is one in the home folder", "[kubeconfig]") {
  using Files = std::vector<std::string>;
  const Variable home("HOME", "/home/somebody");
  {
    const Variable list("KUBECONFIG", "/a:b/c::/a:/d");
    CHECK(kubeconfig_files_from_environment() == Files{"/a", "b/c", "/d"});
  }
  {
    const std::string is_long(1000, 'x');
    const Variable list("KUBECONFIG", is_long);
    CHECK(kubeconfig_files_from_environment() == Files{is_long});
  }
  const Variable list("KUBECONFIG", "");
  CHECK(kubeconfig_files_from_environment() == Files{"/home/somebody/.kube/config"});
}

TEST_CASE("overrides go before what the kubeconfig says", "[kubeconfig]") {
  const TemporaryFolder folder;
  const std::string ca = folder.write("ca.pem", "");
  const Result<ClientConfig> config = config_of(folder, kOne,
                                                {.user = "certificate",
                                                 .pod_namespace = "other",
                                                 .server = "https://10.0.0.1",
                                                 .certificate_authority = ca,
                                                 .token = "given",
                                                 .proxy_url = "http://proxy",
                                                 .impersonate = {.user = "jane"}});
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->server.host == "10.0.0.1");
  CHECK(config->tls.server_name.empty());  // it was for the other server
  CHECK(config->pod_namespace == "other");
  CHECK(config->tls.ca.text.empty());
  CHECK(config->tls.ca.file == ca);
  CHECK(config->tls.key_pair);
  CHECK(config->credentials.token == "given");
  CHECK(config->proxy_url == "http://proxy");
  CHECK(config->credentials.impersonate.user == "jane");

  const Result<ClientConfig> insecure =
      config_of(folder, kOne, {.tls_server_name = "name", .insecure_skip_tls_verify = true});
  REQUIRE_THAT(insecure, IsSuccess());
  CHECK_FALSE(insecure->tls.verify);
  CHECK(insecure->tls.ca.empty());
  CHECK(insecure->tls.server_name == "name");
}

TEST_CASE("a token that is given goes before a token file", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, R"(
current-context: c
clusters: [{name: c, cluster: {server: "https://h"}}]
users: [{name: u, user: {token: old, tokenFile: /none}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
)",
                                                {.token = "given"});
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->credentials.token == "given");
  CHECK(config->credentials.token_file.empty());
}

TEST_CASE("a server can be given without any kubeconfig", "[kubeconfig]") {
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load({"/none/config"});
  REQUIRE_THAT(kubeconfig, IsSuccess());
  const Result<ClientConfig> config =
      kubeconfig->client_config({.server = "https://h", .token = "t"});
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->server.host == "h");
  CHECK(config->credentials.token == "t");
  const Result<ClientConfig> none = kubeconfig->client_config();
  REQUIRE_FALSE(none);
  CHECK(mentions(none.error().message(), {"/none/config: ", "no current-context", "none"}));
}

TEST_CASE("credential plugins, their extension and impersonation are read whole", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, R"(
current-context: c
clusters:
- name: c
  cluster:
    server: https://h
    extensions:
    - name: other
      extension: {a: 1}
    - name: client.authentication.k8s.io/exec
      extension: {audience: x, list: [1, 2.5, true, null, "1"], deep: {a: {}}}
users:
- name: u
  user:
    as: jane
    as-uid: "7"
    as-groups: [a, b]
    as-user-extra: {scopes: [view, edit]}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: plugin
      args: [--cluster, "42"]
      env: [{name: A, value: "1"}, {name: B, value: ""}]
      installHint: get it
      provideClusterInfo: true
      interactiveMode: Always
contexts: [{name: c, context: {cluster: c, user: u}}]
)");
  REQUIRE_THAT(config, IsSuccess());
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  REQUIRE(config->credentials.exec);
  const ExecConfig& exec = *config->credentials.exec;
  CHECK(exec.command == "plugin");
  CHECK(exec.arguments == std::vector<std::string>{"--cluster", "42"});
  CHECK(exec.environment == Pairs{{"A", "1"}, {"B", ""}});
  CHECK(exec.install_hint == "get it");
  CHECK(exec.provide_cluster_info);
  CHECK(exec.interactive_mode == InteractiveMode::kAlways);
  CHECK(exec.cluster_extension ==
        R"({"audience":"x","deep":{"a":{}},"list":[1,2.5,true,null,"1"]})");
  const Impersonation& as = config->credentials.impersonate;
  CHECK(as.user == "jane");
  CHECK(as.uid == "7");
  CHECK(as.groups == std::vector<std::string>{"a", "b"});
  REQUIRE(as.extra.size() == 1);
  CHECK(as.extra[0].first == "scopes");
  CHECK(as.extra[0].second == std::vector<std::string>{"view", "edit"});
}

TEST_CASE("a kubeconfig may be JSON", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<ClientConfig> config = config_of(folder, R"({
  "apiVersion": "v1", "kind": "Config", "current-context": "c",
  "clusters": [{"name": "c", "cluster": {"server": "https://h", "insecure-skip-tls-verify": true}}],
  "users": null,
  "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}]
})");
  REQUIRE_THAT(config, IsSuccess());
  CHECK_FALSE(config->tls.verify);
}

}  // namespace
}  // namespace uvspdy::kube
