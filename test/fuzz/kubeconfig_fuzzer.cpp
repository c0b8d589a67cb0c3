// A kubeconfig that somebody has passed on: YAML, with all that YAML can do. The input is the file.

#include <string>

#include "kube/config/kubeconfig_content.h"
#include "line_check.h"
#include "uvspdy/bytes.h"
#include "uvspdy/kube/protocol/error.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

constexpr const char* kFile = "/folder/config";

// With its aliases written out: no more than yaml_map.cpp takes, and what a path adds to it.
void check_size(const kube::KubeconfigContent& content, std::size_t input) {
  std::size_t size = 0;
  for (const auto& [name, user] : content.users) {
    size += user.token.value.size() + user.client_key_data.value.size();
    if (user.exec) {
      for (const std::string& argument : user.exec->config.arguments) size += argument.size() + 8;
    }
  }
  for (const auto& [name, cluster] : content.clusters) size += cluster.exec_extension.size();
  require(size <= 16 * kube::kMaxKubeconfigSize && input <= kube::kMaxKubeconfigSize,
          "a kubeconfig that has become far larger");
}

void read(const std::string& text) {
  const Result<kube::KubeconfigContent> content = kube::parse_kubeconfig(text, kFile);
  if (!content) {
    require(content.error().code() == kube::Errc::kBadKubeconfig,
            "another error than kBadKubeconfig");
    require(content.error().message().starts_with(kFile), "an error that does not name the file");
    return check_error(content.error());
  }
  check_size(*content, text.size());
  for (const auto& [name, cluster] : content->clusters) {
    const std::string& ca = cluster.certificate_authority.value;
    require(ca.empty() || ca.starts_with("/"), "a path that depends on the working directory");
  }
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  uvspdy::fuzz::read(std::string(uvspdy::text_of(uvspdy::Bytes(data, size))));
  return 0;
}
