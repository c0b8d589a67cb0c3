#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

// Kubernetes' remotecommand (exec and attach), for clients and servers: protocol names, stream
// headers, requests and terminal sizes. Names and values are those of k8s.io/cri-streaming.

namespace uvspdy::kube {

/// The versions of the protocol over SPDY, newest first. v4 carries the exit status as JSON. v3
/// added the resize stream. v3 and v2 carry a failure as text, without an exit code. v1 carries
/// neither, because its servers reset the error stream once all streams are created.
inline constexpr std::string_view kProtocolV4 = "v4.channel.k8s.io";
inline constexpr std::string_view kProtocolV3 = "v3.channel.k8s.io";
inline constexpr std::string_view kProtocolV2 = "v2.channel.k8s.io";
inline constexpr std::string_view kProtocolV1 = "channel.k8s.io";

/// The header of each stream that names its purpose, and the values of that header.
inline constexpr std::string_view kHeaderStreamType = "streamType";
inline constexpr std::string_view kStreamTypeError = "error";
inline constexpr std::string_view kStreamTypeStdin = "stdin";
inline constexpr std::string_view kStreamTypeStdout = "stdout";
inline constexpr std::string_view kStreamTypeStderr = "stderr";
inline constexpr std::string_view kStreamTypeResize = "resize";

/// The size of a terminal, as sent on the resize stream.
struct TerminalSize {
  std::uint16_t width = 0;   ///< columns
  std::uint16_t height = 0;  ///< rows

  bool operator==(const TerminalSize&) const = default;
};

/// Formats a size for the resize stream: {"Width":80,"Height":24}
UVSPDY_EXPORT std::string to_json(const TerminalSize& size);

/// Parses a size in JSON. Errors: kBadRequest (no object with Width and Height from 0 to 65535).
UVSPDY_EXPORT Result<TerminalSize> parse_terminal_size(std::string_view json);

/// A request to run a command in a container (v1.PodExecOptions).
struct ExecRequest {
  std::string pod_namespace = "default";
  std::string pod{};
  std::string pod_uid{};    ///< set only by parse_streaming_target, from a kubelet's path
  std::string container{};  ///< empty: the pod's only container
  std::vector<std::string> command{};
  bool use_stdin = false;
  bool use_stdout = true;
  bool use_stderr = true;  ///< ignored if `tty` is true: see requested_streams
  bool tty = false;
  /// The user whom a server has authenticated; empty: not known. It is no part of the target.
  std::string user{};
};

/// A request to attach to a container's main process (v1.PodAttachOptions). Fields: ExecRequest's.
struct AttachRequest {
  std::string pod_namespace = "default";
  std::string pod{};
  std::string pod_uid{};
  std::string container{};
  bool use_stdin = false;
  bool use_stdout = true;
  bool use_stderr = true;
  bool tty = false;
  std::string user{};
};

/// The streams that an exec or attach request asks for.
struct RequestedStreams {
  bool standard_input = false;
  bool standard_output = false;
  bool standard_error = false;
  bool terminal = false;  ///< whether stdin and stdout are those of a terminal

  bool any() const { return standard_input || standard_output || standard_error; }
};

/// Returns the streams that a request asks for: no stderr with a terminal, which has one output.
UVSPDY_EXPORT RequestedStreams requested_streams(const ExecRequest& request);
UVSPDY_EXPORT RequestedStreams requested_streams(const AttachRequest& request);

/// Formats a request as path and query for an API server, without the pod's uid:
/// /api/v1/namespaces/NS/pods/POD/exec?command=...&stdin=true&stdout=true...
/// parse_streaming_target (streaming_target.h) is the inverse.
UVSPDY_EXPORT std::string exec_target(const ExecRequest& request);
UVSPDY_EXPORT std::string attach_target(const AttachRequest& request);

}  // namespace uvspdy::kube
