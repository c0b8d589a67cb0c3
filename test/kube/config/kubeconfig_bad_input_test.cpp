#include <chrono>
#include <initializer_list>
#include <string>

#include "support/awkward_texts.h"
#include "support/catch.h"
#include "support/mentions.h"
#include "support/temporary_folder.h"
#include "uvspdy/kube/config/kubeconfig.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

using test::IsSuccess;
using test::mentions;
using test::TemporaryFolder;

Error error_of(const std::string& text, const KubeconfigOverrides& overrides = {}) {
  const TemporaryFolder folder;
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load_file(folder.write("config", text));
  if (!kubeconfig) return kubeconfig.error();
  const Result<ClientConfig> config = kubeconfig->client_config(overrides);
  return config ? Error() : config.error();
}

void check_error(const std::string& text, std::initializer_list<std::string_view> parts,
                 const KubeconfigOverrides& overrides = {}) {
  const Error error = error_of(text, overrides);
  INFO(text);
  CHECK(error.code() == Errc::kBadKubeconfig);
  CHECK(mentions(error.message(), parts));
}

// One context, with the fields of its cluster and its user in lines 4 and 6.
std::string with(const std::string& cluster, const std::string& user = "") {
  return "current-context: c\n"
         "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
         "clusters: [{name: c, cluster: {\n" +
         cluster + "}}]\nusers: [{name: u, user: {\n" + user + "}}]\n";
}

constexpr const char* kServer = "server: 'https://h'";

TEST_CASE("malformed YAML is named by file, line and column", "[kubeconfig]") {
  check_error("a: 1\nb: [1, 2\nc: 3\n", {"/config:3:", "malformed YAML"});
  check_error("a: &x 1\nb: *y\n", {"/config:2:4", "malformed YAML", "y"});
  check_error("a: \"unfinished\n", {"/config:", "malformed YAML"});
  check_error("a: \"unfinished", {"/config:", "malformed YAML"});
  check_error("- a\n", {"/config:1:1", "a kubeconfig must be a mapping, not a list"});
  check_error("hello\n", {"/config:1:1", "a kubeconfig must be a mapping, not a string"});
  check_error("apiVersion: v1\napiVersion: v1\n", {"/config:2:1", "apiVersion", "twice"});
  check_error("[a]: 1\n", {"/config:1:1", "name of a field"});
  check_error("kind: Pod\n", {"/config:1:1", "'Pod'", "'Config'"});
  check_error("apiVersion: v2\n", {"'v2'", "'v1'"});
}

TEST_CASE("any bytes at any place of a kubeconfig: an error, or what they say", "[kubeconfig]") {
  const char* const quote = GENERATE("", "'", "\"");
  const TemporaryFolder folder;
  for (const std::string& text : test::awkward_texts()) {
    const std::string value = quote + text + quote;
    for (const std::string& config :
         {text, value, "{" + value + ": 1}", "current-context: " + value, "contexts: " + value,
          "contexts: [{name: " + value + ", context: {}}]", with("server: " + value),
          with("extensions: [{name: client.authentication.k8s.io/exec, extension: {" + value +
               ": " + value + "}}]"),
          with("certificate-authority-data: " + value), with("certificate-authority: " + value),
          with(kServer, "token: " + value), with(kServer, "exec: {command: " + value + "}"),
          with(kServer, "as-user-extra: {" + value + ": [" + value + "]}"),
          with("insecure-skip-tls-verify: " + value)}) {
      const auto kubeconfig = Kubeconfig::load_file(folder.write("config", config));
      if (!kubeconfig) {
        CHECK(kubeconfig.error().code() == Errc::kBadKubeconfig);
        continue;
      }
      const auto result = kubeconfig->client_config();
      if (!result) CHECK(result.error().code() == Errc::kBadKubeconfig);
    }
  }
}

TEST_CASE("any bytes in what goes before a kubeconfig", "[kubeconfig]") {
  const TemporaryFolder folder;
  const auto kubeconfig = Kubeconfig::load_file(folder.write("config", with(kServer)));
  REQUIRE_THAT(kubeconfig, IsSuccess());
  for (const std::string& text : test::awkward_texts()) {
    KubeconfigOverrides all;
    all.context = all.cluster = all.user = all.server = all.client_certificate = text;
    KubeconfigOverrides files;
    files.certificate_authority = files.client_certificate = files.client_key = text;
    KubeconfigOverrides server;
    server.server = text;
    KubeconfigOverrides proxy;
    proxy.proxy_url = "http://" + text;
    proxy.tls_server_name = text;
    for (const KubeconfigOverrides& overrides : {all, files, server, proxy}) {
      const auto result = kubeconfig->client_config(overrides);
      if (!result) CHECK(result.error().code() == Errc::kBadKubeconfig);
    }
  }
}

