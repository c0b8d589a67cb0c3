#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"

namespace uvspdy::kube {

/// The fields of a metav1.Status that streaming uses. Servers send it on the error stream of
/// v4.channel.k8s.io, and as the body of an answer that refuses a request.
struct Status {
  struct Cause {
    std::string reason{};
    std::string message{};
  };

  bool success = true;
  std::string message{};
  std::string reason{};
  int code = 0;  ///< an HTTP status code; 0: none
  std::vector<Cause> causes{};
};

/// Status::reason of a command that ran and exited with another code than 0.
inline constexpr std::string_view kNonZeroExitCode = "NonZeroExitCode";

/// Cause::reason of the cause whose message is the exit code.
inline constexpr std::string_view kExitCodeCause = "ExitCode";

/// Makes the status of a command that exited with `code`: success for 0. An empty `message` becomes
/// "command terminated with exit code N", as kubelets have it.
UVSPDY_EXPORT Status exit_status(int code, std::string_view message = {});

/// Makes a failure from an HTTP status code (404), a reason ("NotFound") and a text for people.
UVSPDY_EXPORT Status failure_status(int code, std::string_view reason, std::string_view message);

/// Makes an HTTP answer with status `code` and, as JSON, the body failure_status(code, ...).
UVSPDY_EXPORT httpstream::HttpResponse status_response(int code, std::string_view reason,
                                                       std::string_view message);

/// Formats a status as one line of JSON. Bytes that are not UTF-8 become replacement characters.
UVSPDY_EXPORT std::string to_json(const Status& status);

/// The most bytes of a Status in JSON that are read; servers send a few hundred.
inline constexpr std::size_t kMaxStatusSize = 64 * 1024;

/// Parses a Status in JSON. Errors: kBadStatus (no object with `status` "Success" or "Failure";
/// more than kMaxStatusSize bytes; nested more than 64 deep).
UVSPDY_EXPORT Result<Status> parse_status(std::string_view json);

/// Returns the exit code of a command's status: 0 for success. Errors: kCommandFailed (a failure
/// without an exit code; the text is its message); kBadStatus (NonZeroExitCode without a code).
UVSPDY_EXPORT Result<int> exit_code(const Status& status);

/// Makes a kRefused error for an API server's answer that is not the requested object.
UVSPDY_EXPORT Error refused(const httpstream::HttpResponse& response);

/// Returns the Status in an error that `refused` has made; null for another error. Its code is the
/// answer's HTTP status. If the answer's body was no failed Status, the reason is empty and the
/// message is the answer in one line. Valid as long as the error.
UVSPDY_EXPORT const Status* refusal(const Error& error);

}  // namespace uvspdy::kube
