#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/url.h"

// What both sides of Kubernetes' remotecommand (exec) know: protocol names, stream headers, and
// the request's path and parameters.

namespace uvspdy::kube {

/// The protocols, from the newest that is spoken over SPDY: the exit status comes as JSON since v4,
/// terminals are resized since v3.
inline constexpr std::string_view kProtocolV4 = "v4.channel.k8s.io";
inline constexpr std::string_view kProtocolV3 = "v3.channel.k8s.io";
inline constexpr std::string_view kProtocolV2 = "v2.channel.k8s.io";
inline constexpr std::string_view kProtocolV1 = "channel.k8s.io";

/// The header that says what a stream is for, and its values.
inline constexpr std::string_view kStreamType = "streamType";
inline constexpr std::string_view kStreamTypeError = "error";
inline constexpr std::string_view kStreamTypeStdin = "stdin";
inline constexpr std::string_view kStreamTypeStdout = "stdout";
inline constexpr std::string_view kStreamTypeStderr = "stderr";
inline constexpr std::string_view kStreamTypeResize = "resize";

/// How large a terminal is, in characters.
struct TerminalSize {
  std::uint16_t width = 0;
  std::uint16_t height = 0;

  bool operator==(const TerminalSize&) const = default;
};

/// {"Width":80,"Height":24}, as the resize stream carries it.
std::string to_json(TerminalSize size);

/// What exec and attach have in common.
struct RemoteCommandRequest {
  std::string pod_namespace = "default";
  std::string pod;
  std::string pod_uid;
  std::string container;  ///< empty: the pod's only one
  bool use_stdin = false;
  bool use_stdout = true;
  bool use_stderr = true;  ///< ignored with a terminal, which has one output
  bool tty = false;
};

/// A command to run in a pod.
struct ExecRequest : RemoteCommandRequest {
  std::vector<std::string> command;
};

/// To be joined to the process that a container runs.
struct AttachRequest : RemoteCommandRequest {};

/// Path and query as the API server takes them:
/// /api/v1/namespaces/NS/pods/POD/exec?command=...&stdin=true&stdout=true...
std::string exec_target(const ExecRequest& request);
std::string attach_target(const AttachRequest& request);

/// Whether a path is that of an exec request, whatever its parameters.
bool is_exec_path(std::string_view path);

/// Reads such a target. Errors: kBadRequest: not an exec path, no command, nothing to stream.
Result<ExecRequest> parse_exec_target(const httpstream::Target& target);

}  // namespace uvspdy::kube