TEST_CASE("merge keys are refused, not passed over", "[kubeconfig]") {
  check_error("x: &x {current-context: c}\n<<: *x\n", {"/config:2:1", "'<<'", "not supported"});
  check_error(with("server: 'https://h', <<: {proxy-url: 'http://p'}"), {"/config:4:22", "'<<'"});
  check_error(with("extensions: [{name: client.authentication.k8s.io/exec, "
                   "extension: {a: {<<: {b: c}}}}]"),
              {"/config:4:72", "'<<'"});
}

TEST_CASE("a field of the wrong type is named", "[kubeconfig]") {
  check_error("clusters: {}\n", {"/config:1:11", "clusters must be a list, not a mapping"});
  check_error("clusters:\n- 1\n", {"/config:2:3", "clusters[0] must be a mapping, not a number"});
  check_error("users:\n- user: {}\n", {"/config:2:3", "users[0] has no name"});
  check_error("users:\n- {name: a}\n- {name: a}\n", {"/config:3:3", "two entries", "'a'"});
  check_error(with("server: [a]"), {"/config:4:9", "clusters[0].cluster.server", "not a list"});
  check_error(with(kServer, "token: 12345"),
              {"/config:6:8", "users[0].user.token", "not a number", "quotes"});
  check_error(with(kServer, "password: yes"), {"/config:6:11", "not a boolean", "quotes"});
  check_error(with(kServer, "token: n"), {"/config:6:8", "not a boolean"});
  check_error(with("insecure-skip-tls-verify: 'true'"),
              {"/config:4:27", "insecure-skip-tls-verify must be true or false", "'true'"});
  check_error(with("certificate-authority-data: '%%%'"),
              {"/config:4:29", "certificate-authority-data is not base64"});
  check_error(with(kServer, "as-groups: a"), {"/config:6:12", "as-groups must be a list"});
  check_error(with(kServer, "exec: {env: [{value: x}]}"), {"/config:6:14", "env[0].name"});
}

TEST_CASE("names that lead nowhere are told with those that exist", "[kubeconfig]") {
  const std::string text = with(kServer);
  check_error(text, {"context 'x'", "there are: 'c'"}, {.context = "x"});
  check_error(text, {"cluster 'x'", "there are: 'c'"}, {.cluster = "x"});
  check_error(text, {"user 'x'", "there are: 'u'"}, {.user = "x"});
  check_error("current-context: gone\n", {"/config:1:18", "context 'gone'", "there are: none"});
  check_error("current-context: c\ncontexts:\n- name: c\n  context:\n    cluster: gone\n",
              {"/config:5:14", "cluster 'gone'"});
  check_error("contexts: [{name: a}, {name: b}]\n",
              {"/config: ", "no current-context", "'a', 'b'"});
  check_error("current-context: c\ncontexts:\n- name: c\n", {"/config:3:3", "names no cluster"});
}

TEST_CASE("clusters that cannot be used", "[kubeconfig]") {
  check_error(with(""), {"/config:3:12", "no server"});
  check_error(with("server: h:port"), {"/config:4:9", "server", "'http://h:port'"});
  check_error(with("server: ftp://h"), {"/config:4:9", "ftp"});
  check_error(with("server: https://"), {"/config:4:9", "no host"});
  check_error(with(kServer), {"'http://non sense'"}, {.server = "non sense"});
  check_error(with("server: 'https://h', proxy-url: 'ftp://p'"),
              {"/config:4:33", "proxy-url", "socks5"});
  check_error(with("server: 'https://h', proxy-url: 'p:3128'"),
              {"/config:4:33", "proxy-url", "must begin with http://"});
  check_error(with("server: 'https://h', proxy-url: 'http://p:none'"),
              {"/config:4:33", "proxy-url", "port"});
  check_error(with("server: 'https://h', insecure-skip-tls-verify: true, "
                   "certificate-authority-data: Q0E="),
              {"/config:3:12", "insecure-skip-tls-verify", "one of the two"});
  check_error(with("server: 'https://h', certificate-authority: /none/ca"),
              {"/config:4:45", "certificate-authority", "/none/ca", "No such file"});
}

