#include "flags/pod_name.h"

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::command {
namespace {

Error bad(const std::string& text) { return Error(kube::Errc::kBadRequest, text); }

}  // namespace

Result<std::string> parse_pod_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    if (text.empty()) return bad("pod name or resource type/name must be specified");
    return text;
  }
  const std::string type = text.substr(0, slash);
  const std::string name = text.substr(slash + 1);
  if (type != "pod" && type != "pods" && type != "po") {
    return bad("'" + text + "': only pods can be named here, as NAME or pod/NAME");
  }
  if (name.empty() || name.find('/') != std::string::npos) {
    return bad("'" + text + "' names no pod; expected pod/NAME");
  }
  return name;
}

}  // namespace uvspdy::command
