#pragma once

#include <optional>

#include "kube/process/process.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// How a process has ended, as reported to its clients.
struct ProcessEnd {
  Status status;
  Error lost;  // why its output is incomplete, which makes the status a failure
};

/// The process's end; nothing while it runs or an output of it is open.
std::optional<ProcessEnd> end_of(const Process& process);

/// The failure to report, whatever the exit code, when `error` went wrong on this side.
Status internal_failure(const Error& error);

}  // namespace uvspdy::kube