TEST_CASE("a proxy's password is never told", "[kubeconfig]") {
  for (const char* url :
       {"http://jane:secret@p:none", "jane:secret@p:3128", "ftp://jane:secret@p",
        "http://jane:secret@p/path", "http://jane:secret@p:3128?query", "http://jane:secret%zz@p",
        "http://jane:se/cret@p", "http://jane:se cret@p", "http:/jane:secret@p"}) {
    const Error error =
        error_of(with(std::string("server: 'https://h', proxy-url: '") + url + "'"));
    INFO(url);
    CHECK(error.code() == Errc::kBadKubeconfig);
    CHECK(mentions(error.message(), {"/config:4:33", "proxy-url"}));
    CHECK(error.message().find("cret") == std::string::npos);
    CHECK(error.message().find("jane") == std::string::npos);
  }
}

TEST_CASE("users that cannot be used", "[kubeconfig]") {
  check_error(with(kServer, "client-certificate-data: Q0VSVA=="), {"client-key"});
  check_error(with(kServer, "client-certificate: /none/c, client-key-data: S0VZ"),
              {"/config:6:21", "/none/c"});
  check_error(with(kServer, "token: a, username: b"), {"/config:5:9", "token", "username"});
  check_error(with(kServer, "tokenFile: /t, username: b"), {"/config:5:9", "token", "username"});
  check_error(with(kServer, "tokenFile: /t, password: b"), {"/config:5:9", "token", "username"});
  check_error(with(kServer, "as-groups: [a]"), {"'as'"});
  check_error(with(kServer, "auth-provider: {name: gcp}"),
              {"/config:6:16", "auth-provider", "exec"});
  check_error(with(kServer, "exec: {apiVersion: client.authentication.k8s.io/v1}"),
              {"/config:6:7", "no command"});
  check_error(
      with(kServer, "exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1}"),
      {"/config:6:32", "v1alpha1", "v1beta1"});
  check_error(with(kServer, "exec: {command: a}"), {"/config:6:7", "apiVersion"});
  check_error(with(kServer, "exec: {command: a, apiVersion: client.authentication.k8s.io/v1}"),
              {"interactiveMode", "Never"});
  check_error(with(kServer,
                   "exec: {command: a, interactiveMode: Maybe, "
                   "apiVersion: client.authentication.k8s.io/v1}"),
              {"/config:6:37", "'Maybe'"});
}

TEST_CASE("a kubeconfig that is too large is not read", "[kubeconfig]") {
  const Error error = error_of("# " + std::string(kMaxKubeconfigSize, 'x'));
  CHECK(error.code() == Errc::kBadKubeconfig);
  CHECK(mentions(error.message(), {"/config", "larger than 4194304 bytes"}));
}

TEST_CASE("a folder is no kubeconfig", "[kubeconfig]") {
  const TemporaryFolder folder;
  const Result<Kubeconfig> kubeconfig = Kubeconfig::load({folder.path("")});
  REQUIRE_FALSE(kubeconfig);
  CHECK(kubeconfig.error().code() == Errc::kBadKubeconfig);
  CHECK(mentions(kubeconfig.error().message(), {folder.path(""), "directory"}));
}

TEST_CASE("aliases do not make a small file large", "[kubeconfig]") {
  // Ten levels of ten: 10^10 texts when written out.
  std::string bomb = "x0: &x0 [text, text, text, text, text, text, text, text, text, text]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*x" + std::to_string(i - 1);
    bomb += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  // Where nobody looks it does no harm.
  check_error(bomb + "clusters: 1\n", {"/config:11:11", "clusters must be a list"});
  check_error(bomb + "users: [{name: u, user: {as-groups: *x9}}]\n",
              {"must be a string, not a list"});
  check_error(bomb +
                  "clusters: [{name: c, cluster: {extensions: [{name: "
                  "client.authentication.k8s.io/exec, extension: *x9}]}}]\n",
              {"aliases", "more than 8388608 bytes"});
  // One large user under many names.
  std::string many = "large: &large {token: " + std::string(100'000, 'x') + "}\nusers:\n";
  for (int i = 0; i < 1000; ++i) many += "- {name: u" + std::to_string(i) + ", user: *large}\n";
  check_error(many, {"aliases", "more than 8388608 bytes"});
}

TEST_CASE("deep nesting is refused", "[kubeconfig]") {
  check_error(std::string(100'000, '['), {"/config:", "malformed YAML", "too deep"});
  check_error(std::string(100'000, '{'), {"/config:", "malformed YAML", "too deep"});
  std::string deep =
      "clusters: [{name: c, cluster: {extensions: [{name: "
      "client.authentication.k8s.io/exec, extension: ";
  deep += std::string(100, '[') + std::string(100, ']') + "}]}}]\n";
  check_error(deep, {"nested more than 64 deep"});
}

}  // namespace
}  // namespace uvspdy::kube
