#include "kube/credentials/exec_credential.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "kube/config/exec_api_version.h"
#include "support/awkward_texts.h"
#include "support/catch.h"
#include "support/mentions.h"
#include "support/temporary_folder.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

using test::IsSuccess;
using test::mentions;

std::string credential(const std::string& status) {
  return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" +
         status + "}";
}

TEST_CASE("an ExecCredential is read", "[exec-credential]") {
  const Result<ExecCredential> read = parse_exec_credential(
      credential(R"({"token":"t","clientCertificateData":"C","clientKeyData":"K",
                     "expirationTimestamp":"2026-01-31T23:59:59Z","more":1})"),
      std::string(kExecV1));
  REQUIRE_THAT(read, IsSuccess());
  CHECK(read->token == "t");
  CHECK(read->client_certificate == "C");
  CHECK(read->client_key == "K");
  REQUIRE(read->expiration);
  CHECK(read->expiration->time_since_epoch() == std::chrono::seconds(1769903999));
}

TEST_CASE("what is no ExecCredential, or has nothing in it, is told", "[exec-credential]") {
  const auto check_error = [](const std::string& json, const std::string& part) {
    INFO(json);
    const Result<ExecCredential> read = parse_exec_credential(json, std::string(kExecV1));
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == Errc::kCredentials);
    CHECK(mentions(read.error().message(), {part}));
  };
  check_error("", "0 bytes of something else");
  check_error("token", "not an ExecCredential");
  check_error("[]", "not an ExecCredential");
  check_error("{}", "not 'ExecCredential'");
  check_error(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
              "apiVersion 'client.authentication.k8s.io/v1beta1'");
  check_error(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
              "no status");
  check_error(credential("null"), "no status");
  check_error(credential("{}"), "neither a token nor a client certificate");
  check_error(credential(R"({"token":1})"), "status.token is not a string");
  check_error(credential(R"({"clientKeyData":"K"})"), "only one of");
  check_error(credential(R"({"token":"t","expirationTimestamp":"tomorrow"})"), "'tomorrow'");
  check_error(std::string(100'000, '['), "not an ExecCredential");
  check_error(std::string(100'000, '['), "100000 bytes of JSON that is nested more than 64 deep");
  check_error(R"({"kind":")" + std::string(100'000, 'x') + "\"}",
              "kind '" + std::string(61, 'x') + "...'");
}

TEST_CASE("times of RFC 3339", "[exec-credential]") {
  using std::chrono::seconds;
  const auto time = [](const char* text) {
    const auto point = parse_rfc3339(text);
    INFO(text);
    REQUIRE(point);
    return std::chrono::duration_cast<seconds>(point->time_since_epoch());
  };
  CHECK(time("1970-01-01T00:00:00Z") == seconds(0));
  CHECK(time("2018-03-05T17:30:20-08:00") == seconds(1520299820));
  CHECK(time("2018-03-06T02:30:20.123456789+01:00") == seconds(1520299820));
  CHECK(time("2000-02-29t00:00:00z") == seconds(951782400));
  for (const char* text :
       {"", "2018-03-05", "2018-03-05T17:30:20", "2018-02-30T00:00:00Z", "2018-03-05T24:00:00Z",
        "2018-03-05T17:60:20Z", "2018-03-05T17:30:20+24:00", "2018-03-05T17:30:20.Z",
        "2018-03-05T17:30:20Zx", "2018-3-5T17:30:20Z", "-018-03-05T17:30:20Z",
        "2018-13-05T17:30:20Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("a plugin is told about the cluster when it asks to be", "[exec-credential]") {
  const test::TemporaryFolder folder;
  ClientConfig config;
  config.server = {"https", "h", 6443, "/base"};
  config.tls.verify = false;
  config.tls.server_name = "name";
  config.tls.ca.file = folder.write("ca.pem", "CA");
  config.proxy_url = "http://proxy";
  config.credentials.exec =
      ExecConfig{.api_version = std::string(kExecV1), .cluster_extension = R"({"audience":"x"})"};
  const auto info = [&config](bool interactive) {
    const Result<std::string> text = exec_info(config, interactive);
    REQUIRE_THAT(text, IsSuccess());
    return nlohmann::json::parse(*text);
  };
  CHECK(info(true) == nlohmann::json::parse(R"({"kind":"ExecCredential",
      "apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true}})"));
  config.credentials.exec->provide_cluster_info = true;
  CHECK(info(false)["spec"] == nlohmann::json::parse(R"({"interactive":false,"cluster":{
      "server":"https://h:6443/base","tls-server-name":"name","insecure-skip-tls-verify":true,
      "certificate-authority-data":"Q0E=","proxy-url":"http://proxy",
      "config":{"audience":"x"}}})"));
  config.server = {"https", "h", 443, "/"};
  CHECK(info(false)["spec"]["cluster"]["server"] == "https://h");
}

TEST_CASE("any bytes in what a plugin is told, and it is JSON", "[exec-credential]") {
  for (const std::string& text : test::awkward_texts()) {
    ClientConfig config;
    config.server = {"https", "h" + text, 6443, text};
    config.tls.server_name = config.tls.ca.text = config.proxy_url = text;
    config.credentials.exec = ExecConfig{.api_version = text, .provide_cluster_info = true};
    const Result<std::string> info = exec_info(config, false);
    REQUIRE_THAT(info, IsSuccess());
    CHECK_FALSE(nlohmann::json::parse(*info, nullptr, false).is_discarded());
  }
}

TEST_CASE("a cluster's extension that is not JSON is an error", "[exec-credential]") {
  ClientConfig config;
  config.credentials.exec = ExecConfig{.provide_cluster_info = true, .cluster_extension = "{"};
  const Result<std::string> info = exec_info(config, false);
  REQUIRE_FALSE(info);
  CHECK(info.error().code() == Errc::kCredentials);
}

}  // namespace
}  // namespace uvspdy::kube
