#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"

namespace uvspdy::kube {

/// metav1.Status as far as streaming uses it: what the error stream of v4.channel.k8s.io carries,
/// and what an API server answers instead of an upgrade.
struct Status {
  struct Cause {
    std::string reason{};
    std::string message{};
  };

  bool success = true;
  std::string message{};
  std::string reason{};
  int code = 0;  ///< an HTTP status, 0 if none
  std::vector<Cause> causes{};
};

/// `reason` of a command that ran and did not exit with 0.
inline constexpr std::string_view kNonZeroExitCode = "NonZeroExitCode";

/// `reason` of the cause whose message is the exit code.
inline constexpr std::string_view kExitCodeCause = "ExitCode";

/// The status of a command that exited with `code`; `message` empty: "command terminated with exit
/// code N", as kubelets say it.
UVSPDY_EXPORT Status exit_status(int code, std::string message = {});

/// A failure with a text and an HTTP status, such as 404 and reason "NotFound".
UVSPDY_EXPORT Status failure_status(int code, std::string reason, std::string message);

/// Such a failure as an HTTP answer.
UVSPDY_EXPORT httpstream::HttpResponse status_response(int code, std::string reason,
                                                       std::string message);

/// One line of JSON. Text that is not UTF-8 comes out with replacement characters.
UVSPDY_EXPORT std::string to_json(const Status& status);

/// Errors: kBadStatus for what is not a Status.
UVSPDY_EXPORT Result<Status> parse_status(std::string_view json);

/// How a command ended. Errors: kCommandFailed when the status is a failure without an exit code;
/// its text is the status's message.
UVSPDY_EXPORT Result<int> exit_code(const Status& status);

/// kRefused, for an answer of an API server that is not the thing asked for.
UVSPDY_EXPORT Error refused(const httpstream::HttpResponse& response);

/// The Status behind such an error, null for any other. Its code is the answer's; of an answer that
/// held no Status it has no reason, and the answer in one line for a message.
/// Valid as long as the error.
UVSPDY_EXPORT const Status* refusal(const Error& error);

}  // namespace uvspdy::kube
