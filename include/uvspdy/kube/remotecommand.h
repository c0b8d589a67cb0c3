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

/// The newest protocol that is spoken over SPDY: the exit status comes as JSON.
inline constexpr std::string_view kProtocolV4 = "v4.channel.k8s.io";

/// The header that says what a stream is for, and its values.
inline constexpr std::string_view kStreamType = "streamType";
inline constexpr std::string_view kStreamTypeError = "error";
inline constexpr std::string_view kStreamTypeStdin = "stdin";
inline constexpr std::string_view kStreamTypeStdout = "stdout";
inline constexpr std::string_view kStreamTypeStderr = "stderr";

/// A terminal's size, in characters.
struct TerminalSize {
  std::uint16_t width = 0;   ///< columns
  std::uint16_t height = 0;  ///< rows
};

/// A command to run in a pod.
struct ExecRequest {
  std::string pod_namespace = "default";
  std::string pod;
  std::string container;  ///< empty: the pod's only one
  std::vector<std::string> command;
  bool use_stdin = false;
  bool use_stdout = true;
  bool use_stderr = true;
  bool tty = false;
};

/// Path and query as the API server takes them:
/// /api/v1/namespaces/NS/pods/POD/exec?command=...&stdin=true&stdout=true...
std::string exec_target(const ExecRequest& request);

/// Whether a path is that of an exec request, whatever its parameters.
bool is_exec_path(std::string_view path);

/// Reads such a target. Errors: kBadRequest: not an exec path, no command, nothing to stream.
Result<ExecRequest> parse_exec_target(const httpstream::Target& target);

}  // namespace uvspdy::kube
