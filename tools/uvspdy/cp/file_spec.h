#pragma once

#include <string>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// An argument of `cp` in kubectl's form: [[NAMESPACE/]POD:]PATH.
struct FileSpec {
  std::string pod_namespace;  ///< empty: not given
  std::string pod;            ///< empty: a local path
  std::string path;

  bool local() const { return pod.empty(); }
};

/// Parses an argument. As with kubectl, a local path with a colon needs './' in front only if the
/// text before the colon could name a pod. Errors: std::errc::invalid_argument, in kubectl's words.
Result<FileSpec> parse_file_spec(const std::string& text);

}  // namespace uvspdy::command
