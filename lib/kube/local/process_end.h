#pragma once

#include <optional>

#include "kube/process/process.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// How a process has ended, as its clients are told.
struct ProcessEnd {
  Status status;
  Error lost;  // why its output is not whole, which makes the status a failure
};

/// Nothing while it runs, or an output of it is open.
std::optional<ProcessEnd> end_of(const Process& process);

/// Something went wrong that makes no success of an exit with 0.
Status internal_failure(const Error& error);

}  // namespace uvspdy::kube
