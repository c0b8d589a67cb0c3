#include "flags/client_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "command_line/help.h"
#include "deadline.h"
#include "flags/flow_control.h"
#include "flags/timeout.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::command {
namespace {

constexpr int kPrintRequests = 6;
constexpr int kPrintHeaders = 8;

int verbosity(std::string_view text) {
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size() || level < 0) {
    throw CLI::ValidationError("-v", "'" + std::string(text) + "' is no level: give a number");
  }
  return level;
}

void limit_requests(std::chrono::milliseconds timeout, kube::ApiServerOptions& options) {
  httpstream::RouteOptions& route = options.round_tripper.route;
  std::chrono::milliseconds& create = options.round_tripper.connection.session.create_timeout;
  if (timeout.count() == 0) {
    route.response_timeout = std::chrono::milliseconds::max();
  } else {
    route.response_timeout = timeout;
    route.total_timeout = timeout;
    create = std::min(create, timeout);
  }
}

void print_request(const LineWriter& errors, int level, const std::string& origin,
                   const httpstream::HttpRequest& request) {
  if (level >= kPrintRequests) {
    errors.write(request.method + " " + origin + request.target);
  }
  if (level < kPrintHeaders) return;
  for (const auto& [name, value] : request.headers) {
    errors.write(std::string("    ").append(name).append(": ").append(value));
  }
}

}  // namespace

namespace {

std::chrono::milliseconds timeout_of(const char* flag, const std::string& text) {
  const auto time = parse_timeout(text);
  if (time) return *time;
  throw CLI::ValidationError(flag, "'" + text +
                                       "' is no timeout: give a number of seconds, or numbers with "
                                       "their units (1s, 2m, 3h, 1m30s)");
}

// Refuses what kubectl would do and this program does not: all values of the flag but these.
void refuse_other_values(CLI::App& command, const char* flag, std::vector<std::string> harmless,
                         const char* why) {
  command
      .add_option_function<std::string>(
          flag,
          [flag, harmless = std::move(harmless), why](const std::string& value) {
            if (std::find(harmless.begin(), harmless.end(), value) != harmless.end()) return;
            throw CLI::ValidationError(flag, why);
          })
      ->group("");
}

// Global flags of kubectl that change nothing here are taken, so that scripts that have them work.
void add_flags_without_effect(CLI::App& command) {
  for (const char* flag :
       {"--cache-dir", "--log-flush-frequency", "--profile-output", "--vmodule"}) {
    command.add_option_function<std::string>(flag, [](const std::string&) {})->group("");
  }
  command.add_flag_function("--disable-compression", [](std::int64_t) {})->group("");
  refuse_other_values(command, "--profile", {"", "none"}, "uvspdy has no profiles; leave it away");
  for (const auto& [flag, why] :
       {std::pair("--match-server-version",
                  "uvspdy works with servers of any version, and cannot compare its own"),
        std::pair("--warnings-as-errors", "uvspdy shows no warnings of the server")}) {
    command
        .add_flag_function(flag,
                           [flag = flag, why = why](std::int64_t count) {
                             if (count > 0) throw CLI::ValidationError(flag, why);
                           })
        ->group("");
  }
}

}  // namespace

