#pragma once

#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/streaming_target.h"

namespace uvspdy::kube {

/// Checks a request. Errors: kBadRequest, with the texts of the CRI streaming server: no command, a
/// command with NUL in it, no stream.
Error check_request(const ExecRequest& request);
Error check_request(const AttachRequest& request);
Error check_request(const PortForwardRequest& request);
Error check_request(const StreamingRequest& request);

}  // namespace uvspdy::kube
