#pragma once

#include <string_view>
#include <variant>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {

/// What a client may ask a streaming server for.
using StreamingRequest = std::variant<ExecRequest, AttachRequest, PortForwardRequest>;

/// Whether a path is that of a streaming request, of the API server's style or of the kubelet's,
/// whatever its parameters:
///
///     /api/v1/namespaces/NS/pods/POD/exec        attach        portforward
///     /exec/NS/POD[/UID]/CONTAINER               /attach/...   /portForward/NS/POD[/UID]
UVSPDY_EXPORT bool is_streaming_path(std::string_view path);

/// Reads such a target. The API server's parameters are command (repeated), container, stdin,
/// stdout, stderr and tty; the kubelet's are command, input, output, error and tty. A flag is set
/// by "true" or "1". stderr beside tty is ignored, as kubelets do. Ports of a portforward are
/// "ports" or "port", repeated or separated by commas; clients over SPDY name none. Errors:
/// kBadRequest: no such path, no command, nothing to stream, not a port.
UVSPDY_EXPORT Result<StreamingRequest> parse_streaming_target(const httpstream::Target& target);

}  // namespace uvspdy::kube
