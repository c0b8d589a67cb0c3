#include "uvspdy/kube/remotecommand.h"

#include <utility>

#include "uvspdy/kube/error.h"

namespace uvspdy::kube {
namespace {

// "/api/v1/namespaces/NS/pods/POD/exec" in pieces.
struct ExecPath {
  std::string_view pod_namespace;
  std::string_view pod;
};

bool split_exec_path(std::string_view path, ExecPath& parts) {
  constexpr std::string_view kPrefix = "/api/v1/namespaces/";
  constexpr std::string_view kPods = "/pods/";
  constexpr std::string_view kSuffix = "/exec";
  if (!path.starts_with(kPrefix) || !path.ends_with(kSuffix)) return false;
  path.remove_prefix(kPrefix.size());
  if (path.size() < kSuffix.size()) return false;
  path.remove_suffix(kSuffix.size());
  const std::size_t pods = path.find(kPods);
  if (pods == std::string_view::npos) return false;
  parts = {path.substr(0, pods), path.substr(pods + kPods.size())};
  return !parts.pod_namespace.empty() && !parts.pod.empty() &&
         parts.pod_namespace.find('/') == std::string_view::npos &&
         parts.pod.find('/') == std::string_view::npos;
}

bool is_true(std::string_view value) { return value == "true" || value == "1"; }

std::string streaming_target(const RemoteCommandRequest& request, std::string_view verb,
                             httpstream::Query query) {
  if (!request.container.empty()) query.emplace_back("container", request.container);
  if (request.use_stdin) query.emplace_back("stdin", "true");
  if (request.use_stdout) query.emplace_back("stdout", "true");
  if (request.use_stderr) query.emplace_back("stderr", "true");
  if (request.tty) query.emplace_back("tty", "true");
  return "/api/v1/namespaces/" + httpstream::percent_encode(request.pod_namespace) + "/pods/" +
         httpstream::percent_encode(request.pod) + "/" + std::string(verb) + "?" +
         httpstream::format_query(query);
}

}  // namespace

std::string exec_target(const ExecRequest& request) {
  httpstream::Query query;
  for (const std::string& word : request.command) query.emplace_back("command", word);
  return streaming_target(request, "exec", std::move(query));
}

std::string attach_target(const AttachRequest& request) {
  return streaming_target(request, "attach", {});
}

std::string to_json(TerminalSize size) {
  return "{\"Width\":" + std::to_string(size.width) + ",\"Height\":" + std::to_string(size.height) +
         "}";
}

bool is_exec_path(std::string_view path) {
  ExecPath parts;
  return split_exec_path(path, parts);
}

Result<ExecRequest> parse_exec_target(const httpstream::Target& target) {
  ExecPath parts;
  if (!split_exec_path(target.path, parts)) {
    return Error(Errc::kBadRequest, "'" + target.path + "' is not the path of an exec request");
  }
  ExecRequest request;
  request.pod_namespace = parts.pod_namespace;
  request.pod = parts.pod;
  request.use_stdout = request.use_stderr = false;
  for (const auto& [name, value] : target.query) {
    if (name == "command") request.command.push_back(value);
    if (name == "container") request.container = value;
    if (name == "stdin") request.use_stdin = is_true(value);
    if (name == "stdout") request.use_stdout = is_true(value);
    if (name == "stderr") request.use_stderr = is_true(value);
    if (name == "tty") request.tty = is_true(value);
  }
  if (request.command.empty() || request.command.front().empty()) {
    return Error(Errc::kBadRequest, "you must specify at least one 'command' parameter");
  }
  for (const std::string& word : request.command) {
    if (word.find('\0') != std::string::npos) {
      return Error(Errc::kBadRequest, "a 'command' parameter contains NUL");
    }
  }
  if (!request.use_stdin && !request.use_stdout && !request.use_stderr) {
    return Error(Errc::kBadRequest, "you must specify at least one of stdin, stdout, stderr");
  }
  return request;
}

}  // namespace uvspdy::kube
