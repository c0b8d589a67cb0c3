#include "kube/local/process_end.h"

namespace uvspdy::kube {

std::optional<ProcessEnd> end_of(const Process& process) {
  if (process.running()) return std::nullopt;
  for (const Process::Output output : Process::kOutputs) {
    if (process.is_open(output)) return std::nullopt;
  }
  const Error lost = process.output_error();
  if (lost) return ProcessEnd{internal_failure(lost), lost};
  return ProcessEnd{exit_status(process.exit_code()), {}};
}

Status internal_failure(const Error& error) {
  return failure_status(500, "InternalError", error.message());
}

}  // namespace uvspdy::kube