void add_client_flags(CLI::App& command, ClientFlags& flags) {
  kube::KubeconfigOverrides& overrides = flags.overrides;
  const auto add = [&command](const char* names, auto& value, const char* type, const char* text) {
    return command.add_option(names, value, text)->type_name(type)->group(kConnectionGroup);
  };
  add("--kubeconfig", flags.kubeconfig, "FILE", "The kubeconfig to use");
  add("--context", overrides.context, "NAME", "The kubeconfig's context to use");
  add("--cluster", overrides.cluster, "NAME", "The kubeconfig's cluster to use");
  add("--user", overrides.user, "NAME", "The kubeconfig's user to use");
  add("-n,--namespace", overrides.pod_namespace, "NAME", "The pod's namespace");
  add("-s,--server", overrides.server, "URL",
      "The server: http://, https:// or unix://. HOST:PORT alone is http, or https with "
      "--certificate-authority or --insecure-skip-tls-verify");
  add("--token", overrides.token, "TOKEN", "Bearer token");
  add("--username", overrides.username, "NAME", "User name, for Basic authentication");
  add("--password", overrides.password, "PASSWORD", "Its password");
  add("--certificate-authority", overrides.certificate_authority, "FILE",
      "PEM file with the CAs that the server's certificate may be from");
  add("--client-certificate", overrides.client_certificate, "FILE",
      "PEM file with the certificate to show");
  add("--client-key", overrides.client_key, "FILE", "PEM file with its key");
  add("--tls-server-name", overrides.tls_server_name, "NAME",
      "Name that the server's certificate must be for, in place of the host");
  command
      .add_flag("--insecure-skip-tls-verify", flags.insecure_skip_tls_verify,
                "Do not verify the server's certificate; anybody in between can read and change "
                "everything then")
      ->group(kConnectionGroup);
  add("--proxy-url", overrides.proxy_url, "URL",
      "Proxy to go through, http://, https:// or socks5://; else the kubeconfig's, else the "
      "environment's");
  add("--as", overrides.impersonate.user, "USER",
      "The user to act as, if the server permits it: a name, or "
      "system:serviceaccount:NAMESPACE:NAME");
  add("--as-group", overrides.impersonate.groups, "GROUP",
      "A group of the user to act as; may be repeated")
      ->allow_extra_args(false);
  add("--as-uid", overrides.impersonate.uid, "UID", "The UID of the user to act as");
  command
      .add_option_function<std::string>(
          "--request-timeout",
          [&flags](const std::string& text) {
            if (!text.empty()) flags.request_timeout = timeout_of("--request-timeout", text);
          },
          "How long a request may take: to connect, to get its answer, and to open each stream; a "
          "command that runs takes as long as it takes. 0: for ever. Without it each of these has "
          "a limit of its own, 30 s for the answer")
      ->type_name("TIME")
      ->group(kConnectionGroup);
  command
      .add_option_function<std::string>(
          "-v,--v", [&flags](const std::string& text) { flags.verbosity = verbosity(text); },
          "How much to tell on stderr: 1 what is connected to, 6 requests, 8 their headers, "
          "without secrets")
      ->type_name("LEVEL")
      ->group(kConnectionGroup);
  command
      .add_option_function<std::string>(
          "--timeout",
          [name = command.get_name()](const std::string& text) {
            start_deadline(name, timeout_of("--timeout", text));
          },
          "How long all of it may take, such as 30, 5m or 1h30m. Then it ends as by a signal, with "
          "exit code 124. 0: as long as it takes")
      ->type_name("TIME");
  add_flow_control(command, flags.flow_control);
  add_flags_without_effect(command);
}

