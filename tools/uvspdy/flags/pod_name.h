#pragma once

#include <string>

#include "uvspdy/error.h"

/// Reads what a command line calls a pod: "NAME", "pod/NAME", "pods/NAME" or "po/NAME".
/// Errors: kube::Errc::kBadRequest, with what is wrong.
uvspdy::Result<std::string> parse_pod_name(const std::string& text);
