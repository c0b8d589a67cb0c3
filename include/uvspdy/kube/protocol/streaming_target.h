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

/// Parses the path and query of a streaming request. An API server's parameters are command
/// (repeated), container, stdin, stdout, stderr and tty; a kubelet's are command, input, output,
/// error and tty. "true" or "1" sets a flag. stderr is ignored with tty, as by kubelets. Those of a
/// portforward are "ports" or "port", repeated or separated by commas; SPDY clients send none.
/// Errors: kBadRequest (bad path, %-escape, command or port, or no stream is asked for).
UVSPDY_EXPORT Result<StreamingRequest> parse_streaming_target(const httpstream::Target& target);

}  // namespace uvspdy::kube
