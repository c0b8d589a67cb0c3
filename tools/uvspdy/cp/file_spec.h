#pragma once

#include <string>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// What `cp` copies from or to: kubectl's [[NAMESPACE/]POD:]PATH.
struct FileSpec {
  std::string pod_namespace;  ///< empty: not given
  std::string pod;            ///< empty: a local path
  std::string path;

  bool local() const { return pod.empty(); }
};

/// Reads one. A local path with a colon in it needs a './' in front only if the colon stands behind
/// what looks like a pod, as with kubectl. Errors: std::errc::invalid_argument, in kubectl's words.
Result<FileSpec> parse_file_spec(const std::string& text);

}  // namespace uvspdy::command