namespace {

std::string_view name_of(const char* flag, bool given) { return given ? flag : ""; }

// Whether flags say more of a user to act as, whom a kubeconfig has to name.
bool lacks_user_to_act_as(const kube::KubeconfigOverrides& overrides) {
  const kube::Impersonation& impersonate = overrides.impersonate;
  return impersonate.user.empty() && (!impersonate.groups.empty() || !impersonate.uid.empty());
}

// It begins with kubectl's words.
Error no_user_to_act_as() {
  return Error(kube::Errc::kBadKubeconfig,
               "requesting uid, groups or user-extra without impersonating a user: --as-group and "
               "--as-uid are of a user to act as; give --as, too");
}

// The configuration of the pod's service account, with the few flags that it combines with.
Result<kube::ClientConfig> in_cluster(const kube::KubeconfigOverrides& overrides) {
  for (const std::string_view flag :
       {name_of("--user", !overrides.user.empty()),
        name_of("--username", !overrides.username.empty()),
        name_of("--password", !overrides.password.empty()),
        name_of("--client-certificate", !overrides.client_certificate.empty()),
        name_of("--client-key", !overrides.client_key.empty()),
        name_of("--tls-server-name", !overrides.tls_server_name.empty()),
        name_of("--insecure-skip-tls-verify", overrides.insecure_skip_tls_verify.has_value()),
        name_of("--proxy-url", !overrides.proxy_url.empty())}) {
    if (flag.empty()) continue;
    return Error(kube::Errc::kBadKubeconfig,
                 std::string(flag) +
                     " cannot be used with the pod's service account, which is what there is "
                     "without a kubeconfig; name a server with --server, or a kubeconfig with "
                     "--kubeconfig");
  }
  Result<kube::ClientConfig> config = kube::in_cluster_config_from_environment();
  if (!config) return config;
  if (!overrides.pod_namespace.empty()) config->pod_namespace = overrides.pod_namespace;
  if (!overrides.certificate_authority.empty()) {
    config->tls.ca = {.text = {}, .file = overrides.certificate_authority};
  }
  if (!overrides.token.empty()) {
    config->credentials.token = overrides.token;
    config->credentials.token_file.clear();
  }
  if (lacks_user_to_act_as(overrides)) return no_user_to_act_as();
  config->credentials.impersonate = overrides.impersonate;
  return config;
}

// What kubeconfigs and flags say.
Result<kube::ClientConfig> combined(const kube::Kubeconfig& kubeconfig,
                                    kube::KubeconfigOverrides overrides) {
  Result<kube::ClientConfig> config = kubeconfig.client_config(overrides);
  if (config || !lacks_user_to_act_as(overrides)) return config;
  overrides.impersonate = {};
  return kubeconfig.client_config(overrides) ? no_user_to_act_as() : config;
}

// Whether neither files nor flags name a server.
bool names_no_server(const kube::Kubeconfig& kubeconfig,
                     const kube::KubeconfigOverrides& overrides) {
  return kubeconfig.context_names().empty() && kubeconfig.current_context().empty() &&
         overrides.context.empty() && overrides.cluster.empty() && overrides.server.empty();
}

std::string list_of(const std::vector<std::string>& files) {
  if (files.empty()) return "no file, as neither KUBECONFIG nor HOME is set";
  std::string list;
  for (const std::string& file : files) {
    std::error_code ignored;
    list += (list.empty() ? "" : ", ") + file;
    if (!std::filesystem::exists(file, ignored)) list += " (not there)";
  }
  return list;
}

}  // namespace

Result<kube::ClientConfig> read_client_config(const ClientFlags& flags) {
  kube::KubeconfigOverrides overrides = flags.overrides;
  if (flags.insecure_skip_tls_verify) overrides.insecure_skip_tls_verify = true;
  if (!flags.kubeconfig.empty()) {
    const auto kubeconfig = kube::Kubeconfig::load_file(flags.kubeconfig);
    return kubeconfig ? combined(*kubeconfig, overrides) : kubeconfig.error();
  }
  const std::vector<std::string> files = kube::kubeconfig_files_from_environment();
  const auto kubeconfig = kube::Kubeconfig::load(files);
  if (!kubeconfig) return kubeconfig.error();
  const bool no_server = names_no_server(*kubeconfig, overrides);
  if (no_server && std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) return in_cluster(overrides);
  Result<kube::ClientConfig> config = combined(*kubeconfig, overrides);
  if (config || !no_server) return config;
  return Error(config.error().code(), config.error().message() + "; looked for " + list_of(files) +
                                          "; name a kubeconfig with --kubeconfig, or a server with "
                                          "--server");
}

Result<std::shared_ptr<kube::ApiServer>> make_api_server(uv_loop_t* loop, const ClientFlags& flags,
                                                         kube::ClientConfig config,
                                                         const LineWriter& errors) {
  kube::ApiServer::Options options;
  options.round_tripper.connection.session.flow_control = flags.flow_control;
  if (flags.request_timeout) limit_requests(*flags.request_timeout, options);
  options.authenticator.on_stderr = [errors](std::string_view words) { errors.write_words(words); };
  options.proxy_from_environment = true;
  if (flags.verbosity > 0) {
    errors.write("connecting to " + config.server.origin());
    options.on_request = [errors, level = flags.verbosity,
                          origin = config.server.origin()](const httpstream::HttpRequest& request) {
      print_request(errors, level, origin, request);
    };
  }
  return kube::ApiServer::create(loop, std::move(config), std::move(options));
}

}  // namespace uvspdy::command
