#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

// What both sides of Kubernetes' remotecommand (exec and attach) know: protocol names, stream
// headers, the requests, and terminal sizes. Names and values are those of k8s.io/cri-streaming.

namespace uvspdy::kube {

/// The protocols that are spoken over SPDY, newest first. In v4 the exit status comes as JSON; v3
/// has the resize stream; v2 and v3 tell a failure as text, and nothing of an exit code; v1 tells
/// nothing, because its servers reset the error stream once the streams are there.
inline constexpr std::string_view kProtocolV4 = "v4.channel.k8s.io";
inline constexpr std::string_view kProtocolV3 = "v3.channel.k8s.io";
inline constexpr std::string_view kProtocolV2 = "v2.channel.k8s.io";
inline constexpr std::string_view kProtocolV1 = "channel.k8s.io";

/// The header that says what a stream is for, and its values.
inline constexpr std::string_view kHeaderStreamType = "streamType";
inline constexpr std::string_view kStreamTypeError = "error";
inline constexpr std::string_view kStreamTypeStdin = "stdin";
inline constexpr std::string_view kStreamTypeStdout = "stdout";
inline constexpr std::string_view kStreamTypeStderr = "stderr";
inline constexpr std::string_view kStreamTypeResize = "resize";

/// The size of a terminal, as the resize stream carries it.
struct TerminalSize {
  std::uint16_t width = 0;   ///< columns
  std::uint16_t height = 0;  ///< rows

  bool operator==(const TerminalSize&) const = default;
};

/// {"Width":80,"Height":24}
UVSPDY_EXPORT std::string to_json(const TerminalSize& size);

/// Reads one such object. Errors: kBadRequest.
UVSPDY_EXPORT Result<TerminalSize> parse_terminal_size(std::string_view json);

/// What exec and attach have in common.
struct RemoteCommandRequest {
  std::string pod_namespace = "default";
  std::string pod;
  std::string pod_uid;    ///< only paths of kubelets name it
  std::string container;  ///< empty: the pod's only one
  bool use_stdin = false;
  bool use_stdout = true;
  bool use_stderr = true;  ///< means nothing beside `tty`: a terminal has one output
  bool tty = false;
};

/// A command to run in a container.
struct ExecRequest : RemoteCommandRequest {
  std::vector<std::string> command;
};

/// A container whose main process to attach to.
struct AttachRequest : RemoteCommandRequest {};

/// Path and query as the API server takes them:
/// /api/v1/namespaces/NS/pods/POD/exec?command=...&stdin=true&stdout=true...
/// parse_streaming_target (streaming_target.h) reads them back, but for the pod's uid.
UVSPDY_EXPORT std::string exec_target(const ExecRequest& request);
UVSPDY_EXPORT std::string attach_target(const AttachRequest& request);

}  // namespace uvspdy::kube
