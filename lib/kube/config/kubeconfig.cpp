#include "uvspdy/kube/config/kubeconfig.h"

#include <uv.h>

#include <algorithm>
#include <utility>

#include "kube/config/kubeconfig_content.h"
#include "kube/config/read_file.h"
#include "kube/process/environment.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

// Values of an earlier file take precedence.
void merge(KubeconfigContent& content, KubeconfigContent&& next) {
  if (content.current_context.empty()) content.current_context = std::move(next.current_context);
  content.clusters.merge(next.clusters);
  content.users.merge(next.users);
  content.contexts.merge(next.contexts);
}

Error merge_file(KubeconfigContent& content, const std::string& path) {
  content.files.push_back(path);
  Result<std::string> text = read_file(path, kMaxKubeconfigSize);
  if (!text) return text.error();
  Result<KubeconfigContent> next = parse_kubeconfig(*text, path);
  if (!next) return next.error();
  merge(content, std::move(*next));
  return {};
}

// Turns libuv's error for a file that could not be read into kBadKubeconfig.
Error unreadable(const Error& error) {
  if (error.code().category() == category()) return error;
  return Error(Errc::kBadKubeconfig, "kubeconfig: " + error.message());
}

}  // namespace

std::vector<std::string> kubeconfig_files_from_environment() {
  std::vector<std::string> files;
  const std::string list = environment_variable("KUBECONFIG");
  if (list.empty()) {
    const std::string home = environment_variable("HOME");
    if (!home.empty()) files.push_back(home + "/.kube/config");
    return files;
  }
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find(':', start), list.size());
    std::string file = list.substr(start, end - start);
    if (!file.empty() && std::find(files.begin(), files.end(), file) == files.end()) {
      files.push_back(std::move(file));
    }
    start = end + 1;
  }
  return files;
}

Kubeconfig::Kubeconfig(Private, std::shared_ptr<const KubeconfigContent> content)
    : content_(std::move(content)) {}

Result<Kubeconfig> Kubeconfig::load_file(const std::string& path) {
  auto content = std::make_shared<KubeconfigContent>();
  if (const Error error = merge_file(*content, path)) return unreadable(error);
  return Kubeconfig(Private{}, std::move(content));
}

Result<Kubeconfig> Kubeconfig::load(const std::vector<std::string>& paths) {
  auto content = std::make_shared<KubeconfigContent>();
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    const Error error = merge_file(*content, path);
    if (error && !is_uv_error(error, UV_ENOENT)) return unreadable(error);
  }
  return Kubeconfig(Private{}, std::move(content));
}

const std::string& Kubeconfig::current_context() const { return content_->current_context.value; }

std::vector<std::string> Kubeconfig::context_names() const {
  std::vector<std::string> names;
  for (const auto& [name, context] : content_->contexts) names.push_back(name);
  return names;
}

}  // namespace uvspdy::kube
