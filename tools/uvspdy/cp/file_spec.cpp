#include "file_spec.h"

#include <system_error>

namespace uvspdy::command {
namespace {

Error invalid(std::string text) {
  return Error(std::make_error_code(std::errc::invalid_argument), std::move(text));
}

}  // namespace

Result<FileSpec> parse_file_spec(const std::string& text) {
  if (text.empty()) return invalid("filepath can not be empty");
  const std::size_t colon = text.find(':');
  // A pod's name is not '.' and does not begin with '/': such text is a path that contains a colon.
  if (colon == std::string::npos || text.front() == '/' || text.front() == '.') {
    return FileSpec{{}, {}, text};
  }
  FileSpec spec{{}, text.substr(0, colon), text.substr(colon + 1)};
  if (const std::size_t slash = spec.pod.find('/'); slash != std::string::npos) {
    spec.pod_namespace = spec.pod.substr(0, slash);
    spec.pod = spec.pod.substr(slash + 1);
    if (spec.pod_namespace.empty() || spec.pod.find('/') != std::string::npos) spec.pod.clear();
  }
  if (spec.pod.empty()) {
    return invalid(
        "filespec must match the canonical format: [[namespace/]pod:]file/path; it is '" + text +
        "'");
  }
  if (spec.path.empty())
    return invalid("filepath can not be empty; give one behind '" + text + "'");
  return spec;
}

}  // namespace uvspdy::command
