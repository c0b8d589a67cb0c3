#pragma once

#include <string>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// Parses a pod's name on a command line: "NAME", "pod/NAME", "pods/NAME" or "po/NAME".
/// Errors: kube::Errc::kBadRequest.
Result<std::string> parse_pod_name(const std::string& text);

}  // namespace uvspdy::command
