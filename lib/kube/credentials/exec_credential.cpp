#include "kube/credentials/exec_credential.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "kube/config/read_file.h"
#include "kube/protocol/json_reading.h"
#include "kube/protocol/json_text.h"
#include "net/base64.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/printable.h"

namespace uvspdy::kube {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCaSize = 1024 * 1024;
constexpr std::size_t kShown = 64;  // the most bytes of a text of the plugin's that an error shows

Error bad(const std::string& why) { return Error(Errc::kCredentials, why); }

std::string url_text(const httpstream::Url& url) {
  std::string text = url.scheme + "://" + url.authority();
  const std::string default_port = url.scheme == "https" ? ":443" : ":80";
  if (text.ends_with(default_port)) text.resize(text.size() - default_port.size());
  return url.target == "/" ? text : text + url.target;
}

Result<json> cluster_info(const ClientConfig& config) {
  json cluster = {{"server", url_text(config.server)}};
  const net::TlsClientOptions& tls = config.tls;
  if (!tls.server_name.empty()) cluster["tls-server-name"] = tls.server_name;
  if (!tls.verify) cluster["insecure-skip-tls-verify"] = true;
  std::string ca = tls.ca.text;
  if (!tls.ca.file.empty()) {
    Result<std::string> content = read_file(tls.ca.file, kMaxCaSize);
    if (!content) return content.error();
    ca += *content;
  }
  if (!ca.empty()) cluster["certificate-authority-data"] = net::base64_encode(ca);
  if (!config.proxy_url.empty()) cluster["proxy-url"] = config.proxy_url;
  const std::string& extension = config.credentials.exec->cluster_extension;
  if (extension.empty()) return cluster;
  json config_member = json::parse(extension, nullptr, false);
  if (config_member.is_discarded()) return bad("the cluster's extension is not JSON");
  cluster["config"] = std::move(config_member);
  return cluster;
}

/// Takes the fields of an ExecCredential, one by one.
struct ExecCredentialReading {
  void take(const JsonPath& path, const JsonValue& value) {
    if (path.is({})) is_object = value.type == JsonValue::Type::kObject;
    if (path.is({"kind"})) kind = value.text;
    if (path.is({"apiVersion"})) api_version = value.text;
    if (path.is({"status"})) has_status = value.type == JsonValue::Type::kObject;
    take_text(path, value, "token", credential.token);
    take_text(path, value, "clientCertificateData", credential.client_certificate);
    take_text(path, value, "clientKeyData", credential.client_key);
    take_text(path, value, "expirationTimestamp", expiration);
  }

  void take_text(const JsonPath& path, const JsonValue& value, std::string_view name,
                 std::string& text) {
    if (!path.is({"status", name})) return;
    text = value.text;
    const bool fits = value.type == JsonValue::Type::kText || value.type == JsonValue::Type::kNull;
    if (!fits && !error) error = bad("status." + std::string(name) + " is not a string");
  }

  bool is_object = false;
  std::string kind;
  std::string api_version;
  bool has_status = false;
  ExecCredential credential;
  std::string expiration;
  Error error;
};

// Takes a number of exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return std::chrono::minutes(0);
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

}  // namespace

Result<std::string> exec_info(const ClientConfig& config, bool interactive) {
  json spec = {{"interactive", interactive}};
  if (config.credentials.exec->provide_cluster_info) {
    Result<json> cluster = cluster_info(config);
    if (!cluster) return cluster.error();
    spec["cluster"] = std::move(*cluster);
  }
  const json info = {{"kind", "ExecCredential"},
                     {"apiVersion", config.credentials.exec->api_version},
                     {"spec", std::move(spec)}};
  return json_text(info);
}

Result<ExecCredential> parse_exec_credential(std::string_view text,
                                             const std::string& api_version) {
  ExecCredentialReading reading;
  const JsonEnd end = read_json(text, [&reading](const JsonPath& path, const JsonValue& value) {
    reading.take(path, value);
    return true;
  });
  if (end != JsonEnd::kComplete || !reading.is_object) {
    return bad("its output is not an ExecCredential in JSON but " + something_else(text, end));
  }
  if (reading.kind != "ExecCredential") {
    return bad("its output has the kind '" + printable(reading.kind, kShown) +
               "', not 'ExecCredential'");
  }
  if (reading.api_version != api_version) {
    return bad("its output has the apiVersion '" + printable(reading.api_version, kShown) +
               "', not '" + api_version + "' as the kubeconfig has it");
  }
  if (!reading.has_status) return bad("its output has no status");
  if (reading.error) return reading.error;
  ExecCredential& credential = reading.credential;
  const std::string& expiration = reading.expiration;
  if (credential.client_certificate.empty() != credential.client_key.empty()) {
    return bad("its status has only one of clientCertificateData and clientKeyData");
  }
  if (credential.token.empty() && credential.client_key.empty()) {
    return bad("its status has neither a token nor a client certificate");
  }
  if (!expiration.empty()) {
    credential.expiration = parse_rfc3339(expiration);
    if (!credential.expiration) {
      return bad("its expirationTimestamp '" + printable(expiration, kShown) +
                 "' is not a time as RFC 3339 has it");
    }
  }
  return std::move(credential);
}

std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  // Fractions are dropped: expiring up to a second early does no harm.
  if (take(text, ".")) {
    if (!take_number(text, 1)) return std::nullopt;
    while (take_number(text, 1)) {
    }
  }
  const auto offset = take_offset(text);
  const year_month_day date{std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !text.empty() || !date.ok()) return std::nullopt;
  return sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) - *offset;
}

}  // namespace uvspdy::kube
