#pragma once

#include <string_view>
#include <variant>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {

/// A request of any of the three streaming operations.
using StreamingRequest = std::variant<ExecRequest, AttachRequest, PortForwardRequest>;

/// Whether a path (without a query) is one of a streaming request to an API server or a kubelet:
///
///     /api/v1/namespaces/NS/pods/POD/exec        attach        portforward
///     /exec/NS/POD[/UID]/CONTAINER               /attach/...   /portForward/NS/POD[/UID]
UVSPDY_EXPORT bool is_streaming_path(std::string_view path);

/// Parses a target with such a path. The API server's parameters are command (repeated), container,
/// stdin, stdout, stderr and tty; the kubelet's are command, input, output, error and tty. A flag
/// is set by "true" or "1". stderr is ignored with tty, as by kubelets. portforward's parameters
/// are "ports" or "port", repeated or separated by commas; SPDY clients send none. Errors:
/// kBadRequest: another path, a malformed %-escape, no command or a NUL in one, no stream, no port.
UVSPDY_EXPORT Result<StreamingRequest> parse_streaming_target(const httpstream::Target& target);

}  // namespace uvspdy::kube
