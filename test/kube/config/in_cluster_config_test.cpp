#include <cstdlib>
#include <string>

#include "support/catch.h"
#include "support/mentions.h"
#include "support/temporary_folder.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

using test::IsSuccess;
using test::mentions;
using test::TemporaryFolder;

TEST_CASE("a pod's service account becomes a client config", "[in-cluster]") {
  const TemporaryFolder folder;
  folder.write("token", "t");
  folder.write("ca.crt", "CA");
  folder.write("namespace", "shop\n");
  const Result<ClientConfig> config = in_cluster_config("10.96.0.1", "443", folder.path(""));
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->server.scheme == "https");
  CHECK(config->server.authority() == "10.96.0.1:443");
  CHECK(config->tls.ca.file == folder.path("") + "/ca.crt");
  CHECK(config->credentials.token_file == folder.path("") + "/token");
  CHECK(config->pod_namespace == "shop");

  const Result<ClientConfig> ip6 = in_cluster_config("fd00::1", "6443", folder.path(""));
  REQUIRE_THAT(ip6, IsSuccess());
  CHECK(ip6->server.host == "fd00::1");
  CHECK(ip6->server.port == 6443);
}

TEST_CASE("what a service account lacks is named", "[in-cluster]") {
  const TemporaryFolder folder;
  const auto check_error = [&folder](const std::string& port, const std::string& part) {
    const Result<ClientConfig> config = in_cluster_config("10.96.0.1", port, folder.path(""));
    REQUIRE_FALSE(config);
    CHECK(config.error().code() == Errc::kBadKubeconfig);
    CHECK(mentions(config.error().message(), {"in-cluster", part}));
  };
  check_error("443", "/token");
  folder.write("token", "t");
  check_error("443", "/ca.crt");
  folder.write("ca.crt", "CA");
  check_error("none", "port must be a number");
  const Result<ClientConfig> config = in_cluster_config("10.96.0.1", "443", folder.path(""));
  REQUIRE_THAT(config, IsSuccess());
  CHECK(config->pod_namespace == "default");
}

TEST_CASE("outside of a cluster there is no in-cluster config", "[in-cluster]") {
  if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) {
    SKIP_TEST("KUBERNETES_SERVICE_HOST is set: this runs in a cluster");
  }
  const Result<ClientConfig> config = in_cluster_config_from_environment();
  REQUIRE_FALSE(config);
  CHECK(mentions(config.error().message(), {"KUBERNETES_SERVICE_HOST", "not set"}));
}

}  // namespace
}  // namespace uvspdy::kube
