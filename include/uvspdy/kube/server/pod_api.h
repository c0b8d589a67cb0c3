#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// Answers the requests that kubectl sends to an API server before it streams: discovery (/api,
/// /apis, /api/v1), and a GET of the only pod, which is running and has one container.
class UVSPDY_EXPORT PodApi {
 public:
  /// stdin, stdinOnce and tty of the container (v1.Container), which clients read before an attach.
  struct Terminal {
    bool use_stdin = false;
    bool stdin_once = false;
    bool tty = false;
  };

  PodApi(std::string_view pod, std::string_view container);
  PodApi(std::string_view pod, std::string_view container, Terminal terminal);

  /// Makes the answer to a request, in whichever namespace; for a failure it is a Status: 404 for
  /// another pod or path, 405 for a method other than GET, 400 for a malformed target.
  httpstream::HttpResponse answer(const httpstream::HttpRequest& request) const;

  /// Makes the answer that refuses another pod (404) or container (400; "" is any); else none.
  std::optional<httpstream::HttpResponse> refuse(std::string_view pod,
                                                 std::string_view container) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::kube
