#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/config/yaml_map.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/kube/config/kubeconfig.h"

namespace uvspdy::kube {

// The entries of kubeconfigs, by name. Paths are absolute; "-data" is decoded. Only the types of
// fields were checked: other faults are reported when a context uses the entry.

struct Cluster {
  std::string at;
  Text server;
  Text tls_server_name;
  bool insecure_skip_tls_verify = false;
  Text certificate_authority;
  Text certificate_authority_data;
  Text proxy_url;
  std::string exec_extension;
};

struct ExecPluginEntry {
  std::string at;
  ExecConfig config;  // all but interactive_mode and cluster_extension
  Text api_version;
  Text interactive_mode;
};

struct KubeconfigUser {
  std::string at;
  Text client_certificate;
  Text client_certificate_data;
  Text client_key;
  Text client_key_data;
  Text token;
  Text token_file;
  Text username;
  Text password;
  Impersonation impersonate;
  std::optional<std::string> auth_provider;  // its place, as Text::at
  std::optional<ExecPluginEntry> exec;
};

struct Context {
  std::string at;
  Text cluster;
  Text user;
  Text pod_namespace;
};

struct UVSPDY_LOCAL KubeconfigContent {
  std::vector<std::string> files;  // that were to be read
  Text current_context;
  std::map<std::string, Cluster> clusters;
  std::map<std::string, KubeconfigUser> users;
  std::map<std::string, Context> contexts;
};

/// Reads one file's text; `file` is its path. Errors: kBadKubeconfig.
Result<KubeconfigContent> parse_kubeconfig(const std::string& text, const std::string& file);

}  // namespace uvspdy::kube
