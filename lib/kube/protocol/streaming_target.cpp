#include "uvspdy/kube/protocol/streaming_target.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/protocol/port_number.h"
#include "kube/protocol/request_check.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/utf8.h"

namespace uvspdy::kube {
namespace {

enum class Operation { kExec, kAttach, kPortForward };

/// The names of the flags in either form of request.
struct FlagNames {
  std::string_view standard_input;
  std::string_view standard_output;
  std::string_view standard_error;
};
constexpr FlagNames kApiServerFlags{"stdin", "stdout", "stderr"};
constexpr FlagNames kKubeletFlags{"input", "output", "error"};

/// A path in pieces, still percent-encoded.
struct StreamingPath {
  Operation operation = Operation::kExec;
  const FlagNames* flags = &kApiServerFlags;
  std::string_view pod_namespace;
  std::string_view pod;
  std::string_view pod_uid;
  std::string_view container;
};

// The pieces between the slashes of "/a/b"; none if one of them is empty.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    if (path.front() != '/') return {};
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end == 0) return {};
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

std::optional<Operation> operation_of(std::string_view name) {
  if (name == "exec") return Operation::kExec;
  if (name == "attach") return Operation::kAttach;
  return std::nullopt;
}

// api v1 namespaces NS pods POD OPERATION
std::optional<StreamingPath> api_server_path(const std::vector<std::string_view>& parts) {
  if (parts.size() != 7 || parts[0] != "api" || parts[1] != "v1" || parts[2] != "namespaces" ||
      parts[4] != "pods") {
    return std::nullopt;
  }
  const auto operation = operation_of(parts[6]);
  if (!operation && parts[6] != "portforward") return std::nullopt;
  return StreamingPath{
      operation.value_or(Operation::kPortForward), &kApiServerFlags, parts[3], parts[5], {}, {}};
}

// OPERATION NS POD [UID] CONTAINER; a portForward has no container.
std::optional<StreamingPath> kubelet_path(const std::vector<std::string_view>& parts) {
  if (!parts.empty() && parts[0] == "portForward" && (parts.size() == 3 || parts.size() == 4)) {
    const std::string_view uid = parts.size() == 4 ? parts[3] : std::string_view();
    return StreamingPath{Operation::kPortForward, &kKubeletFlags, parts[1], parts[2], uid, {}};
  }
  if (parts.size() != 4 && parts.size() != 5) return std::nullopt;
  const auto operation = operation_of(parts[0]);
  if (!operation) return std::nullopt;
  return StreamingPath{*operation,
                       &kKubeletFlags,
                       parts[1],
                       parts[2],
                       parts.size() == 5 ? parts[3] : std::string_view(),
                       parts.back()};
}

std::optional<StreamingPath> split(std::string_view path) {
  const std::vector<std::string_view> parts = segments_of(path);
  auto found = api_server_path(parts);
  return found ? found : kubelet_path(parts);
}

bool is_true(std::string_view value) { return value == "true" || value == "1"; }

Error read_name(std::string_view encoded, std::string& name) {
  Result<std::string> decoded = httpstream::percent_decode(encoded);
  if (!decoded) return Error(Errc::kBadRequest, decoded.error().message());
  name = valid_utf8(*decoded);
  return {};
}

// The names of the path, decoded.
template <class Request>
Error read_names(const StreamingPath& path, Request& request) {
  if (Error error = read_name(path.pod_namespace, request.pod_namespace)) return error;
  if (Error error = read_name(path.pod, request.pod)) return error;
  return read_name(path.pod_uid, request.pod_uid);
}

template <class Request>
Error read_parameters(const StreamingPath& path, const httpstream::Query& query, Request& request) {
  if (Error error = read_name(path.container, request.container)) return error;
  request.use_stdout = request.use_stderr = false;
  for (const auto& [name, value] : query) {
    if (name == path.flags->standard_input) request.use_stdin = is_true(value);
    if (name == path.flags->standard_output) request.use_stdout = is_true(value);
    if (name == path.flags->standard_error) request.use_stderr = is_true(value);
    if (name == "tty") request.tty = is_true(value);
    if (name == "container" && path.flags == &kApiServerFlags) {
      request.container = valid_utf8(value);
    }
  }
  request.use_stderr = requested_streams(request).standard_error;
  return {};
}

// Reads names and parameters, and checks the request.
template <class Request>
Result<StreamingRequest> finished(const StreamingPath& path, const httpstream::Query& query,
                                  Request request) {
  if (Error error = read_names(path, request)) return error;
  if (Error error = read_parameters(path, query, request)) return error;
  if (Error error = check_request(request)) return error;
  return StreamingRequest(std::move(request));
}

std::vector<std::string> words_of(const httpstream::Query& query) {
  std::vector<std::string> words;
  for (const auto& [name, value] : query) {
    if (name == "command") words.push_back(value);
  }
  return words;
}

// Reads numbers that are separated by commas.
Error read_ports(std::string_view text, std::vector<std::uint16_t>& ports) {
  while (true) {
    const std::string_view number = text.substr(0, text.find(','));
    const Result<std::uint16_t> port = parse_port(number);
    if (!port) return port.error();
    ports.push_back(*port);
    if (number.size() == text.size()) return {};
    text.remove_prefix(number.size() + 1);
  }
}

}  // namespace

bool is_streaming_path(std::string_view path) { return split(path).has_value(); }

Result<StreamingRequest> parse_streaming_target(const httpstream::Target& target) {
  const auto path = split(target.path);
  if (!path) {
    return Error(Errc::kBadRequest, "'" + target.path + "' is not the path of a streaming request");
  }
  if (path->operation == Operation::kPortForward) {
    PortForwardRequest request;
    if (Error error = read_names(*path, request)) return error;
    for (const auto& [name, value] : target.query) {
      if (name != "ports" && name != "port") continue;
      if (Error error = read_ports(value, request.ports)) return error;
    }
    return StreamingRequest(std::move(request));
  }
  if (path->operation == Operation::kAttach) {
    return finished(*path, target.query, AttachRequest());
  }
  return finished(*path, target.query, ExecRequest{.command = words_of(target.query)});
}

}  // namespace uvspdy::kube
