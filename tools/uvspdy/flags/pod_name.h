#pragma once

#include <string>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// Reads what a command line calls a pod: "NAME", "pod/NAME", "pods/NAME" or "po/NAME".
/// Errors: kube::Errc::kBadRequest, with what is wrong.
Result<std::string> parse_pod_name(const std::string& text);

}  // namespace uvspdy::command
