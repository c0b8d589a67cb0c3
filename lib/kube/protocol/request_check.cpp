#include "kube/protocol/request_check.h"

#include <string>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

Error bad_request(const char* why) { return Error(Errc::kBadRequest, why); }

Error check_streams(const RequestedStreams& streams) {
  if (streams.any()) return {};
  return bad_request("you must specify at least one of stdin, stdout, stderr");
}

}  // namespace

Error check_request(const ExecRequest& request) {
  if (request.command.empty() || request.command.front().empty()) {
    return bad_request("you must specify at least one 'command' parameter");
  }
  for (const std::string& word : request.command) {
    // execve takes C strings: a NUL would end the word, and run another command.
    if (word.find('\0') != std::string::npos) {
      return bad_request("a 'command' parameter contains NUL");
    }
  }
  return check_streams(requested_streams(request));
}

Error check_request(const AttachRequest& request) {
  return check_streams(requested_streams(request));
}

Error check_request(const PortForwardRequest&) { return {}; }

Error check_request(const StreamingRequest& request) {
  return std::visit([](const auto& asked) { return check_request(asked); }, request);
}

}  // namespace uvspdy::kube
